import { describe, expect, it } from 'vitest'
import { applyToEach } from './apply.ts'
import { rangeFunctions } from './functions.ts'
import { noLabels } from '../labels.ts'

const grid = { start: 300_000, step: 0, count: 1 }

/** A function of samples at 0 s, 60 s, … over the five minutes up to 300 s; `leftOpen` leaves out the first. */
function apply(
  name: string,
  values: readonly number[],
  options: { params?: readonly number[]; leftOpen?: boolean } = {},
) {
  const { params = [], leftOpen = false } = options
  const samples = {
    labels: noLabels,
    times: Float64Array.from(values, (_, i) => i * 60_000),
    values: Float64Array.from(values),
    histograms: undefined,
  }
  const matrix = {
    type: 'matrix',
    samples: [samples],
    window: { rangeMs: 300_000, offsetMs: 0, at: undefined },
  } as const
  const call = {
    name,
    apply: rangeFunctions.get(name) ?? (() => undefined),
    params: params.map((p) => new Float64Array([p])),
    leftOpen,
  }
  const [result] = applyToEach(call, matrix, grid)
  return result?.present[0] === 1 ? result.values[0] : undefined
}

const nan = NaN
const inf = Infinity

describe('range functions', () => {
  it.each<[string, readonly number[], number | undefined]>([
    // A counter that grows by 1 a second and covers the whole range.
    ['rate', [0, 60, 120, 180, 240, 300], 1],
    ['increase', [0, 60, 120, 180, 240, 300], 300],
    // Samples end one minute early: within 1.1 times the spacing, so extrapolated to the bound.
    ['increase', [60, 120, 180, 240, 300], 300],
    // Three minutes are missing: only half a spacing is added at the end.
    ['increase', [1000, 1060, 1120], 150],
    // A reset from 120 to 10.
    ['increase', [60, 120, 10, 70, 130, 190], 250],
    // A counter that starts at 1 cannot have been zero a minute ago: extrapolation stops after half a second or so.
    ['delta', [10, 8, 6, 4, 2, 0], -10],
    ['rate', [5], undefined],
    ['irate', [0, 60, 180], 2],
    ['irate', [0, 60, 30], 0.5],
    ['idelta', [0, 60, 30], -30],
    ['idelta', [7], undefined],
    ['resets', [1, 2, 1, nan, 3, 0], 2],
    ['changes', [1, 1, nan, nan, 2, -0], 3],
    ['sum_over_time', [1e100, 1, -1e100], 1],
    ['sum_over_time', [inf, -inf], nan],
    ['sum_over_time', [inf, 5], inf],
    ['avg_over_time', [1e308, 1e308, 1e308], 1e308],
    ['avg_over_time', [1, 2, 6], 3],
    ['avg_over_time', [inf, 1], inf],
    ['count_over_time', [nan, 1], 2],
    ['min_over_time', [nan, 3, 2], 2],
    ['max_over_time', [nan, nan], nan],
    ['last_over_time', [1, nan], nan],
    ['first_over_time', [4, 5], 4],
    ['present_over_time', [nan], 1],
    ['stddev_over_time', [1, 3, 5, 7], Math.sqrt(5)],
    ['stdvar_over_time', [0.1, 0.1, 0.1], 0],
    ['mad_over_time', [4, 6, 2, 1, 999, 1], 2],
    ['deriv', [0, 6, 12, 18], 0.1],
    ['deriv', [4, 4, 4], 0],
    ['deriv', [inf, inf], nan],
    ['ts_of_max_over_time', [1, 9, 9, 2], 120],
    ['ts_of_min_over_time', [1, 9, 1, 2], 120],
    ['ts_of_first_over_time', [1, 9], 0],
    ['ts_of_last_over_time', [1, 9], 60],
  ])('%s of %j is %d', (name, values, expected) => {
    const actual = apply(name, values)
    if (expected === undefined || Number.isNaN(expected)) expect(actual).toEqual(expected)
    else expect(actual).toBeCloseTo(expected, 9)
  })

  it.each<[string, readonly number[], readonly number[], number]>([
    ['quantile_over_time', [3, 1, 2, 4], [0.5], 2.5],
    ['quantile_over_time', [nan, 1, 2], [0], nan],
    ['quantile_over_time', [1, 2], [-1], -inf],
    ['quantile_over_time', [1, 2], [1.5], inf],
    // 0.1 a second from 30 at the range's end.
    ['predict_linear', [0, 6, 12, 18, 24, 30], [60], 36],
    ['predict_linear', [7, 7], [3600], 7],
    ['holt_winters', [1, 2, 3, 4], [0.5, 0.5], 4],
  ])('%s of %j with %j is %d', (name, values, params, expected) => {
    expect(apply(name, values, { params })).toSatisfy(
      (actual: number) => Object.is(actual, expected) || Math.abs(actual - expected) < 1e-9,
    )
  })

  it.each([
    [[0, 0.5], 'invalid smoothing factor. Expected: 0 < sf < 1, got: 0.000000'],
    [[0.5, 1], 'invalid trend factor. Expected: 0 < tf < 1, got: 1.000000'],
  ])('smoothing refuses the factors %j', (params, message) => {
    expect(() => apply('holt_winters', [1, 2], { params })).toThrow(message)
  })

  it('a left-open range leaves out a sample at its start', () => {
    expect(apply('count_over_time', [1, 2, 3], { leftOpen: true })).toBe(2)
  })

  it('no function sees an empty range', () => {
    for (const name of rangeFunctions.keys()) expect(apply(name, [], { params: [0.5, 0.5] })).toBeUndefined()
  })
})
