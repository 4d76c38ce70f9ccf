import { describe, expect, it } from 'vitest'
import { movedRange, rangeText, resolveRange } from './time-range.ts'
import { durationMs, durationText, parseTime } from '../../parts/written-time.ts'

const now = Date.parse('2026-02-11T10:20:30.500Z') // a Wednesday
const iso = (ms: number | undefined): string => (ms === undefined ? 'none' : new Date(ms).toISOString())

describe('written times', () => {
  it.each([
    ['now', '2026-02-11T10:20:30.500Z', '2026-02-11T10:20:30.500Z'],
    ['now-1h', '2026-02-11T09:20:30.500Z', '2026-02-11T09:20:30.500Z'],
    ['now-1d/d', '2026-02-10T00:00:00.000Z', '2026-02-10T23:59:59.999Z'],
    ['now/w', '2026-02-09T00:00:00.000Z', '2026-02-15T23:59:59.999Z'],
    ['now-1M/M', '2026-01-01T00:00:00.000Z', '2026-01-31T23:59:59.999Z'],
    ['now/y', '2026-01-01T00:00:00.000Z', '2026-12-31T23:59:59.999Z'],
    ['now+1w', '2026-02-18T10:20:30.500Z', '2026-02-18T10:20:30.500Z'],
    ['1700000000000', '2023-11-14T22:13:20.000Z', '2023-11-14T22:13:20.000Z'],
    ['2022-01-22T05:42:46.872Z', '2022-01-22T05:42:46.872Z', '2022-01-22T05:42:46.872Z'],
    ['2022-01-22 05:42', '2022-01-22T05:42:00.000Z', '2022-01-22T05:42:00.000Z'],
    ['now-', 'none', 'none'],
    ['now-3x', 'none', 'none'],
    ['yesterday', 'none', 'none'],
  ])('%s', (text, start, end) => {
    expect(iso(parseTime(text, { now, isUtc: true }))).toBe(start)
    expect(iso(parseTime(text, { now, isUtc: true, isEnd: true }))).toBe(end)
  })

  it('refuses a range that ends before it begins', () => {
    expect(resolveRange({ from: 'now', to: 'now-1h' }, { now, isUtc: true })).toBeUndefined()
  })

  it('reads and writes durations', () => {
    expect(['1h30m', '>10s', '250ms', '5', '', '1m x'].map(durationMs)).toEqual([
      5_400_000,
      10_000,
      250,
      undefined,
      undefined,
      undefined,
    ])
    expect([15_000, 60_000, 90_000, 500, 86_400_000].map(durationText)).toEqual([
      '15s',
      '1m',
      '90s',
      '500ms',
      '1d',
    ])
  })

  it('says a range in words', () => {
    expect(rangeText({ from: 'now-1h', to: 'now' }, true)).toBe('Last hour')
    expect(rangeText({ from: 'now-45m', to: 'now' }, true)).toBe('Last 45 minutes')
    expect(rangeText({ from: '1700000000000', to: 'now' }, true)).toBe('2023-11-14 22:13:20 to now')
  })

  it('zooms around the middle', () => {
    expect(movedRange({ from: 0, to: 100 }, 'in')).toEqual({ from: 25, to: 75 })
    expect(movedRange({ from: 100, to: 200 }, 'out')).toEqual({ from: 50, to: 250 })
    expect(movedRange({ from: 100, to: 200 }, 'earlier')).toEqual({ from: 50, to: 150 })
  })
})
