import type { ValueType } from './ast.ts'

/** What is known about a function: its type, the Prometheus versions that have it, and how it may be used. */
export interface FunctionSpec {
  /** Types of the arguments; the last one repeats when `max` is larger than the list. */
  readonly args: readonly ValueType[]
  readonly min: number
  readonly max: number
  readonly returns: ValueType
  /** First version with it; undefined for those of 2.0. */
  readonly since?: string
  /** First version without it. */
  readonly removed?: string
  /** Behind `--enable-feature=promql-experimental-functions` in the versions that have it. */
  readonly experimental?: boolean
  /** Its value depends on the start, end or step of the whole query, so it cannot be computed from a part of the range. */
  readonly ofRange?: boolean
  /** Why the parser refuses it. */
  readonly refused?: string
}

type Extra = Partial<Omit<FunctionSpec, 'args' | 'returns'>>

function fn(args: readonly ValueType[], returns: ValueType, extra: Extra = {}): FunctionSpec {
  return { args, returns, min: args.length, max: args.length, ...extra }
}

/** Every function of Prometheus up to 3.14: the closed list the parser accepts. */
export const functions = {
  abs: fn(['vector'], 'vector'),
  absent: fn(['vector'], 'vector'),
  absent_over_time: fn(['matrix'], 'vector', { since: '2.16' }),
  acos: fn(['vector'], 'vector', { since: '2.31' }),
  acosh: fn(['vector'], 'vector', { since: '2.31' }),
  asin: fn(['vector'], 'vector', { since: '2.31' }),
  asinh: fn(['vector'], 'vector', { since: '2.31' }),
  atan: fn(['vector'], 'vector', { since: '2.31' }),
  atanh: fn(['vector'], 'vector', { since: '2.31' }),
  avg_over_time: fn(['matrix'], 'vector'),
  ceil: fn(['vector'], 'vector'),
  changes: fn(['matrix'], 'vector'),
  clamp: fn(['vector', 'scalar', 'scalar'], 'vector', { since: '2.26' }),
  clamp_max: fn(['vector', 'scalar'], 'vector'),
  clamp_min: fn(['vector', 'scalar'], 'vector'),
  cos: fn(['vector'], 'vector', { since: '2.31' }),
  cosh: fn(['vector'], 'vector', { since: '2.31' }),
  count_over_time: fn(['matrix'], 'vector'),
  day_of_month: fn(['vector'], 'vector', { min: 0, max: 1 }),
  day_of_week: fn(['vector'], 'vector', { min: 0, max: 1 }),
  day_of_year: fn(['vector'], 'vector', { min: 0, max: 1, since: '2.36' }),
  days_in_month: fn(['vector'], 'vector', { min: 0, max: 1 }),
  deg: fn(['vector'], 'vector', { since: '2.31' }),
  delta: fn(['matrix'], 'vector'),
  deriv: fn(['matrix'], 'vector'),
  double_exponential_smoothing: fn(['matrix', 'scalar', 'scalar'], 'vector', {
    since: '3.0',
    experimental: true,
  }),
  end: fn([], 'scalar', { since: '3.12', experimental: true, ofRange: true }),
  exp: fn(['vector'], 'vector'),
  first_over_time: fn(['matrix'], 'vector', { since: '3.7' }),
  floor: fn(['vector'], 'vector'),
  histogram_avg: fn(['vector'], 'vector', { since: '2.51' }),
  histogram_count: fn(['vector'], 'vector', { since: '2.40' }),
  histogram_fraction: fn(['scalar', 'scalar', 'vector'], 'vector', { since: '2.40' }),
  histogram_quantile: fn(['scalar', 'vector'], 'vector'),
  histogram_quantiles: fn(['vector', 'string', 'scalar', 'scalar'], 'vector', {
    min: 3,
    max: 12,
    since: '3.11',
    experimental: true,
  }),
  histogram_stddev: fn(['vector'], 'vector', { since: '2.47' }),
  histogram_stdvar: fn(['vector'], 'vector', { since: '2.47' }),
  histogram_sum: fn(['vector'], 'vector', { since: '2.40' }),
  holt_winters: fn(['matrix', 'scalar', 'scalar'], 'vector', { removed: '3.0' }),
  hour: fn(['vector'], 'vector', { min: 0, max: 1 }),
  idelta: fn(['matrix'], 'vector'),
  increase: fn(['matrix'], 'vector'),
  info: fn(['vector', 'vector'], 'vector', {
    min: 1,
    max: 2,
    since: '2.55',
    experimental: true,
    refused: 'it selects info series by itself, which no constraint could cover',
  }),
  irate: fn(['matrix'], 'vector'),
  label_join: fn(['vector', 'string', 'string', 'string'], 'vector', { min: 3, max: Infinity }),
  label_replace: fn(['vector', 'string', 'string', 'string', 'string'], 'vector'),
  last_over_time: fn(['matrix'], 'vector', { since: '2.26' }),
  ln: fn(['vector'], 'vector'),
  log10: fn(['vector'], 'vector'),
  log2: fn(['vector'], 'vector'),
  mad_over_time: fn(['matrix'], 'vector', { since: '2.49', experimental: true }),
  max_of: fn(['scalar', 'scalar'], 'scalar', { since: '3.13', experimental: true }),
  max_over_time: fn(['matrix'], 'vector'),
  min_of: fn(['scalar', 'scalar'], 'scalar', { since: '3.13', experimental: true }),
  min_over_time: fn(['matrix'], 'vector'),
  minute: fn(['vector'], 'vector', { min: 0, max: 1 }),
  month: fn(['vector'], 'vector', { min: 0, max: 1 }),
  pi: fn([], 'scalar', { since: '2.31' }),
  predict_linear: fn(['matrix', 'scalar'], 'vector'),
  present_over_time: fn(['matrix'], 'vector', { since: '2.29' }),
  quantile_over_time: fn(['scalar', 'matrix'], 'vector'),
  rad: fn(['vector'], 'vector', { since: '2.31' }),
  range: fn([], 'scalar', { since: '3.12', experimental: true, ofRange: true }),
  rate: fn(['matrix'], 'vector'),
  resets: fn(['matrix'], 'vector'),
  round: fn(['vector', 'scalar'], 'vector', { min: 1, max: 2 }),
  scalar: fn(['vector'], 'scalar'),
  sgn: fn(['vector'], 'vector', { since: '2.26' }),
  sin: fn(['vector'], 'vector', { since: '2.31' }),
  sinh: fn(['vector'], 'vector', { since: '2.31' }),
  sort: fn(['vector'], 'vector'),
  sort_by_label: fn(['vector', 'string'], 'vector', {
    min: 1,
    max: Infinity,
    since: '2.49',
    experimental: true,
  }),
  sort_by_label_desc: fn(['vector', 'string'], 'vector', {
    min: 1,
    max: Infinity,
    since: '2.49',
    experimental: true,
  }),
  sort_desc: fn(['vector'], 'vector'),
  sqrt: fn(['vector'], 'vector'),
  start: fn([], 'scalar', { since: '3.12', experimental: true, ofRange: true }),
  start_timestamp: fn(['vector'], 'vector', { since: '3.14', experimental: true }),
  stddev_over_time: fn(['matrix'], 'vector'),
  stdvar_over_time: fn(['matrix'], 'vector'),
  step: fn([], 'scalar', { since: '3.12', experimental: true, ofRange: true }),
  sum_over_time: fn(['matrix'], 'vector'),
  tan: fn(['vector'], 'vector', { since: '2.31' }),
  tanh: fn(['vector'], 'vector', { since: '2.31' }),
  time: fn([], 'scalar'),
  timestamp: fn(['vector'], 'vector'),
  ts_of_first_over_time: fn(['matrix'], 'vector', { since: '3.7', experimental: true }),
  ts_of_last_over_time: fn(['matrix'], 'vector', { since: '3.5', experimental: true }),
  ts_of_max_over_time: fn(['matrix'], 'vector', { since: '3.5', experimental: true }),
  ts_of_min_over_time: fn(['matrix'], 'vector', { since: '3.5', experimental: true }),
  vector: fn(['scalar'], 'vector'),
  year: fn(['vector'], 'vector', { min: 0, max: 1 }),
} satisfies Record<string, FunctionSpec>

