import { timeOf, valueAt, type Window } from './window.ts'

/** `rate`, `increase` and `delta`: the change over the range, extrapolated to its bounds where samples come close. */
export function extrapolated(window: Window, kind: 'rate' | 'increase' | 'delta'): number | undefined {
  const { from, to } = window
  const last = to - 1
  if (last <= from) return undefined
  const isCounter = kind !== 'delta'
  const change = valueAt(window, last) - valueAt(window, from) + (isCounter ? lostToResets(window) : 0)
  const sampled = (timeOf(window, last) - timeOf(window, from)) / 1000
  const spacing = sampled / (last - from)
  const start = (timeOf(window, from) - window.rangeStart) / 1000
  const end = (window.rangeEnd - timeOf(window, last)) / 1000
  // A series is taken to reach the bound when the gap is at most a tenth longer than the usual spacing.
  const limit = spacing * 1.1
  let toStart = start >= limit ? spacing / 2 : start
  const toEnd = end >= limit ? spacing / 2 : end
  const first = valueAt(window, from)
  if (isCounter && change > 0 && first >= 0) {
    // A counter cannot have been negative: extrapolate at most to where it was zero.
    const toZero = sampled * (first / change)
    if (toZero < toStart) toStart = toZero
  }
  const factor = (sampled + toStart + toEnd) / sampled
  const seconds = (window.rangeEnd - window.rangeStart) / 1000
  return change * (kind === 'rate' ? factor / seconds : factor)
}

function lostToResets(window: Window): number {
  let lost = 0
  for (let i = window.from + 1; i < window.to; i++) {
    const before = valueAt(window, i - 1)
    if (valueAt(window, i) < before) lost += before
  }
  return lost
}

/** `irate` and `idelta`: the change between the last two samples. */
export function instant(window: Window, isRate: boolean): number | undefined {
  const last = window.to - 1
  if (last <= window.from) return undefined
  const value = valueAt(window, last)
  const before = valueAt(window, last - 1)
  const interval = timeOf(window, last) - timeOf(window, last - 1)
  if (interval === 0) return undefined
  if (!isRate) return value - before
  return (value < before ? value : value - before) / (interval / 1000)
}

export function resets(window: Window): number {
  let count = 0
  for (let i = window.from + 1; i < window.to; i++) {
    if (valueAt(window, i) < valueAt(window, i - 1)) count++
  }
  return count
}

export function changes(window: Window): number {
  let count = 0
  for (let i = window.from + 1; i < window.to; i++) {
    // Object.is, except that NaN payloads and the sign of zero do not matter.
    const [a, b] = [valueAt(window, i), valueAt(window, i - 1)]
    if (a !== b && !(Number.isNaN(a) && Number.isNaN(b))) count++
  }
  return count
}
