import type { KeyParts, TimeRange } from '@gatehouse/query'
import { createMetrics } from '@gatehouse/telemetry'
import { createMemory } from '../memory.ts'
import { createCacheMetrics } from '../metrics.ts'
import type { CacheRequest } from '../model.ts'
import type { SharedLevel } from '../redis/shared-level.ts'
import { createResultsCache, type ResultsCacheOptions } from '../results-cache.ts'
import { plainFacts, type World } from './world.ts'

export const defaultOptions: ResultsCacheOptions = {
  maxEntryBytes: 4_194_304,
  maxAge: 21_600_000,
  repeatTtl: 2_000,
  lookupTtl: 30_000,
  errorTtl: 1_000,
}

/** A cache as one gateway has it, in a world, with a clock of its own that may be wrong by `skew`. */
export function createTestGateway(
  world: World,
  options: Partial<ResultsCacheOptions> = {},
  shared?: SharedLevel,
) {
  const registry = createMetrics()
  const metrics = createCacheMetrics(registry)
  const memory = createMemory(67_108_864, metrics)
  const clock = { skew: 0, now: () => world.now + clock.skew, monotonic: () => world.now }
  const cache = createResultsCache<never>({
    memory,
    shared,
    metrics,
    clock,
    options: { ...defaultOptions, ...options },
    drop: () => undefined,
  })
  return { cache, clock, memory, metrics, registry }
}

/** The enforced expression of a caller who may see some tenants. */
export function expressionFor(tenants: readonly string[]): string {
  return `up{tenant=~"${tenants.join('|')}"}`
}

/** A range request of a caller who may see some tenants. */
export function rangeRequest(
  tenants: readonly string[],
  range: TimeRange,
  more: Partial<CacheRequest> = {},
): CacheRequest {
  const key: KeyParts = {
    orgUid: 'o',
    dataSourceUid: 'd',
    dataSourceVersion: 1,
    endpoint: 'query_range',
    expressions: [expressionFor(tenants)],
    times: { kind: 'range', ...range },
    shards: ['s1'],
    subject: undefined,
    lookbackDelta: undefined,
    limit: undefined,
    limitPerMetric: undefined,
    stats: undefined,
  }
  return {
    key,
    facts: plainFacts,
    freshness: { freshnessMs: 60_000, outOfOrderMs: 0 },
    policyVersion: 'p1',
    noStore: false,
    allowStale: true,
    allowsPartial: false,
    party: 'one',
    signal: new AbortController().signal,
    ...more,
  }
}