const functionsByName = new Map<string, FunctionSpec>(Object.entries(functions))

/** The function of that name (case-sensitive, as in Prometheus), if Prometheus has one. */
export function functionSpec(name: string): FunctionSpec | undefined {
  return functionsByName.get(name)
}

/** What is known about an aggregation operator. */
export interface AggregationSpec {
  /** Type of the parameter before the aggregated vector, if it takes one. */
  readonly param?: 'scalar' | 'string'
  readonly since?: string
  readonly experimental?: boolean
}

/** Every aggregation operator of Prometheus up to 3.14. */
export const aggregations = {
  avg: {},
  bottomk: { param: 'scalar' },
  count: {},
  count_values: { param: 'string' },
  group: { since: '2.20' },
  limit_ratio: { param: 'scalar', since: '2.54', experimental: true },
  limitk: { param: 'scalar', since: '2.54', experimental: true },
  max: {},
  min: {},
  quantile: { param: 'scalar' },
  stddev: {},
  stdvar: {},
  sum: {},
  topk: { param: 'scalar' },
} satisfies Record<string, AggregationSpec>

const aggregationsByName = new Map<string, AggregationSpec>(Object.entries(aggregations))

/** The aggregation operator of that lower-case name, if there is one. */
export function aggregationSpec(name: string): AggregationSpec | undefined {
  return aggregationsByName.get(name)
}
