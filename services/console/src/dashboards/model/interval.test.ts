import { describe, expect, it } from 'vitest'
import { alignedRange, intervalsOf } from './interval.ts'

const hour = 3_600_000
const input = {
  range: { from: 0, to: hour },
  maxDataPoints: 1_000,
  queryLeast: '',
  panelLeast: '',
  factor: 1,
}

describe('intervals, as Grafana computes them', () => {
  it.each([
    ['an hour in 1,000 pixels keeps to the scrape interval', {}, 15_000, 60_000],
    ['a day', { range: { from: 0, to: 24 * hour } }, 60_000, 75_000],
    ['a week', { range: { from: 0, to: 168 * hour } }, 600_000, 615_000],
    ['the least step of the query', { queryLeast: '1m' }, 60_000, 240_000],
    ['the least step of the panel', { panelLeast: '30s' }, 30_000, 120_000],
    ['a factor', { factor: 4 }, 60_000, 75_000],
    ['few pixels', { maxDataPoints: 100 }, 30_000, 60_000],
    [
      'no more than 11,000 steps',
      { range: { from: 0, to: 8_760 * hour }, maxDataPoints: 1e9 },
      3_600_000,
      3_615_000,
    ],
  ])('%s', (_name, change, step, rateInterval) => {
    expect(intervalsOf({ ...input, ...change })).toEqual({ step, rateInterval })
  })

  it('aligns a range to its steps', () => {
    expect(alignedRange({ from: 1_007_000, to: 1_099_000 }, 15_000)).toEqual({ start: 1_005, end: 1_095 })
  })
})
