/** Label names and values, sorted by name. A Map, so that no name (`__proto__`, `10`) is special. */
export type Labels = ReadonlyMap<string, string>

/** A native histogram as the query API prints it; carried through unread. */
export type Histogram = Readonly<Record<string, unknown>>

/** Evaluation times `start`, `start + step`, …: `count` of them, in ms since the epoch. */
export interface Grid {
  readonly start: number
  readonly step: number
  readonly count: number
}

/** A series on a grid: `values[i]` is a sample where `present[i]` is 1. NaN is a value like any other. */
export interface Series {
  readonly labels: Labels
  readonly values: Float64Array
  readonly present: Uint8Array
  /** Set when some samples are native histograms; there `values` is meaningless. */
  readonly histograms: readonly (Histogram | undefined)[] | undefined
}

/** A series with its own sample times: what a range vector holds. */
export interface Samples {
  readonly labels: Labels
  /** Ascending, in ms since the epoch. */
  readonly times: Float64Array
  readonly values: Float64Array
  readonly histograms: readonly (Histogram | undefined)[] | undefined
}

export interface ScalarValue {
  readonly type: 'scalar'
  /** One value per grid time; a scalar is never absent. */
  readonly values: Float64Array
}

export interface StringValue {
  readonly type: 'string'
  readonly value: string
}

export interface VectorValue {
  readonly type: 'vector'
  readonly series: readonly Series[]
}

/** The samples of range vectors, and which of them each grid time sees. */
export interface MatrixValue {
  readonly type: 'matrix'
  readonly samples: readonly Samples[]
  readonly window: WindowSpec
}

/** The window of a range vector: `rangeMs` up to `offsetMs` before the evaluation time, or before `at` if that is set. */
export interface WindowSpec {
  readonly rangeMs: number
  readonly offsetMs: number
  readonly at: number | undefined
}

/** The value of an expression at every time of a grid. */
export type Value = ScalarValue | StringValue | VectorValue | MatrixValue

/** The i-th time of a grid in ms. */
export function timeAt(grid: Grid, i: number): number {
  return grid.start + i * grid.step
}
