import { cropExtent, type Extent } from './extent.ts'
import { joinExtents } from './join.ts'
import type { Span } from './plan-range.ts'

/**
 * Puts known extents and newly fetched ones together. Fetched ones win where both know a time, as they are younger.
 * @returns extents sorted, disjoint, and joined where they touch.
 */
export function mergeExtents(known: readonly Extent[], fetched: readonly Extent[], step: number): Extent[] {
  const kept = fetched.reduce<Extent[]>(
    (rest, { from, to }) => rest.flatMap((old) => without(old, { from, to }, step)),
    [...known],
  )
  const all = [...kept, ...fetched].sort((a, b) => a.from - b.from)
  const runs: [Extent, ...Extent[]][] = []
  for (const extent of all) {
    const run = runs.at(-1)
    const last = run?.at(-1)
    if (run !== undefined && last !== undefined && last.to + step === extent.from) run.push(extent)
    else runs.push([extent])
  }
  return runs.map(joinExtents)
}

function without(extent: Extent, { from, to }: Span, step: number): Extent[] {
  if (extent.to < from || extent.from > to) return [extent]
  const before = cropExtent(extent, extent.from, from - step)
  const after = cropExtent(extent, to + step, extent.to)
  return [before, after].filter((part) => part !== undefined)
}

/** The extent that covers a whole window, cut to it; undefined if none does. */
export function cover(extents: readonly Extent[], window: Span): Extent | undefined {
  const extent = extents.find(({ from, to }) => from <= window.from && to >= window.to)
  return extent === undefined ? undefined : cropExtent(extent, window.from, window.to)
}

/** What to keep of extents: nothing after `settled`, and nothing from before `since`, which clients no longer ask for. */
export function keepExtents(
  extents: readonly Extent[],
  since: number,
  settled: number,
  step: number,
): Extent[] {
  return extents.flatMap((extent) => {
    const from = extent.from + Math.max(0, Math.ceil((since - extent.from) / step)) * step
    const to = extent.from + Math.floor((settled - extent.from) / step) * step
    return cropExtent(extent, from, Math.min(to, extent.to)) ?? []
  })
}
