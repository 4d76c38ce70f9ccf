/** A bucket of a classic histogram: observations up to and including `bound`. */
export interface Bucket {
  readonly bound: number
  readonly count: number
}

/** Buckets in ascending order, equal bounds added up; undefined when the last bound is not +Inf. */
function ordered(buckets: readonly Bucket[]): Bucket[] | undefined {
  const sorted: Bucket[] = []
  for (const bucket of buckets.toSorted((a, b) => (a.bound < b.bound ? -1 : a.bound > b.bound ? 1 : 0))) {
    const last = sorted.at(-1)
    if (last?.bound === bucket.bound)
      sorted[sorted.length - 1] = { ...bucket, count: last.count + bucket.count }
    else sorted.push(bucket)
  }
  return sorted.at(-1)?.bound === Infinity ? sorted : undefined
}

// Relative differences up to this come from rounding, says Prometheus.
const tolerance = 1e-12

/** Counts made non-decreasing; differences that only rounding explains are removed in either direction, unsaid. */
function monotonic(buckets: readonly Bucket[], onDecrease: () => void): Bucket[] {
  let before = buckets[0]?.count ?? NaN
  return buckets.map((bucket) => {
    const { count } = bucket
    if (count === before) return bucket
    const isNoise = isRounding(before, count)
    if (!isNoise && count < before) onDecrease()
    if (isNoise || count < before) return { ...bucket, count: before }
    before = count
    return bucket
  })
}

const smallestNormal = 2.2250738585072014e-308

function isRounding(a: number, b: number): boolean {
  if (Number.isNaN(a) && Number.isNaN(b)) return true
  const size = Math.abs(a) + Math.abs(b)
  const difference = Math.abs(a - b)
  if (a === 0 || b === 0 || size < smallestNormal) return difference < tolerance * smallestNormal
  return difference / Math.min(size, Number.MAX_VALUE) < tolerance
}

/**
 * The φ-quantile of a classic histogram, interpolated linearly within a bucket; the lowest one starts at 0 if it can.
 * Counts that decrease with the bound are mended, which `onDecrease` is told.
 */
export function bucketQuantile(
  phi: number,
  unordered: readonly Bucket[],
  onDecrease: () => void = () => {},
): number {
  if (Number.isNaN(phi)) return NaN
  if (phi < 0) return -Infinity
  if (phi > 1) return Infinity
  const complete = ordered(unordered)
  if (complete === undefined) return NaN
  const buckets = monotonic(complete, onDecrease)
  if (buckets.length < 2) return NaN
  const observations = buckets.at(-1)?.count ?? NaN
  if (observations === 0) return NaN
  const rank = phi * observations
  const index = firstReaching(buckets, rank)
  const bucket = buckets[index]
  const below = buckets[index - 1]
  if (bucket === undefined) return NaN
  if (index === buckets.length - 1) return below?.bound ?? NaN
  if (below === undefined) return bucket.bound <= 0 ? bucket.bound : bucket.bound * (rank / bucket.count)
  return below.bound + (bucket.bound - below.bound) * ((rank - below.count) / (bucket.count - below.count))
}

/** Binary search among all but the last bucket, as NaN counts make its outcome depend on the method. */
function firstReaching(buckets: readonly Bucket[], rank: number): number {
  let low = 0
  let high = buckets.length - 1
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((buckets[middle]?.count ?? NaN) >= rank) high = middle
    else low = middle + 1
  }
  return low
}

/** The share of a classic histogram's observations between two bounds, interpolated linearly within a bucket. */
export function bucketFraction(lower: number, upper: number, unordered: readonly Bucket[]): number {
  const buckets = ordered(unordered)
  const total = buckets?.at(-1)?.count
  if (buckets === undefined || total === undefined || total === 0) return NaN
  if (Number.isNaN(lower) || Number.isNaN(upper)) return NaN
  if (lower >= upper) return 0
  return (rankOf(upper, buckets, total) - rankOf(lower, buckets, total)) / total
}

/** How many observations lie below a value. */
function rankOf(value: number, buckets: readonly Bucket[], total: number): number {
  let rank = 0
  let start = -Infinity
  for (const { bound, count } of buckets) {
    if (start >= value) return Math.min(rank, total)
    if (bound > value) return Math.min(rank + ((count - rank) * (value - start)) / (bound - start), total)
    rank = count
    start = bound
  }
  return total
}
