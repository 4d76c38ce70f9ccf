import { addTo, quantileOf, type Sum, sumOf } from '../arithmetic.ts'
import { timeOf, valueAt, type Window } from './window.ts'

export function sumOverTime(window: Window): number {
  const sum: Sum = { total: 0, lost: 0 }
  for (let i = window.from; i < window.to; i++) addTo(sum, valueAt(window, i))
  return sumOf(sum)
}

/** The mean; when the sum overflows, the running mean instead, which cannot. */
export function meanOf(values: Float64Array, from: number, to: number): number {
  const sum: Sum = { total: values[from] ?? NaN, lost: 0 }
  let running = false
  for (let i = from + 1; i < to; i++) {
    const value = values[i] ?? NaN
    const count = i - from + 1
    if (!running) {
      const next = { ...sum }
      addTo(next, value)
      if (Math.abs(next.total) !== Infinity) {
        sum.total = next.total
        sum.lost = next.lost
        continue
      }
      running = true
      sum.total /= count - 1
      sum.lost /= count - 1
    }
    const share = (count - 1) / count
    sum.total *= share
    sum.lost *= share
    addTo(sum, value / count)
  }
  const count = to - from
  return running ? sum.total + sum.lost : sum.total / count + sum.lost / count
}

/** The index that `better` prefers over all before it, NaN losing to any other value. */
function extremeIndex(window: Window, better: (a: number, b: number) => boolean): number {
  let best = window.from
  for (let i = window.from; i < window.to; i++) {
    const current = valueAt(window, best)
    if (better(valueAt(window, i), current) || Number.isNaN(current)) best = i
  }
  return best
}

export function maxOverTime(window: Window): number {
  return valueAt(
    window,
    extremeIndex(window, (a, b) => a > b),
  )
}

export function minOverTime(window: Window): number {
  return valueAt(
    window,
    extremeIndex(window, (a, b) => a < b),
  )
}

/** Index of the last of the greatest values. */
export function lastMaxIndex(window: Window): number {
  return extremeIndex(window, (a, b) => a >= b)
}

/** Index of the last of the least values. */
export function lastMinIndex(window: Window): number {
  return extremeIndex(window, (a, b) => a <= b)
}

export function timeSeconds(window: Window, i: number): number {
  return timeOf(window, i) / 1000
}

/** Population variance by Welford's method with compensated sums. */
export function varianceOverTime(window: Window): number {
  const mean: Sum = { total: 0, lost: 0 }
  const squares: Sum = { total: 0, lost: 0 }
  for (let i = window.from; i < window.to; i++) {
    const value = valueAt(window, i)
    const delta = value - (mean.total + mean.lost)
    addTo(mean, delta / (i - window.from + 1))
    addTo(squares, delta * (value - (mean.total + mean.lost)))
  }
  return (squares.total + squares.lost) / (window.to - window.from)
}

export function quantileOverTime(window: Window, phi: number): number {
  return quantileOf(phi, window.values.slice(window.from, window.to))
}

/** Median of the distances to the median. */
export function madOverTime(window: Window): number {
  const values = window.values.slice(window.from, window.to)
  const median = quantileOf(0.5, values.slice())
  return quantileOf(
    0.5,
    values.map((value) => Math.abs(value - median)),
  )
}
