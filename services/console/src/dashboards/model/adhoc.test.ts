import { describe, expect, it } from 'vitest'
import { filterText, filterWords, matcherOf, readFilter, withFilters } from './adhoc.ts'

const team = { source: undefined, matchers: [{ name: 'team', op: '=', value: 'signals' }] } as const

describe('a filter', () => {
  it('stands in the address as Grafana writes it', () => {
    for (const filter of [
      { key: 'team', operator: '=', value: 'signals' },
      { key: 'path', operator: '=~', value: 'a|b' },
      { key: 'empty', operator: '!=', value: '' },
    ])
      expect(readFilter(filterText(filter))).toEqual(filter)
    expect(readFilter('team|=')).toBeUndefined()
    expect(readFilter('')).toBeUndefined()
  })

  it('is a matcher, and a sentence', () => {
    const filter = { key: 'env', operator: '!~', value: 'exp.*' }
    expect(matcherOf(filter)).toEqual({ name: 'env', op: '!~', value: 'exp.*' })
    expect(filterWords(filter)).toBe('env does not match exp.*')
    expect(matcherOf({ ...filter, operator: '=|', value: 'a.b,c' })?.value).toBe('a\\.b|c')
    expect(matcherOf({ ...filter, operator: '>' })).toBeUndefined()
  })
})

describe('a query with filters', () => {
  it.each([
    ['up', 'up{team="signals"}'],
    ['sum(rate(a{b="c"}[5m])) / b', 'sum(rate(a{b="c",team="signals"}[5m])) / b{team="signals"}'],
    ['max_over_time(up[1h:5m])', 'max_over_time(up{team="signals"}[1h:5m])'],
    ['sum(', 'sum('],
  ])('%s', (expr, wanted) => {
    expect(withFilters(expr, 'metrics', [team])).toBe(wanted)
  })

  it('is the same text without any for its data source', () => {
    expect(withFilters('up  +  up', 'metrics', [])).toBe('up  +  up')
    expect(withFilters('up', 'metrics', [{ ...team, source: 'other' }])).toBe('up')
  })
})
