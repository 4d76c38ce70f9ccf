import { parseConfig } from '@gatehouse/config'
import { describe, expect, it } from 'vitest'
import { createQueryReader } from '../cached/read-query.ts'
import { checkQuestion } from './check-query.ts'

const read = createQueryReader()
const { query: defaults } = parseConfig('database: {}').limits

const instant = (query: string) =>
  ({
    kind: 'query',
    query,
    time: 0,
    options: { timeout: undefined, lookbackDelta: undefined, limit: undefined, stats: undefined },
  }) as const
const series = (matches: readonly string[]) =>
  ({ kind: 'series', matches, lookup: { start: undefined, end: undefined, limit: undefined } }) as const

/** A pattern of such a cost; one repetition is of at most 1,000. */
const pattern = (cost: number): string =>
  'x{1000}'.repeat(Math.floor(cost / 1_000)) + 'x'.repeat(cost % 1_000)

describe('the cost of regular expressions', () => {
  const nothing = { infos: [], warnings: [] }

  it('of all match[] is a sum', () => {
    const half = `up{a=~"${pattern(10_000)}"}`
    const third = `up{a=~"${pattern(6_667)}"}`
    expect(checkQuestion(series([half]), defaults, read)).toEqual(nothing)
    expect(checkQuestion(series([half, half]), defaults, read).warnings).toEqual([
      'cost of regular expressions is 20,000, 100 % of the limit of 20,000; more will be refused',
    ])
    expect(() => checkQuestion(series([third, third, third]), defaults, read)).toThrow(
      'cost of regular expressions is 20,001, more than the limit of 20,000; use fewer alternatives',
    )
    expect(() => checkQuestion(series(Array.from({ length: 105 }, () => half)), defaults, read)).toThrow(
      'cost of regular expressions is 1,050,000, more than the limit of 20,000; ',
    )
  })

  it('of a query is a sum, and advised from 70 %, warned of from 90 %', () => {
    const two = (cost: number) => instant(`a{x=~"${pattern(cost - 1_000)}"} + b{x!~"${pattern(1_000)}"}`)
    expect(checkQuestion(two(13_999), defaults, read)).toEqual(nothing)
    expect(checkQuestion(two(14_000), defaults, read).infos).toEqual([
      'cost of regular expressions is 14,000, 70 % of the limit of 20,000',
    ])
    expect(checkQuestion(two(18_000), defaults, read).warnings).toHaveLength(1)
    expect(() => checkQuestion(two(20_001), defaults, read)).toThrow('is 20,001, more than the limit')
  })

  it('lets dashboards pass whose variables have 100 values', () => {
    const values = Array.from({ length: 100 }, (_, i) => `model-serving-7d9f8b6c5-${i}-instance`).join('|')
    const ratio = `sum(rate(errors{pod=~"(${values})"}[5m])) / sum(rate(requests{pod=~"(${values})"}[5m]))`
    expect(checkQuestion(instant(ratio), defaults, read)).toEqual(nothing)
    // However many values: their text is too long before they cost too much.
    expect(defaults.regexCost).toBeGreaterThan(defaults.queryBytes)
  })
})
