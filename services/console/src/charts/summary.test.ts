import { describe, expect, it } from 'vitest'
import { factsOf, summarise } from './summary.ts'

describe('facts of a series', () => {
  it.each([
    [[1, 1, 1, 1], 'steady'],
    [[1, 2, 3, 4, 5, 6, 7, 8], 'rising'],
    [[8, 7, 6, 5, 4, 3, 2, 1], 'falling'],
    [[1, 9, 1, 9, 1, 9, 1, 9], 'steady'],
    [[1, 5], 'steady'],
  ])('%j is %s', (values, trend) => {
    expect(factsOf(values)?.trend).toBe(trend)
  })

  it('skips gaps, and has none of nothing', () => {
    expect(factsOf([null, 2, null, 4])).toMatchObject({ min: 2, max: 4, mean: 3, last: 4 })
    expect(factsOf([null])).toBeUndefined()
  })
})

describe('summaries', () => {
  const base = {
    title: 'Latency',
    times: [0, 60, 120, 180],
    span: { from: 0, to: 180 },
    unit: 's',
    isUtc: true,
  }

  it('says last, least, greatest, trend and which threshold is crossed since when', () => {
    const series = [{ id: 'a', name: 'credit', values: [0.1, 0.2, 0.6, 0.7] }]
    const thresholds = [{ value: 0.5, color: 'red' }]
    const annotations = [{ from: 60, text: 'Deploy' }]
    expect(summarise({ ...base, series, thresholds, annotations })).toBe(
      'Latency, time series chart of 1 series from 00:00:00 to 00:03:00. ' +
        'credit: last 700 ms, minimum 100 ms, maximum 700 ms, rising. Above the threshold 500 ms since 00:02:00. ' +
        'Deploy at 00:01:00.',
    )
  })

  it('names four series and counts the rest', () => {
    const series = ['a', 'b', 'c', 'd', 'e', 'f'].map((name) => ({ id: name, name, values: [1] }))
    const text = summarise({ ...base, series })
    expect(text).toContain('d: last')
    expect(text).not.toContain('e: last')
    expect(text).toContain('2 more series are in the table.')
  })

  it('says when there is nothing', () => {
    expect(summarise({ ...base, series: [{ id: 'a', name: 'a', values: [null] }] })).toContain('no samples')
  })
})
