import { parse } from '@gatehouse/promql'
import { describe, expect, it } from 'vitest'
import type { HeldSamples, Shard } from '../model.ts'
import { createCoverage, mayCoincide } from './coverage.ts'
import { reachesOf } from './reach.ts'

const minute = 60_000
const hour = 60 * minute
const at = (minutes: number) => ({ at: minutes * minute })
const shard = (name: string, samples?: HeldSamples): Shard => ({
  name,
  slice: { tenants: ['a'], samples },
  replicas: [],
})

describe('reachesOf', () => {
  it.each([
    ['x', [{ first: -60, last: 0 }]],
    ['x offset 5m', [{ first: -65, last: -5 }]],
    ['x offset -5m', [{ first: -55, last: 5 }]],
    ['x[2h]', [{ first: -120, last: 0 }]],
    ['rate(x[5m] offset 1h)', [{ first: -65, last: -60 }]],
    ['max_over_time(x[1h:1m] offset 10m)', [{ first: -130, last: -10 }]],
    ['max_over_time(rate(x[5m])[1h:1m])', [{ first: -65, last: 0 }]],
    ['x @ 600', [{ at: 10, first: -60, last: 0 }]],
    ['max_over_time((x @ 600 offset 1m)[1h:1m])', [{ at: 10, first: -61, last: -1 }]],
    ['max_over_time(x[1h:1m] @ 600)', [{ at: 10, first: -120, last: 0 }]],
    [
      'x + y offset 3h',
      [
        { first: -60, last: 0 },
        { first: -240, last: -180 },
      ],
    ],
    ['time()', []],
  ])('of %s', (query, expected) => {
    const found = reachesOf(parse(query), 0).map((reach) => ({
      ...(reach.at === undefined ? {} : { at: reach.at / minute }),
      first: reach.first / minute,
      last: reach.last / minute,
    }))
    expect(found).toEqual(expected)
  })

  it('looks back as far as it is asked to', () => {
    expect(reachesOf(parse('x'), 3 * hour)).toEqual([{ at: undefined, first: -3 * hour, last: 0 }])
  })
})

describe('coverage', () => {
  const recent = shard('recent', { from: { age: 4 * hour } })
  const long = shard('long', { until: { age: hour } })
  const now = 100 * hour
  const coverage = createCoverage({ now, lookbackMs: 0 })
  const stretches = (query: string, start: number, count: number, shards = [long, recent]) =>
    coverage
      .stretches(parse(query), { start, step: 10 * minute, count }, shards)
      ?.map(({ shard: { name }, grid }) => `${name} ${(grid.start - now) / minute} ×${grid.count}`)

  it('takes the newest shard that has everything, and the next one from where that ends', () => {
    expect(stretches('x', now - hour, 7)).toEqual(['recent -60 ×7'])
    expect(stretches('x', now - 4 * hour, 25)).toEqual(['long -240 ×6', 'recent -180 ×19'])
    expect(stretches('x', now - 20 * hour, 2)).toEqual(['long -1200 ×2'])
    expect(stretches('x offset 1d', now - hour, 7)).toEqual(['long -60 ×7'])
  })

  it('has nothing for a time whose samples no shard has all of', () => {
    expect(stretches('x[5h]', now - hour, 7)).toBeUndefined()
    expect(stretches('x + x offset 1d', now, 1)).toBeUndefined()
    expect(stretches('x[2h]', now - 3 * hour, 19)).toEqual(['long -180 ×6', 'recent -120 ×13'])
    const fixed = `x @ ${(now - 90 * hour) / 1000}`
    expect(stretches(fixed, now - hour, 7)).toEqual(['long -60 ×7'])
    expect(stretches(`${fixed} + x`, now, 1)).toBeUndefined()
  })

  it('is of one shard that holds all times, whatever is read', () => {
    expect(stretches('rate(x[1y]) + x offset 1y', now, 3, [shard('all')])).toEqual(['all 0 ×3'])
  })

  it('cuts raw samples where the newer shard begins', () => {
    const pieces = (start: number, end: number, shards = [long, recent]) =>
      coverage
        .pieces({ start: now + start * hour, end: now + end * hour }, shards)
        ?.map((piece) => `${piece.shard.name} ${(piece.start - now) / hour}…${(piece.end - now) / hour}`)
    expect(pieces(-2, 0)).toEqual(['recent -2…0'])
    expect(pieces(-9, 0)).toEqual(['long -9…-4', 'recent -4…0'])
    expect(pieces(-9, -6)).toEqual(['long -9…-6'])
    const gone = shard('gone', { until: { age: 5 * hour } })
    expect(pieces(-9, 0, [gone, recent])).toBeUndefined()
    expect(pieces(-9, 0, [recent])).toBeUndefined()
  })

  it('knows fixed moments', () => {
    const fixed = [shard('old', { until: at(600) }), shard('new', { from: at(400) })]
    const grid = { start: 450 * minute, step: 10 * minute, count: 3 }
    const found = coverage.stretches(parse('x'), grid, fixed)
    expect(found?.map(({ shard: { name }, grid: { count } }) => [name, count])).toEqual([
      ['old', 1],
      ['new', 2],
    ])
  })
})

it.each([
  ['x', false],
  ['rate(x[5m])', false],
  ['rate({__name__="x"}[5m])', false],
  ['rate({__name__=~"x|y"}[5m])', true],
  ['rate(({job="x"}[5m]))', true],
  ['last_over_time({job="x"}[5m])', false],
  ['-{job="x"}', true],
  ['-x', false],
  ['abs({job="x"})', false],
  ['label_replace(x, "a", "b", "", "")', true],
  ['sum(label_join(x, "a", "b"))', true],
])('mayCoincide(%s) is %s', (query, expected) => {
  expect(mayCoincide(parse(query))).toBe(expected)
})
