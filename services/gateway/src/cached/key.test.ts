import type { Constraints } from '@gatehouse/authz'
import { type DataSource, exactFields, exactKey, keyBuilder } from '@gatehouse/query'
import { describe, expect, it } from 'vitest'
import { createPlanner, type Plan } from '../plan.ts'
import { type CacheableQuestion, keyOf } from './key.ts'
import { createQueryReader } from './read-query.ts'

const options = { timeout: undefined, lookbackDelta: undefined, limit: undefined, stats: undefined }
const range = { start: 0, end: 600_000, step: 60_000 }
const lookup = { start: 0, end: 1_000, limit: undefined }

const shard = (name: string, tenant: string, url = `http://${name}`): DataSource['shards'][number] => ({
  name,
  slice: { tenants: [tenant] },
  replicas: [{ name, url }],
})

interface Asked {
  readonly question: CacheableQuestion
  readonly tenants: readonly string[]
  readonly source: Partial<DataSource>
  readonly evaluationInterval?: number
  /** In place of what follows from the tenants. */
  readonly alternatives?: Constraints['alternatives']
  /** What goes to each shard, in place of what the planner makes of it. */
  readonly texts?: readonly (readonly string[])[]
}

const planner = createPlanner()
const read = createQueryReader()

function keyParts({ question, tenants, source: own, evaluationInterval, texts, ...asked }: Asked) {
  const source: DataSource = {
    uid: 'metrics',
    orgUid: 'o',
    name: 'Metrics',
    version: 1,
    tenantLabel: 'tenant',
    shards: [shard('one', 'a'), shard('two', 'b')],
    ...own,
  }
  const constraints: Constraints = {
    alternatives: asked.alternatives ?? [[{ name: 'tenant', op: '=~', value: tenants.join('|') }]],
  }
  const handsOver = source.shards.some(({ backend }) => backend !== undefined)
  const access = { constraints, source, version: '2.53.3', evaluationInterval, handsOver }
  const made = planner(question, access)
  const steps = made.steps.map((step, i) => ({
    ...step,
    texts: (texts?.[i] as typeof step.texts | undefined) ?? step.texts,
  }))
  return keyOf(question, { plan: { ...made, steps } as Plan, access, read })
}

const sum = 'sum(up) + sum(down)'
const ranged: Asked = {
  question: { kind: 'query_range', query: sum, range, options },
  tenants: ['a', 'b'],
  source: {},
}
const looked: Asked = {
  question: { kind: 'label_values', label: 'job', matches: ['up', 'down'], lookup },
  tenants: ['a', 'b'],
  source: {},
}
const metadata: Asked = {
  question: { kind: 'metadata', metric: 'up', limit: 1, limitPerMetric: 1 },
  tenants: ['a'],
  source: {},
}
const told: Asked = {
  ...ranged,
  tenants: ['a'],
  source: { shards: [{ ...shard('one', 'a'), backend: 'victoriametrics' }] },
}
const either = (env: string): Constraints['alternatives'] =>
  ['x', env].map((value) => [
    { name: 'tenant', op: '=', value: 'a' },
    { name: 'env', op: '=~', value: `${value}.*` },
    { name: value, op: '=', value: '' },
  ])
const ask = (asked: Asked, change: object): Asked => ({
  ...asked,
  question: { ...asked.question, ...change } as CacheableQuestion,
})
const withOptions = (change: object): Asked => ask(ranged, { options: { ...options, ...change } })

/** Requests that must not share an answer; the third is the part of the key that alone tells them apart, if one does. */
type Case = readonly [name: string, a: Asked, b: Asked, part?: string]

const cases: readonly Case[] = [
  ['org', ranged, { ...ranged, source: { orgUid: 'p' } }, 'orgUid'],
  ['data source', ranged, { ...ranged, source: { uid: 'other' } }, 'dataSourceUid'],
  ['version of the data source', ranged, { ...ranged, source: { version: 2 } }, 'dataSourceVersion'],
  [
    'endpoint',
    ask(looked, { kind: 'labels', label: undefined }),
    ask(looked, { kind: 'series', label: undefined }),
    'endpoint',
  ],
  ['what is made of the same parts', ranged, ask(ranged, { query: sum.replace('+', '-') }), 'expressions'],
  ['tenants of one shard', { ...ranged, tenants: ['a'] }, { ...ranged, tenants: ['a', 'c'] }],
  ['tenants of several shards', ranged, { ...ranged, tenants: ['a', 'b', 'c'] }, 'expressions'],
  ['what a backend is told', { ...told, alternatives: either('y') }, { ...told, alternatives: either('z') }],
  [
    'what sub-queries without a step stand for',
    { ...ask(ranged, { query: `max_over_time((${sum})[5m:])` }), evaluationInterval: 60_000 },
    { ...ask(ranged, { query: `max_over_time((${sum})[5m:])` }), evaluationInterval: 30_000 },
  ],
  [
    'which selectors go to which shard',
    { ...looked, texts: [['{x="1"}', '{x="2"}'], ['{x="3"}']] },
    { ...looked, texts: [['{x="1"}'], ['{x="2"}', '{x="3"}']] },
  ],
  ['selectors', looked, ask(looked, { matches: ['updown'] })],
  ['start', ranged, ask(ranged, { range: { ...range, start: 60_000 } }), 'times'],
  ['end', ranged, ask(ranged, { range: { ...range, end: 660_000 } }), 'times'],
  ['step', ranged, ask(ranged, { range: { ...range, step: 30_000 } }), 'times'],
  ['bounds of a look-up', looked, ask(looked, { lookup: { ...lookup, end: 2_000 } }), 'times'],
  ['shards', ranged, { ...ranged, source: { shards: [shard('one', 'a'), shard('three', 'b')] } }],
  [
    'where a shard is',
    ranged,
    { ...ranged, source: { shards: [shard('one', 'a'), shard('two', 'b', 'http://x')] } },
    'shards',
  ],
  ['label', looked, ask(looked, { label: 'instance' }), 'subject'],
  ['metric', metadata, ask(metadata, { metric: '' })],
  ['lookback delta', ranged, withOptions({ lookbackDelta: 1 }), 'lookbackDelta'],
  ['limit', ranged, withOptions({ limit: 1 }), 'limit'],
  ['limit of a look-up', looked, ask(looked, { lookup: { ...lookup, limit: 1 } }), 'limit'],
  ['limit per metric', metadata, ask(metadata, { limitPerMetric: 2 }), 'limitPerMetric'],
  ['statistics', ranged, withOptions({ stats: 'all' }), 'stats'],
]

describe('the key of a question', () => {
  it.each(cases.map(([name, ...rest]) => [name, rest] as const))('tells apart: %s', (_name, [a, b, part]) => {
    expect(exactKey(keyParts(a))).not.toBe(exactKey(keyParts(b)))
    if (part === undefined) return
    // Without that part they would share an answer.
    const { [part as keyof typeof exactFields]: _dropped, ...rest } = exactFields
    const without = keyBuilder('mutated', rest)
    expect(without(keyParts(a))).toBe(without(keyParts(b)))
  })

  it('needs every part', () => {
    const proven = new Set(cases.map(([, , , part]) => part))
    expect(Object.keys(exactFields).filter((field) => !proven.has(field))).toEqual([])
  })

  it('is the same for the same access, however a query is written', () => {
    const other = ask(ranged, { query: ' sum ( up )+sum(down) # the same' })
    expect(exactKey(keyParts(other))).toBe(exactKey(keyParts(ranged)))
  })
})
