import { parse } from '@gatehouse/promql'
import { describe, expect, it } from 'vitest'
import type { Conjunction, TimeRange } from '../model.ts'
import { describePlan } from './describe.ts'
import { planQuery } from './plan.ts'

const source = {
  tenantLabel: 'tenant',
  shards: [
    { name: 's1', slice: { tenants: ['a', 'b'] }, replicas: [] },
    { name: 's2', slice: { tenants: ['c'] }, replicas: [] },
  ],
}
const all: Conjunction = [{ name: 'tenant', op: '=~', value: 'a|b|c' }]
const only = (tenant: string): Conjunction => [{ name: 'tenant', op: '=', value: tenant }]
const instant: TimeRange = { start: 1_700_000_000_000, end: 1_700_000_000_000, step: 0 }
const hour: TimeRange = { start: 1_700_000_000_000, end: 1_700_003_600_000, step: 60_000 }

function plan(
  query: string,
  options: { conjunctions?: readonly Conjunction[]; range?: TimeRange; engine?: boolean } = {},
) {
  const { conjunctions = [all], range = instant, engine = false } = options
  const settings = { version: '2.53', defaultStepMs: 60_000, now: 0, hasEngine: engine }
  return planQuery({ expr: parse(query), conjunctions, source, range, ...settings })
}

function describeQuery(query: string, options = {}) {
  const { kind, pushedDown, evaluatedHere } = describePlan(plan(query, options))
  const requests = pushedDown.flatMap((part) =>
    part.requests.map(({ shard, query: text }) => `${shard} ${text}`),
  )
  return { kind, requests, evaluatedHere }
}

const ab = '{tenant=~"a|b"}'
const c = '{tenant="c"}'

