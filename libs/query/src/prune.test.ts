import type { Matcher, MatchOp } from '@gatehouse/promql'
import { describe, expect, it } from 'vitest'
import type { DataSource } from './model.ts'
import { pruneShards, withNewest } from './prune.ts'

const source: DataSource = {
  uid: 'main',
  orgUid: 'gov',
  name: 'Main',
  version: 1,
  tenantLabel: 'tenant',
  shards: [
    { name: 'one', slice: { tenants: ['a', 'b.c'] }, replicas: [] },
    { name: 'two', slice: { tenants: ['d'] }, replicas: [] },
  ],
}

function tenant(op: MatchOp, value: string): Matcher {
  return { name: 'tenant', op, value }
}

function pruned(...selectors: Matcher[][]): string[] {
  return pruneShards(selectors, source).map(({ name }) => name)
}

describe('pruneShards', () => {
  it.each([
    [[tenant('=', 'a')], ['one']],
    [[tenant('=', 'd')], ['two']],
    [[tenant('=', 'x')], []],
    [[tenant('=', 'a'), tenant('=', 'd')], []],
    [[tenant('=~', 'a|d')], ['one', 'two']],
    [[tenant('=~', 'a|d'), tenant('!=', 'a')], ['two']],
    [[tenant('=~', 'a|d'), tenant('!~', 'd|e')], ['one']],
    [[tenant('=~', 'b\\.c')], ['one']],
    [[tenant('=~', 'b.d|.d')], []],
    [[tenant('=~', '(?i)D')], ['two']],
    [[tenant('=~', '(')], ['one', 'two']],
    [[{ name: 'env', op: '=', value: 'prod' } as const], ['one', 'two']],
    [[], ['one', 'two']],
  ])('%j → %j', (matchers, shards) => expect(pruned(matchers)).toEqual(shards))

  it('keeps what any selector needs', () => {
    expect(pruned([tenant('=', 'a')], [tenant('=', 'd')])).toEqual(['one', 'two'])
    expect(pruned()).toEqual([])
  })

  it.each<[Matcher[], string[]]>([
    [[{ name: 'env', op: '=', value: 'prod' }], ['prod']],
    [[{ name: 'env', op: '=~', value: 'prod|dev' }], ['prod', 'others']],
    [[{ name: 'env', op: '=', value: '' }], ['others']],
    [[{ name: 'team', op: '=', value: 'x' }], ['prod', 'others']],
  ])('goes by what holds for the series of a shard: %j → %j', (matchers, shards) => {
    const byEnv = (op: MatchOp): Matcher[] => [{ name: 'env', op, value: 'prod' }]
    const divided: DataSource = {
      ...source,
      shards: [
        { name: 'prod', slice: { tenants: ['a'], matchers: byEnv('=') }, replicas: [] },
        { name: 'others', slice: { tenants: ['a'], matchers: byEnv('!=') }, replicas: [] },
      ],
    }
    const all = [tenant('=', 'a'), ...matchers]
    expect(pruneShards([all], divided).map(({ name }) => name)).toEqual(shards)
  })

  it('finds the shards with the newest samples', () => {
    const timed: DataSource = {
      ...source,
      shards: [
        { name: 'recent', slice: { tenants: ['a'], samples: { from: { age: 1 } } }, replicas: [] },
        { name: 'long', slice: { tenants: ['a'], samples: { until: { age: 1 } } }, replicas: [] },
      ],
    }
    expect(withNewest(timed).shards.map(({ name }) => name)).toEqual(['recent'])
    expect(withNewest(timed)).toBe(withNewest(timed))
    expect(withNewest(source)).toBe(source)
  })
})
