import type { TimeRange } from '../model.ts'

/** Evaluation times from `from` to `to`, both included, on some grid. */
export interface Span {
  readonly from: number
  readonly to: number
}

/**
 * The parts of a window on its grid that the known spans (sorted, disjoint, on the same grid) do not cover. More than two
 * become one that encloses them: each costs a request.
 */
export function missingSpans(known: readonly Span[], window: Span, step: number): Span[] {
  const missing: Span[] = []
  let next = window.from
  for (const { from, to } of known) {
    if (to < next || from > window.to) continue
    if (from > next) missing.push({ from: next, to: from - step })
    next = to + step
  }
  if (next <= window.to) missing.push({ from: next, to: window.to })
  const [first] = missing
  const last = missing.at(-1)
  return first !== undefined && last !== undefined && missing.length > 2
    ? [{ from: first.from, to: last.to }]
    : missing
}

/** A span as the range of a request. */
export function spanRange({ from, to }: Span, step: number): TimeRange {
  return { start: from, end: to, step }
}

/** The last time of the grid of `phase` and `step` that is not after `time`. */
export function onGrid(time: number, phase: number, step: number): number {
  return phase + Math.floor((time - phase) / step) * step
}
