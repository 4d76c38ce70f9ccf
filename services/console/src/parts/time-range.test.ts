import { describe, expect, it } from 'vitest'
import { parseMoment, rangeInWords, resolveRange, stepFor } from './time-range.ts'
import { durationMs } from './written-time.ts'

const now = Date.UTC(2026, 0, 2, 12)

describe('durationMs', () => {
  it.each([
    ['5m', 300_000],
    ['1h30m', 5_400_000],
    ['250ms', 250],
    ['1M', 2_592_000_000],
    ['', undefined],
    ['5', undefined],
    ['m', undefined],
    ['5x', undefined],
  ])('%s', (text, ms) => {
    expect(durationMs(text)).toBe(ms)
  })
})

describe('parseMoment', () => {
  it.each([
    ['now', now],
    ['now-1h', now - 3_600_000],
    ['now+1m', now + 60_000],
    [String(now), now],
    ['2026-01-01T00:00:00Z', Date.UTC(2026, 0, 1)],
    ['now-1h30m', now - 5_400_000],
    ['now5m', undefined],
    ['now-', undefined],
    ['yesterday', undefined],
  ])('%s', (text, at) => {
    expect(parseMoment(text, now)).toBe(at)
  })
})

describe('resolveRange', () => {
  it('must begin before it ends', () => {
    expect(resolveRange({ from: 'now', to: 'now-1h' }, now)).toBeUndefined()
    expect(resolveRange({ from: 'now-1h', to: 'now' }, now)).toEqual({ start: now - 3_600_000, end: now })
  })
})

describe('rangeInWords', () => {
  it('names common ranges', () => {
    expect(rangeInWords({ from: 'now-6h', to: 'now' }, now)).toBe('Last 6 hours')
    expect(rangeInWords({ from: 'x', to: 'now' }, now)).toBe('x to now')
  })
})

describe('stepFor', () => {
  it.each([
    [3_600_000, 15],
    [86_400_000, 300],
    [60_000, 1],
    [86_400_000 * 365 * 2, 259_200],
  ])('%i ms', (length, step) => {
    expect(stepFor({ start: 0, end: length })).toBe(step)
  })
})
