/**
 * Samples of one kind of one series: where the text of each stands in `source`, and its evaluation time. The text of sample
 * i ends one byte (a comma) before `starts[i + 1]`, the last one's at `end`. Numbers are never parsed or printed again.
 */
export interface Lane {
  readonly source: Buffer
  /** ms since the epoch, strictly ascending. */
  readonly times: Float64Array
  readonly starts: Uint32Array
  readonly end: number
}

/** One series of a range answer. Prometheus gives float samples as `values` and native histograms as `histograms`. */
export interface StoredSeries {
  /** Sort key of the label set. */
  readonly key: Buffer
  /** The label set as JSON. */
  readonly metric: Buffer
  readonly values: Lane
  readonly histograms: Lane
}

/** What is known of one expression, step and phase: every sample at the evaluation times from `from` to `to`, both included. */
export interface Extent {
  readonly from: number
  readonly to: number
  /** When its oldest part was fetched; ms since the epoch. */
  readonly bornAt: number
  /** Sorted by key; none without a sample. */
  readonly series: readonly StoredSeries[]
}

const nothing = Buffer.alloc(0)
export const emptyLane: Lane = {
  source: nothing,
  times: new Float64Array(0),
  starts: new Uint32Array(0),
  end: 0,
}

/** The text of a lane's samples, separated by commas, as a view. */
export function laneText({ source, starts, end }: Lane): Buffer {
  return source.subarray(starts[0] ?? end, end)
}

/** Index of the first time at or after `time`. */
function firstAt(times: Float64Array, time: number): number {
  let low = 0
  let high = times.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((times[middle] ?? 0) < time) low = middle + 1
    else high = middle
  }
  return low
}

/** The samples of a lane at the times from `from` to `to`, as views. */
export function cropLane(lane: Lane, from: number, to: number): Lane {
  const { source, times, starts, end } = lane
  const count = times.length
  if (count === 0 || ((times[0] ?? 0) >= from && (times[count - 1] ?? 0) <= to)) return lane
  const first = firstAt(times, from)
  const next = firstAt(times, to + 1)
  if (first >= next) return emptyLane
  return {
    source,
    times: times.subarray(first, next),
    starts: starts.subarray(first, next),
    end: next === count ? end : (starts[next] ?? 0) - 1,
  }
}

/** The part of an extent at the times from `from` to `to`, as views; undefined if it has none of them. */
export function cropExtent(extent: Extent, from: number, to: number): Extent | undefined {
  const low = Math.max(from, extent.from)
  const high = Math.min(to, extent.to)
  if (low > high) return undefined
  if (low === extent.from && high === extent.to) return extent
  const series: StoredSeries[] = []
  for (const one of extent.series) {
    const values = cropLane(one.values, low, high)
    const histograms = cropLane(one.histograms, low, high)
    if (values.times.length + histograms.times.length > 0) series.push({ ...one, values, histograms })
  }
  return { from: low, to: high, bornAt: extent.bornAt, series }
}

/** Bytes an extent holds in memory: every buffer it keeps alive, whole, once. */
export function extentBytes(extent: Extent): number {
  const held = new Set<ArrayBufferLike>()
  let bytes = 256
  const hold = (view: ArrayBufferView): void => {
    if (held.has(view.buffer)) return
    held.add(view.buffer)
    bytes += view.buffer.byteLength
  }
  for (const { key, metric, values, histograms } of extent.series) {
    bytes += 512 + key.length + metric.length
    for (const lane of [values, histograms]) {
      hold(lane.source)
      hold(lane.times)
      hold(lane.starts)
    }
  }
  return bytes
}

/** Number of samples in an extent. */
export function sampleCount({ series }: Extent): number {
  return series.reduce(
    (sum, { values, histograms }) => sum + values.times.length + histograms.times.length,
    0,
  )
}
