import { GatehouseError } from '@gatehouse/errors'
import { BeyondShards } from '../plan/beyond.ts'
import type { CallNode } from '../plan/model.ts'
import { goMax, goMin } from './arithmetic.ts'
import type { Context } from './context.ts'
import { applyDate, applyDateToTime, areDates, isDateFunction } from './functions/date.ts'
import { applyFloatFunction, isFloatFunction } from './functions/float.ts'
import { histogramFraction, histogramQuantile, isBucket } from './functions/histogram.ts'
import { labelJoin, labelReplace } from './functions/label.ts'
import { sortByLabel, sortByValue } from './functions/sort.ts'
import { noLabels, withoutName } from './labels.ts'
import { type Grid, type Labels, type MatrixValue, type Series, timeAt, type Value } from './model.ts'
import { noteBadBucket, noteDecrease, noteNonCounter, noteQuantiles } from './notes.ts'
import { applyToEach } from './range/apply.ts'
import { rangeFunctions } from './range/functions.ts'
import type { RangeFunction } from './range/window.ts'
import { emptySeries, hasSamples, joinEqual, setFloat } from './series.ts'
import { anyPresent } from './vector/matching.ts'

/** A call with evaluated arguments, sorted by type. */
interface Arguments {
  readonly vector: readonly Series[]
  readonly matrix: MatrixValue | undefined
  readonly scalars: readonly Float64Array[]
  readonly strings: readonly string[]
  /** Of what is absent. */
  readonly labels: Labels
}

function sortArguments(values: readonly Value[], { labels = noLabels }: CallNode): Arguments {
  const vectors = values.filter((value) => value.type === 'vector')
  return {
    vector: vectors[0]?.series ?? [],
    matrix: values.find((value) => value.type === 'matrix'),
    scalars: values.filter((value) => value.type === 'scalar').map((value) => value.values),
    strings: values.filter((value) => value.type === 'string').map((value) => value.value),
    labels,
  }
}

type Evaluate = (args: Arguments, grid: Grid, context: Context) => Value

function vectorValue(series: readonly Series[]): Value {
  return { type: 'vector', series }
}

function perTime(grid: Grid, f: (i: number) => number): Float64Array {
  return Float64Array.from({ length: grid.count }, (_, i) => f(i))
}

const calls: ReadonlyMap<string, Evaluate> = new Map(
  Object.entries<Evaluate>({
    absent: ({ vector, labels }, grid) => vectorValue(absentFrom(vector, labels, grid)),
    absent_over_time: ({ matrix, labels }, grid, { semantics }) => {
      const call = { name: 'absent_over_time', apply: () => 1, params: [], leftOpen: semantics.leftOpen }
      const present = matrix === undefined ? [] : applyToEach(call, matrix, grid)
      return vectorValue(absentFrom(present, labels, grid))
    },
    histogram_fraction: ({ scalars: [lower, upper], vector }, grid, { semantics }) => {
      if (!semantics.classicFraction) return vectorValue([])
      const none = perTime(grid, () => NaN)
      return vectorValue(histogramFraction(lower ?? none, upper ?? none, vector))
    },
    histogram_quantile: ({ scalars, vector }, grid, { notes }) => {
      const [phi = perTime(grid, () => NaN)] = scalars
      noteQuantiles(phi, notes)
      for (const series of vector) if (!isBucket(series)) noteBadBucket(series, notes)
      return vectorValue(histogramQuantile(phi, vector, () => noteDecrease(notes)))
    },
    label_join: ({ vector, strings }, _grid, { semantics }) =>
      vectorValue(labelJoin(vector, strings, semantics)),
    label_replace: ({ vector, strings }, _grid, { semantics }) =>
      vectorValue(labelReplace(vector, strings, semantics)),
    max_of: ({ scalars: [a, b] }, grid) => ({
      type: 'scalar',
      values: perTime(grid, (i) => goMax(a?.[i] ?? NaN, b?.[i] ?? NaN)),
    }),
    min_of: ({ scalars: [a, b] }, grid) => ({
      type: 'scalar',
      values: perTime(grid, (i) => goMin(a?.[i] ?? NaN, b?.[i] ?? NaN)),
    }),
    pi: (_args, grid) => ({ type: 'scalar', values: perTime(grid, () => Math.PI) }),
    scalar: ({ vector }, grid) => ({ type: 'scalar', values: perTime(grid, (i) => onlyValue(vector, i)) }),
    sort: ({ vector }) => vectorValue(sortByValue(vector, false)),
    sort_by_label: ({ vector, strings }) => vectorValue(sortByLabel(vector, strings, false)),
    sort_by_label_desc: ({ vector, strings }) => vectorValue(sortByLabel(vector, strings, true)),
    sort_desc: ({ vector }) => vectorValue(sortByValue(vector, true)),
    time: (_args, grid) => ({ type: 'scalar', values: perTime(grid, (i) => timeAt(grid, i) / 1000) }),
    timestamp: ({ vector }, grid) => vectorValue(timestamps(vector, grid)),
    vector: ({ scalars: [scalar] }, grid) => {
      const series = emptySeries(noLabels, grid.count)
      for (let i = 0; i < grid.count; i++) setFloat(series, i, scalar?.[i] ?? NaN)
      return vectorValue([series])
    },
  }),
)

