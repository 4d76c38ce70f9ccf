import { describe, expect, it } from 'vitest'
import { limitText } from './limits-card.tsx'
import { cacheShare, quantile, shardRows, type Reading } from './shard-rows.ts'
import { shardsInWords } from './shards-card.tsx'
import type { ShardCounts, SystemStatus } from './status.ts'

function shard(name: string, fast: number, slow: number, failed = 0): ShardCounts {
  const seconds = {
    count: fast + slow,
    sum: fast * 0.01 + slow * 2,
    buckets: [
      { le: '0.025', count: fast },
      { le: '2.5', count: fast + slow },
      { le: '+Inf', count: fast + slow },
    ],
  }
  const outcomes = { answered: fast + slow - failed, failed }
  return { name, seconds, replicas: [{ name: `${name}-a`, seconds, outcomes }] }
}

function reading(at: number, shards: readonly ShardCounts[]): Reading {
  const status: SystemStatus = {
    at: new Date(at).toISOString(),
    policyVersion: '1',
    gateway: {
      reachable: true,
      ready: true,
      problem: null,
      shards: [...shards],
      requests: { byCode: {}, inFlight: 0 },
      queue: { waiting: 0, running: 0 },
      cache: { byResult: {}, bytes: 0, entries: 0 },
      spool: { bytes: 0, maxBytes: 0, events: 0, refusals: 0 },
    },
    dataSources: [
      {
        org: 'o',
        uid: 'm',
        name: 'Metrics',
        shards: [
          { name: 's0', replicas: ['s0-a', 's0-b'] },
          { name: 's2', replicas: ['s2-a'] },
        ],
      },
    ],
    limits: { query: {}, slots: {}, maxQueued: 1, queueWaitMs: 1, rates: {}, overrides: 0 },
    issuers: [],
    control: { startedAt: new Date(0).toISOString(), node: 'v24' },
  }
  return { at, status }
}

describe('quantile', () => {
  it.each([
    [[], undefined],
    [[{ le: '+Inf', count: 0 }], undefined],
    [
      [
        { le: '1', count: 10 },
        { le: '+Inf', count: 10 },
      ],
      0.95,
    ],
    [
      [
        { le: '1', count: 1 },
        { le: '+Inf', count: 10 },
      ],
      1,
    ],
  ])('%j', (buckets, value) => {
    expect(quantile(0.95, buckets)).toBe(value)
  })
})

describe('shardRows', () => {
  it('counts since the first reading, and knows those that nobody asked', () => {
    const rows = shardRows(
      [
        reading(0, [shard('s0', 100, 0), shard('s1', 10, 0)]),
        reading(10, [shard('s0', 100, 20), shard('s1', 20, 0, 5)]),
      ],
      true,
    )
    expect(rows.map(({ name, requests, health }) => [name, requests, health])).toEqual([
      ['s0', 20, 'slow'],
      ['s1', 10, 'failing'],
      ['s2', 0, 'not asked'],
    ])
    expect(rows[0]?.replicas.map(({ name }) => name)).toEqual(['s0-a', 's0-b'])
    expect(rows[0]?.trend).toEqual([2])
    expect(shardsInWords(rows)).toBe('s1 fails. The slowest is s0: 95 of 100 answers begin within 2.4 s.')
  })

  it('counts all that happened until enough was watched', () => {
    const rows = shardRows([reading(0, [shard('s0', 100, 0)]), reading(10, [shard('s0', 101, 0)])], false)
    expect([rows[0]?.requests, rows[0]?.trend.length]).toEqual([101, 1])
  })

  it('begins anew with a gateway that did', () => {
    const rows = shardRows([reading(0, [shard('s0', 100, 0)]), reading(10, [shard('s0', 3, 0)])], true)
    expect(rows[0]?.requests).toBe(3)
  })

  it('says so when nothing was asked', () => {
    expect(shardsInWords(shardRows([reading(0, [])], false))).toBe('No shard was asked.')
    expect(shardRows([], false)).toEqual([])
  })
})

describe('in words', () => {
  it('limits', () => {
    expect([
      limitText('range', 86_400_000 * 366),
      limitText('responseBytes', 1_048_576),
      limitText('series', 50_000),
    ]).toEqual(['366 days', '1 MiB', '50,000'])
  })
  it('share of the cache', () => {
    expect([cacheShare({}), cacheShare({ hit: 1, extended: 1, miss: 2 })]).toEqual([undefined, 0.5])
  })
})
