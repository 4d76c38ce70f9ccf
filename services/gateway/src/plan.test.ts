import type { Constraints } from '@gatehouse/authz'
import type { Matcher } from '@gatehouse/promql'
import type { DataSource } from '@gatehouse/query'
import { describe, expect, it } from 'vitest'
import { createPlanner, type Plan } from './plan.ts'
import type { Question } from './question.ts'

const source: DataSource = {
  uid: 'metrics',
  orgUid: 'org',
  name: 'Metrics',
  version: 1,
  tenantLabel: 'tenant',
  shards: [
    { name: 'one', slice: { tenants: ['a', 'b'] }, replicas: [] },
    { name: 'two', slice: { tenants: ['c'] }, replicas: [] },
  ],
}
const options = { timeout: undefined, lookbackDelta: undefined, limit: undefined, stats: undefined }

function admitting(...alternatives: Record<string, string>[]): Constraints {
  const toMatchers = (labels: Record<string, string>): Matcher[] =>
    Object.entries(labels).map(([name, value]) => ({ name, op: '=', value }))
  return { alternatives: alternatives.map(toMatchers) }
}

function instant(query: string, time = 4_000): Question {
  return { kind: 'query', query, time, options }
}

function lookup(...matches: string[]): Question {
  return { kind: 'series', matches, lookup: {} }
}

function shown({ kind, steps }: Plan): unknown {
  return [kind, ...steps.map(({ shard, texts }) => `${shard.name}: ${texts.join(' | ')}`)]
}

describe('the planner', () => {
  const planner = createPlanner()
  const access = (constraints: Constraints, version: string | undefined = '2.53.3') => ({
    constraints,
    source,
    version,
  })
  const a = admitting({ tenant: 'a' })

  it.each<[Question, Constraints, unknown]>([
    [instant('sum(up)'), a, ['pass', 'one: sum(up{tenant="a"})']],
    [instant('sum(up)'), admitting({ tenant: 'c' }), ['pass', 'two: sum(up{tenant="c"})']],
    [instant('up{tenant="b"}'), a, ['evaluate']],
    [instant('1+1'), a, ['evaluate']],
    [lookup('up', 'x'), a, ['pass', 'one: up{tenant="a"} | x{tenant="a"}']],
    [
      lookup(),
      admitting({ tenant: 'a' }, { tenant: 'c' }),
      ['union', 'one: {tenant="a"}', 'two: {tenant="c"}'],
    ],
    [lookup('up{tenant="c"}'), a, ['nothing']],
    [
      lookup('up'),
      admitting({ tenant: 'a', env: 'prod' }, { tenant: 'a', team: 'x' }),
      ['pass', 'one: up{tenant="a",env="prod"} | up{tenant="a",team="x"}'],
    ],
  ])('%j', (question, constraints, expected) => {
    for (let i = 0; i < 2; i += 1) expect(shown(planner(question, access(constraints)))).toEqual(expected)
  })

  it('never takes the plan of one access for another', () => {
    for (const question of [instant('up'), lookup('up')]) {
      const texts = ['a', 'b', 'c'].map((tenant) => shown(planner(question, access(admitting({ tenant })))))
      expect(new Set(texts.map((text) => JSON.stringify(text))).size).toBe(3)
      const narrower = planner(question, access(admitting({ tenant: 'a', env: 'prod' })))
      expect(shown(narrower)).toEqual(['pass', 'one: up{tenant="a",env="prod"}'])
    }
  })

  it('asks for the times of each request', () => {
    const times = [1_000, 2_000].map((time) => planner(instant('up', time), access(a)).steps[0]?.range?.start)
    expect(times).toEqual([1_000, 2_000])
    const range = { start: 0, end: 10, step: 5 }
    const ranged = planner({ kind: 'query_range', query: 'up', range, options }, access(a))
    expect(ranged.steps[0]?.range).toEqual(range)
  })

  it('plans anew when the data source has changed', () => {
    planner(instant('up'), access(a))
    const moved = {
      ...source,
      version: 2,
      shards: [{ name: 'new', slice: { tenants: ['a'] }, replicas: [] }],
    }
    const plan = planner(instant('up'), { constraints: a, source: moved, version: '2.53.3' })
    expect(shown(plan)).toEqual(['pass', 'new: up{tenant="a"}'])
  })

  it('refuses what a shard’s version does not know, and knows it again once the shards do', () => {
    const question = instant('{"my.metric"}')
    expect(() => planner(question, access(a))).toThrow(
      /needs Prometheus 3\.0; a shard of this data source runs 2\.53\.3/,
    )
    expect(shown(planner(question, access(a, '3.5.0')))).toEqual(['pass', 'one: {"my.metric",tenant="a"}'])
  })
})