/** Whether this process can compute a function at all. */
export function isKnownFunction(name: string): boolean {
  return calls.has(name) || rangeFunctions.has(name) || isFloatFunction(name) || isDateFunction(name)
}

/** Where evaluation happens. */
interface Place {
  readonly grid: Grid
  readonly context: Context
}

/** Applies a function to evaluated arguments. */
export function evaluateCall(node: CallNode, values: readonly Value[], { grid, context }: Place): Value {
  const { func } = node
  const args = sortArguments(values, node)
  const own = calls.get(func)
  if (own !== undefined) return own(args, grid, context)
  if (isFloatFunction(func)) return vectorValue(applyFloatFunction(func, args.vector, args.scalars))
  if (isDateFunction(func)) {
    if (values.length === 0) return vectorValue(applyDateToTime(func, grid))
    if (!areDates(args.vector)) throw new BeyondShards(node.expr, 'some values are no dates')
    return vectorValue(applyDate(func, args.vector))
  }
  const apply = rangeFunctions.get(func)
  if (apply === undefined || args.matrix === undefined) {
    throw new GatehouseError('internal', `${func}() has no implementation`)
  }
  return vectorValue(evaluateRange({ func, apply, params: args.scalars }, args.matrix, { grid, context }))
}

function evaluateRange(
  { func, apply, params }: { func: string; apply: RangeFunction; params: readonly Float64Array[] },
  matrix: MatrixValue,
  { grid, context }: Place,
): Series[] {
  const { semantics, notes } = context
  const call = { name: func, apply, params, leftOpen: semantics.leftOpen }
  const each = applyToEach(call, matrix, grid)
  if (func === 'quantile_over_time') {
    // At a time when no series has samples Prometheus does not look at φ.
    const [phi = new Float64Array()] = params
    noteQuantiles(
      phi.filter((_, i) => each.some(({ present }) => present[i] === 1)),
      notes,
    )
  }
  if (func === 'rate' || func === 'increase') {
    const remarked = semantics.remarksOnRates ? each : applyToEach({ ...call, apply: () => 1 }, matrix, grid)
    remarked.forEach((series, i) => {
      const labels = matrix.samples[i]?.labels
      if (labels !== undefined && hasSamples(series)) noteNonCounter(labels, notes)
    })
  }
  // Without the metric name, series can become equal.
  return joinEqual(each, true)
}

/** One series, 1 where none of the others has a sample. */
function absentFrom(vector: readonly Series[], labels: Labels, grid: Grid): Series[] {
  const present = anyPresent(vector, grid.count)
  const series = emptySeries(labels, grid.count)
  for (let i = 0; i < grid.count; i++) if (present[i] !== 1) setFloat(series, i, 1)
  return [series].filter(hasSamples)
}

/** The value of the only series with a sample; NaN if there are several or none. */
function onlyValue(vector: readonly Series[], i: number): number {
  const present = vector.filter((series) => series.present[i] === 1)
  return present.length === 1 ? (present[0]?.values[i] ?? NaN) : NaN
}

/** `timestamp` of what is no selector: the evaluation time. */
function timestamps(vector: readonly Series[], grid: Grid): Series[] {
  const results = vector.map((series) => {
    const result = emptySeries(withoutName(series.labels), grid.count)
    for (let i = 0; i < grid.count; i++)
      if (series.present[i] === 1) setFloat(result, i, timeAt(grid, i) / 1000)
    return result
  })
  return joinEqual(results, false)
}
