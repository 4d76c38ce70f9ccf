import { describe, expect, it } from 'vitest'
import { exploreLink, rangeParameters, readAddress } from './address.ts'
import { type Explanation, formOf, originOf } from './answers.ts'
import { grafanaLink } from './grafana-link.ts'
import { addToHistory } from './history.ts'
import { contradictions, explainMatchers, matchersOf } from './matchers.ts'
import { cacheInWords, completenessInWords } from './origin.tsx'
import { readable, splitLabels } from './result-table.tsx'
import { askedOf } from './use-explore.ts'

const now = Date.UTC(2026, 0, 2, 12)

describe('readAddress', () => {
  it.each([
    ['', { expr: '', tab: 'table', range: { from: 'now-1h', to: 'now' } }],
    ['?g0.expr=up&g0.tab=0', { expr: 'up', tab: 'graph' }],
    ['?g0.tab=nonsense', { tab: 'table' }],
    ['?g0.range_input=3h', { range: { from: 'now-3h', to: 'now' } }],
    ['?g0.range_input=x', { range: { from: 'now-1h', to: 'now' } }],
    [
      '?g0.range_input=60s&g0.end_input=2026-01-02%2012:00:00',
      { range: { from: String(now - 60_000), to: String(now) } },
    ],
    ['?g0.step_input=30', { step: 30 }],
    ['?g0.step_input=-1', { step: undefined }],
  ])('%s', (search, part) => {
    expect(readAddress(new URLSearchParams(search))).toMatchObject(part)
  })

  it('reads back what is written', () => {
    for (const range of [
      { from: 'now-6h', to: 'now' },
      { from: String(now - 90_000), to: String(now) },
    ]) {
      const link = exploreLink({ source: 'm', expr: 'up{a="&"}', range, tab: 'graph' })
      const state = readAddress(new URL(link, 'http://x').searchParams)
      expect(state).toEqual({ source: 'm', expr: 'up{a="&"}', range, tab: 'graph', step: undefined })
    }
    expect(rangeParameters({ from: 'now-6h', to: 'now' })['g0.end_input']).toBeUndefined()
  })
})

describe('askedOf', () => {
  const state = readAddress(new URLSearchParams('?g0.expr=up'))
  it('asks nothing for nothing', () => {
    expect(askedOf({ ...state, expr: ' ' }, 'm', now)).toBeUndefined()
  })
  it('asks at the end of the range for a table, over it for a graph, aligned to the step', () => {
    expect(askedOf(state, 'm', now)?.at).toEqual({ time: now / 1_000 })
    const at = askedOf({ ...state, tab: 'graph' }, 'm', now + 7_000)?.at
    expect(at).toEqual({ start: now / 1_000 - 3_600, end: now / 1_000, step: 15 })
  })
  it('sends the names that Prometheus has', () => {
    expect(formOf({ source: 'm', expr: 'up', at: { time: 1 } })).toEqual({ query: 'up', time: '1' })
  })
})

describe('matchersOf', () => {
  it.each([
    ['up', []],
    ['up{}', [[]]],
    ['up{a="b",c!~"d|e"} / up{x=\'"\'}', [['a=b', 'c!~d|e'], ['x="']]],
    [String.raw`up{a="\"}"}`, [['a="}']]],
  ])('%s', (query, expected) => {
    const found = matchersOf(query).map((all) => all.map(({ name, op, value }) => name + op + value))
    expect(found).toEqual(expected)
  })
})

function explanation(part: Partial<Explanation>): Explanation {
  return {
    query: 'up',
    enforced: [],
    constraints: [],
    imposedBy: { grants: [], tenants: ['health'], guardrails: [] },
    shards: [],
    plan: { kind: 'pass' },
    cost: { range: 0, points: 1, selectors: 1, requests: 1 },
    cache: { cacheable: false },
    ...part,
  }
}

