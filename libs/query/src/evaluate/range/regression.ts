import { GatehouseError } from '@gatehouse/errors'
import { addTo, type Sum } from '../arithmetic.ts'
import { timeOf, valueAt, type Window } from './window.ts'

interface Line {
  /** Per second. */
  readonly slope: number
  readonly intercept: number
}

/** Least-squares line through the window, its intercept taken at `origin` ms. */
function fitLine(window: Window, origin: number): Line {
  const first = valueAt(window, window.from)
  if (isConstant(window, first)) {
    return Math.abs(first) === Infinity ? { slope: NaN, intercept: NaN } : { slope: 0, intercept: first }
  }
  const sums = [0, 1, 2, 3].map((): Sum => ({ total: 0, lost: 0 }))
  for (let i = window.from; i < window.to; i++) {
    const x = (timeOf(window, i) - origin) / 1000
    const y = valueAt(window, i)
    const terms = [x, y, x * y, x * x]
    sums.forEach((sum, k) => addTo(sum, terms[k] ?? NaN))
  }
  const [x = NaN, y = NaN, xy = NaN, x2 = NaN] = sums.map((sum) => sum.total + sum.lost)
  const n = window.to - window.from
  const slope = (xy - (x * y) / n) / (x2 - (x * x) / n)
  return { slope, intercept: y / n - (slope * x) / n }
}

function isConstant(window: Window, first: number): boolean {
  for (let i = window.from + 1; i < window.to; i++) if (valueAt(window, i) !== first) return false
  return true
}

export function deriv(window: Window): number | undefined {
  if (window.to - window.from < 2) return undefined
  return fitLine(window, timeOf(window, window.from)).slope
}

/** Where the line is `seconds` after the evaluation time. */
export function predictLinear(window: Window, seconds: number): number | undefined {
  if (window.to - window.from < 2) return undefined
  const { slope, intercept } = fitLine(window, window.evalTime)
  return slope * seconds + intercept
}

/**
 * Double exponential smoothing (`holt_winters` before 3.0).
 * @throws GatehouseError `execution` when a factor is not between 0 and 1.
 */
export function smooth(window: Window, factor: number, trendFactor: number): number | undefined {
  assertFactor('smoothing', factor)
  assertFactor('trend', trendFactor)
  if (window.to - window.from < 2) return undefined
  let before = 0
  let smoothed = valueAt(window, window.from)
  let trend = valueAt(window, window.from + 1) - smoothed
  for (let i = window.from + 1; i < window.to; i++) {
    if (i > window.from + 1) trend = trendFactor * (smoothed - before) + (1 - trendFactor) * trend
    const next = factor * valueAt(window, i) + (1 - factor) * (smoothed + trend)
    before = smoothed
    smoothed = next
  }
  return smoothed
}

function assertFactor(name: string, factor: number): void {
  if (factor <= 0 || factor >= 1) {
    const message = `invalid ${name} factor. Expected: 0 < ${name[0]}f < 1, got: ${factor.toFixed(6)}`
    throw new GatehouseError('execution', message)
  }
}
