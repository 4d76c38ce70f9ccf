import { emptyLane, type Extent, type Lane, laneText, type StoredSeries } from './extent.ts'

/**
 * Joins parts that follow one another in time into one extent with buffers of its own. Gaps between the parts are the
 * caller's business: the result claims to know everything from the first part's start to the last part's end.
 */
export function joinExtents(parts: readonly [Extent, ...Extent[]]): Extent {
  const [first] = parts
  if (parts.length === 1) return first
  const series = mergeSeries(parts)
  const arena = createArena(series)
  return {
    from: first.from,
    to: parts.at(-1)?.to ?? first.to,
    bornAt: Math.min(...parts.map(({ bornAt }) => bornAt)),
    series: series.map((pieces) => ({
      key: pieces[0].key,
      metric: pieces[0].metric,
      values: arena.pack(pieces.map(({ values }) => values)),
      histograms: arena.pack(pieces.map(({ histograms }) => histograms)),
    })),
  }
}

type Pieces = [StoredSeries, ...StoredSeries[]]

/** Every series of the parts in key order, each with its pieces in time order. */
function mergeSeries(parts: readonly Extent[]): Pieces[] {
  const next = parts.map(() => 0)
  const merged: Pieces[] = []
  for (;;) {
    let pieces: Pieces | undefined
    let owners: number[] = []
    parts.forEach(({ series }, part) => {
      const head = series[next[part] ?? 0]
      if (head === undefined) return
      const order = pieces === undefined ? -1 : head.key.compare(pieces[0].key)
      if (order < 0) {
        pieces = [head]
        owners = [part]
      } else if (order === 0) {
        pieces?.push(head)
        owners.push(part)
      }
    })
    if (pieces === undefined) return merged
    merged.push(pieces)
    for (const owner of owners) next[owner] = (next[owner] ?? 0) + 1
  }
}

/** One allocation each for the text, the times and the starts of all joined series. */
function createArena(series: readonly Pieces[]) {
  let bytes = 0
  let samples = 0
  for (const pieces of series) {
    for (const { values, histograms } of pieces) {
      bytes += laneText(values).length + laneText(histograms).length + 2
      samples += values.times.length + histograms.times.length
    }
  }
  const source = Buffer.allocUnsafeSlow(bytes)
  const times = new Float64Array(samples)
  const starts = new Uint32Array(samples)
  let at = 0
  let count = 0
  return {
    pack(lanes: readonly Lane[]): Lane {
      const first = count
      for (const lane of lanes) {
        const size = lane.times.length
        if (size === 0) continue
        if (count > first) source[at++] = 0x2c
        const text = laneText(lane)
        const shift = at - (lane.starts[0] ?? 0)
        source.set(text, at)
        times.set(lane.times, count)
        for (let i = 0; i < size; i += 1) starts[count + i] = (lane.starts[i] ?? 0) + shift
        at += text.length
        count += size
      }
      if (count === first) return emptyLane
      return { source, times: times.subarray(first, count), starts: starts.subarray(first, count), end: at }
    },
  }
}