describe('explainMatchers', () => {
  it('names grant, guardrail or tenant for each', () => {
    const grants = [
      { grant: 'g1', role: 'viewer', via: 'team:a', constraints: ['{env="prod"}'] },
      { grant: 'g2', role: 'editor', via: 'user:u', constraints: ['{env="test"}'] },
    ]
    const guardrails = [{ uid: 'r', excludes: '{level="secret"}' }]
    const value = explanation({
      constraints: ['{tenant="health",env="prod",level!="secret"}'],
      imposedBy: { grants, tenants: ['health'], guardrails },
    })
    expect(explainMatchers(value)).toEqual([
      { text: 'tenant="health"', reasons: [{ kind: 'tenant' }] },
      { text: 'env="prod"', reasons: [{ kind: 'grant', role: 'viewer', via: 'team:a', grant: 'g1' }] },
      { text: 'level!="secret"', reasons: [{ kind: 'guardrail', uid: 'r', excludes: '{level="secret"}' }] },
    ])
  })
})

describe('contradictions', () => {
  it.each([
    ['up{tenant="transport"}', ['{tenant="health"}'], 1],
    ['up{tenant="health"}', ['{tenant="health"}'], 0],
    ['up{tenant=~"transport"}', ['{tenant="health"}'], 0],
    ['up{env="test"}', ['{env="prod"}', '{env="dev"}'], 1],
    ['up{env="test"}', ['{env="prod"}', '{team="x"}'], 0],
    ['up{env="test"}', [], 0],
  ])('%s within %j', (query, constraints, count) => {
    expect(contradictions(explanation({ query, constraints }))).toHaveLength(count)
  })
})

describe('origin', () => {
  it('is read from headers', () => {
    const headers = new Headers({
      'x-gatehouse-shards': 'asked=2, answered=1',
      'x-gatehouse-replicas': 's%2F1/a, s2/b',
      'x-gatehouse-cache': 'extended; fetched=1-2',
    })
    const origin = originOf(headers)
    expect(origin).toEqual({
      asked: 2,
      answered: 1,
      replicas: ['s/1/a', 's2/b'],
      cache: 'extended; fetched=1-2',
    })
    expect(completenessInWords(origin)).toBe('incomplete: 1 of 2 shards answered')
    expect(cacheInWords(origin.cache)).toBe('from the cache, its latest part fetched')
  })
  it('may be missing', () => {
    const origin = originOf(new Headers())
    expect([completenessInWords(origin), cacheInWords(origin.cache)]).toEqual([undefined, undefined])
  })
})

describe('results', () => {
  it.each([
    ['407470082', '407,470,082'],
    ['0.123456789', '0.123457'],
    ['1e-9', '1.00000e-9'],
    ['NaN', 'NaN'],
    ['+Inf', '+Inf'],
    ['histogram: count 1, sum 2', 'histogram: count 1, sum 2'],
  ])('%s reads %s', (text, shown) => {
    expect(readable(text)).toBe(shown)
  })

  it('name once what all series share', () => {
    const series = [
      { labels: { __name__: 'up', job: 'a', env: 'x' }, samples: [] },
      { labels: { __name__: 'up', job: 'b', env: 'x' }, samples: [] },
    ]
    expect(splitLabels(series)).toEqual({ shared: { __name__: 'up', env: 'x' }, apart: ['job'] })
    expect(splitLabels(series.slice(0, 1)).apart).toEqual(['__name__', 'env', 'job'])
  })
})

describe('history', () => {
  it('moves a repeated query to the front and ends after fifty', () => {
    let history = addToHistory([], { source: 'm', expr: '0', at: 0 })
    for (let i = 1; i < 60; i++) history = addToHistory(history, { source: 'm', expr: String(i), at: i })
    expect(history).toHaveLength(50)
    const again = addToHistory(history, { source: 'm', expr: '30', at: 99 })
    expect([again[0]?.at, again.length]).toEqual([99, 50])
  })
})

describe('grafanaLink', () => {
  it('asks the same of the data source that asks as the person', () => {
    const state = readAddress(new URLSearchParams('?g0.expr=up'))
    expect(grafanaLink(null, state)).toBeUndefined()
    const link = new URL(grafanaLink('https://grafana.example/', state) ?? '')
    expect(link.origin + link.pathname).toBe('https://grafana.example/explore')
    expect(link.searchParams.get('panes')).toContain('"uid":"gw-me"')
  })
})