describe('planQuery', () => {
  it.each([
    [
      'a tenant on one shard passes through',
      'sum(up)',
      { conjunctions: [only('c')] },
      's2 sum(up{tenant="c"})',
    ],
    [
      'two tenants on one shard too',
      'sum(up)',
      { conjunctions: [[{ name: 'tenant', op: '=~', value: 'a|b' }]] },
      `s1 sum(up${ab})`,
    ],
    ['the caller’s own matcher prunes', 'sum(up{tenant="c"})', {}, 's2 sum(up{tenant=~"a|b|c",tenant="c"})'],
    [
      'several grants on one shard are one query',
      'sum(rate(x[5m]))',
      {
        conjunctions: [
          [...only('c'), { name: 'team', op: '=', value: 'x' }],
          [...only('c'), { name: 'env', op: '=', value: 'p' }, { name: 'team', op: '!=', value: 'x' }],
        ],
      },
      's2 sum((rate(x{tenant="c",team="x"}[5m]) or rate(x{tenant="c",env="p",team!="x"}[5m])))',
    ],
  ])('%s', (_name, query, options, request) => {
    expect(describeQuery(query, options)).toEqual({ kind: 'pass', requests: [request], evaluatedHere: [] })
  })

  it.each([
    ['rate(x[5m])', [`s1 rate(x${ab}[5m])`, `s2 rate(x${c}[5m])`], ['union of 2 parts: rate(x[5m])']],
    ['sum(x)', [`s1 sum(x${ab})`, `s2 sum(x${c})`], ['merge of partial sum: sum(x)']],
    [
      'sum by (tenant) (x)',
      [`s1 sum by (tenant) (x${ab})`, `s2 sum by (tenant) (x${c})`],
      ['union of 2 parts: sum by (tenant) (x)'],
    ],
    [
      'avg(x)',
      [`s1 avg(x${ab})`, `s2 avg(x${c})`, `s1 count(x${ab})`, `s2 count(x${c})`],
      ['merge of partial avg: avg(x)'],
    ],
    [
      'topk(2, x)',
      [`s1 topk(2, x${ab})`, `s2 topk(2, x${c})`],
      ['topk(2, x)', 'union of 2 parts: topk(2, x)'],
    ],
    ['quantile(0.5, x)', [`s1 x${ab}`, `s2 x${c}`], ['quantile(0.5, x)', 'union of 2 parts: x']],
    [
      'histogram_quantile(0.9, sum by (le) (rate(b[5m])))',
      [`s1 sum by (le) (rate(b${ab}[5m]))`, `s2 sum by (le) (rate(b${c}[5m]))`],
      [
        'histogram_quantile(0.9, sum by (le) (rate(b[5m])))',
        'merge of partial sum: sum by (le) (rate(b[5m]))',
      ],
    ],
    [
      'a * on (tenant, i) group_left () max by (tenant, i) (b)',
      [
        `s1 a${ab} * on (tenant, i) group_left () max by (tenant, i) (b${ab})`,
        `s2 a${c} * on (tenant, i) group_left () max by (tenant, i) (b${c})`,
      ],
      ['union of 2 parts: a * on (tenant, i) group_left () max by (tenant, i) (b)'],
    ],
    [
      // Several series of b may match alike, which is refused as long as there is any a, wherever it is.
      'a * on (tenant, i) group_left () b',
      [`s1 a${ab}`, `s2 a${c}`, `s1 b${ab}`, `s2 b${c}`],
      ['a * on (tenant, i) group_left () b', 'union of 2 parts: a', 'union of 2 parts: b'],
    ],
    [
      'a{tenant="a"} / on () b{tenant="c"}',
      ['s1 a{tenant=~"a|b|c",tenant="a"}', 's2 b{tenant=~"a|b|c",tenant="c"}'],
      ['a{tenant="a"} / on () b{tenant="c"}'],
    ],
    [
      'count_values by (tenant) ("tenant", x)',
      [`s1 count_values by (tenant) ("tenant", x${ab})`, `s2 count_values by (tenant) ("tenant", x${c})`],
      ['merge of partial count_values: count_values by (tenant) ("tenant", x)'],
    ],
    ['absent(x)', [`s1 absent(x${ab})`, `s2 absent(x${c})`], ['absent(x)']],
    ['1 + 1', [], ['1 + 1']],
    ['up{tenant="z"} or vector(0)', [], ['up{tenant="z"} or vector(0)', 'vector(0)']],
    ['x / x', [`s1 x${ab} / x${ab}`, `s2 x${c} / x${c}`], ['union of 2 parts: x / x']],
    [
      'sum(x) / sum(x)',
      [`s1 sum(x${ab})`, `s2 sum(x${c})`, `s1 sum(x${ab})`, `s2 sum(x${c})`],
      ['sum(x) / sum(x)', 'merge of partial sum: sum(x)', 'merge of partial sum: sum(x)'],
    ],
  ])('splits %s', (query, requests, evaluatedHere) => {
    expect(describeQuery(query)).toEqual({ kind: 'evaluate', requests, evaluatedHere })
  })

  it('asks for equal parts once', () => {
    const made = plan('sum(x) / sum(x)')
    expect(made.kind === 'evaluate' && made.requests.length).toBe(2)
  })

  it('evaluates a sub-query on its own aligned grid', () => {
    const made = plan('max_over_time(sum(x)[10m:1m])', { range: hour })
    if (made.kind !== 'evaluate') throw new Error(made.kind)
    // 1,700,000,000 - 600 is 1,699,999,400; the next whole minute is …420, the last one before the end …003,600.
    expect(made.requests[0]?.range).toEqual({
      start: 1_699_999_440_000,
      end: 1_700_003_580_000,
      step: 60_000,
    })
  })

  it('cuts what is longer than a server accepts', () => {
    const made = plan('count_over_time(sum(x)[4h:1s])')
    if (made.kind !== 'evaluate') throw new Error(made.kind)
    expect(made.requests.map(({ range }) => (range.end - range.start) / 1000)).toEqual([
      10_999, 3_400, 10_999, 3_400,
    ])
  })

  it('resolves start() and end() of the whole query', () => {
    expect(describeQuery('max_over_time(sum(x @ end())[5m:1m])', { range: hour }).requests[0]).toBe(
      `s1 sum(x${ab} @ 1700003600)`,
    )
  })

  it.each([
    ['rate(x[5m])[5m:]', 'range vector'],
    ['"text"', 'string'],
  ])('refuses %s as a range query', (query, type) => {
    expect(() => plan(query, { range: hour })).toThrow(`invalid expression type "${type}" for range query`)
  })

  it('hands what is not exact to the engine, or refuses it by name', () => {
    const query = 'limit_ratio(0.5, sum by (job) (x))'
    expect(plan(query, { engine: true })).toMatchObject({
      kind: 'engine',
      request: { text: 'limit_ratio(0.5, sum by (job) (x{tenant=~"a|b|c"}))' },
    })
    expect(() => plan(query)).toThrow(
      'limit_ratio(0.5, sum by (job) (x)) cannot be computed exactly over several shards',
    )
    expect(() => plan('max_over_time(sum(x)[365d:1s])')).toThrow(
      /^sum\(x\) cannot be computed exactly over several shards: it would take more than 256 requests/,
    )
  })
})
