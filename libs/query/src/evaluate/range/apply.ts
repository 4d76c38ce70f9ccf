import { metricName, withoutName } from '../labels.ts'
import { type Grid, type MatrixValue, type Samples, type Series, timeAt } from '../model.ts'
import { emptySeries, setFloat } from '../series.ts'
import { keepsName } from './functions.ts'
import type { RangeFunction, Window } from './window.ts'

/** A range function with what it needs besides the range vector. */
export interface RangeCall {
  readonly name: string
  readonly apply: RangeFunction
  /** Scalar parameters, one column each. */
  readonly params: readonly Float64Array[]
  readonly leftOpen: boolean
}

/** Applies a range function to every series at every grid time. Without the metric name, results can have equal labels. */
export function applyToEach(call: RangeCall, matrix: MatrixValue, grid: Grid): Series[] {
  return matrix.samples.map((samples) => applyToSeries(call, { samples, matrix }, grid))
}

interface Source {
  readonly samples: Samples
  readonly matrix: MatrixValue
}

function applyToSeries(call: RangeCall, { samples, matrix }: Source, grid: Grid): Series {
  const labels =
    keepsName.has(call.name) || !samples.labels.has(metricName) ? samples.labels : withoutName(samples.labels)
  const result = emptySeries(labels, grid.count)
  const { rangeMs, offsetMs, at } = matrix.window
  const { times, values } = samples
  const window: Window = { times, values, from: 0, to: 0, rangeStart: 0, rangeEnd: 0, evalTime: 0 }
  for (let i = 0; i < grid.count; i++) {
    window.evalTime = timeAt(grid, i)
    window.rangeEnd = (at ?? window.evalTime) - offsetMs
    window.rangeStart = window.rangeEnd - rangeMs
    advance(window, call.leftOpen)
    if (window.to <= window.from) continue
    const value = call.apply(
      window,
      call.params.map((column) => column[i] ?? NaN),
    )
    if (value !== undefined) setFloat(result, i, value)
  }
  return result
}

/** Moves both ends of the window forward to the range's bounds, which never go back. */
function advance(window: Window, leftOpen: boolean): void {
  const { times, rangeStart, rangeEnd } = window
  while (window.to < times.length && (times[window.to] ?? 0) <= rangeEnd) window.to++
  while (window.from < window.to && isBefore(times[window.from] ?? 0, rangeStart, leftOpen)) window.from++
}

function isBefore(time: number, start: number, leftOpen: boolean): boolean {
  return leftOpen ? time <= start : time < start
}
