import { groupSeries } from '../aggregate/groups.ts'
import { withoutLabels, withoutName } from '../labels.ts'
import type { Series } from '../model.ts'
import { emptySeries, joinEqual, setFloat } from '../series.ts'
import { type Bucket, bucketFraction, bucketQuantile } from './buckets.ts'

const bucketLabel: ReadonlySet<string> = new Set(['le'])

/** `histogram_quantile` over classic buckets. */
export function histogramQuantile(
  phi: Float64Array,
  vector: readonly Series[],
  onDecrease: () => void,
): Series[] {
  return ofBuckets(vector, (buckets, i) => bucketQuantile(phi[i] ?? NaN, buckets, onDecrease))
}

/** `histogram_fraction` over classic buckets. */
export function histogramFraction(
  lower: Float64Array,
  upper: Float64Array,
  vector: readonly Series[],
): Series[] {
  return ofBuckets(vector, (buckets, i) => bucketFraction(lower[i] ?? NaN, upper[i] ?? NaN, buckets))
}

/** Whether a series has a bucket's bound. */
export function isBucket(series: Series): boolean {
  return parseBound(series.labels.get('le')) !== undefined
}

function ofBuckets(vector: readonly Series[], f: (buckets: Bucket[], i: number) => number): Series[] {
  const results = groupSeries(vector.filter(isBucket), (labels) => withoutLabels(labels, bucketLabel)).map(
    (group) => {
      const bounds = group.members.map((series) => parseBound(series.labels.get('le')) ?? NaN)
      const result = emptySeries(withoutName(group.labels), group.members[0]?.values.length ?? 0)
      for (let i = 0; i < result.values.length; i++) {
        const buckets: Bucket[] = []
        group.members.forEach((series, k) => {
          if (series.present[i] === 1)
            buckets.push({ bound: bounds[k] ?? NaN, count: series.values[i] ?? NaN })
        })
        if (buckets.length > 0) setFloat(result, i, f(buckets, i))
      }
      return result
    },
  )
  return joinEqual(results, false)
}

/** The value of an `le` label as Go's ParseFloat reads it; undefined if that is no number. */
function parseBound(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  if (/^[+-]?(?:inf|infinity)$/i.test(text)) return text.startsWith('-') ? -Infinity : Infinity
  if (/^nan$/i.test(text)) return NaN
  return /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i.test(text) ? Number(text) : undefined
}
