/** The samples a range-vector function sees at one evaluation time: indices `from`…`to`, at least one, of the two columns. */
export interface Window {
  readonly times: Float64Array
  readonly values: Float64Array
  from: number
  /** Exclusive. */
  to: number
  /** Bounds of the range in ms; samples need not reach them. */
  rangeStart: number
  rangeEnd: number
  /** Evaluation time in ms: the range's end plus its offset. */
  evalTime: number
}

/** A range-vector function over floats. Undefined means no sample in the result. */
export type RangeFunction = (window: Window, params: readonly number[]) => number | undefined

export function valueAt(window: Window, i: number): number {
  return window.values[i] ?? NaN
}

export function timeOf(window: Window, i: number): number {
  return window.times[i] ?? NaN
}
