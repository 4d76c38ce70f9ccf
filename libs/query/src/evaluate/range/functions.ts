import { changes, extrapolated, instant, resets } from './counters.ts'
import {
  madOverTime,
  lastMaxIndex,
  lastMinIndex,
  maxOverTime,
  meanOf,
  minOverTime,
  quantileOverTime,
  sumOverTime,
  timeSeconds,
  varianceOverTime,
} from './over-time.ts'
import { deriv, predictLinear, smooth } from './regression.ts'
import { type RangeFunction, valueAt } from './window.ts'

/** The functions over a range vector that this process computes. Scalar parameters come in the order they are written. */
export const rangeFunctions: ReadonlyMap<string, RangeFunction> = new Map(
  Object.entries<RangeFunction>({
    absent_over_time: () => 1,
    avg_over_time: (w) => meanOf(w.values, w.from, w.to),
    changes,
    count_over_time: (w) => w.to - w.from,
    delta: (w) => extrapolated(w, 'delta'),
    deriv,
    double_exponential_smoothing: (w, [sf = NaN, tf = NaN]) => smooth(w, sf, tf),
    first_over_time: (w) => valueAt(w, w.from),
    holt_winters: (w, [sf = NaN, tf = NaN]) => smooth(w, sf, tf),
    idelta: (w) => instant(w, false),
    increase: (w) => extrapolated(w, 'increase'),
    irate: (w) => instant(w, true),
    last_over_time: (w) => valueAt(w, w.to - 1),
    mad_over_time: madOverTime,
    max_over_time: maxOverTime,
    min_over_time: minOverTime,
    predict_linear: (w, [seconds = NaN]) => predictLinear(w, seconds),
    present_over_time: () => 1,
    quantile_over_time: (w, [phi = NaN]) => quantileOverTime(w, phi),
    rate: (w) => extrapolated(w, 'rate'),
    resets,
    stddev_over_time: (w) => Math.sqrt(varianceOverTime(w)),
    stdvar_over_time: varianceOverTime,
    sum_over_time: sumOverTime,
    ts_of_first_over_time: (w) => timeSeconds(w, w.from),
    ts_of_last_over_time: (w) => timeSeconds(w, w.to - 1),
    ts_of_max_over_time: (w) => timeSeconds(w, lastMaxIndex(w)),
    ts_of_min_over_time: (w) => timeSeconds(w, lastMinIndex(w)),
  }),
)

/** Range functions whose result keeps the metric name; `first_over_time` since its first version. */
export const keepsName: ReadonlySet<string> = new Set(['last_over_time', 'first_over_time'])
