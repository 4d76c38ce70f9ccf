import type { Matcher, MatchOp } from '@gatehouse/promql'
import { describe, expect, it } from 'vitest'
import type { DataSource } from './model.ts'
import { pruneShards } from './prune.ts'

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
})
