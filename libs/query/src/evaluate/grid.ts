import type { TimeRange } from '../model.ts'
import type { Grid } from './model.ts'

/** The evaluation times of a query; an instant query has one. */
export function gridOf(range: TimeRange): Grid {
  if (range.step <= 0 || range.end <= range.start) return { start: range.start, step: 0, count: 1 }
  return {
    start: range.start,
    step: range.step,
    count: Math.floor((range.end - range.start) / range.step) + 1,
  }
}

/** The query range that evaluates exactly at the times of a grid. */
export function rangeOf(grid: Grid): TimeRange {
  return { start: grid.start, end: grid.start + (grid.count - 1) * grid.step, step: grid.step }
}
