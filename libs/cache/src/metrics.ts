import type { Metrics } from '@gatehouse/telemetry'
import { Counter, Gauge, Histogram } from 'prom-client'

/** How a command to Redis ended; `skipped` while Redis rests, `mismatch` when what it gave was not what was stored. */
export type RedisResult = 'ok' | 'timeout' | 'error' | 'skipped' | 'mismatch' | 'dropped'

/** Registers the metrics of the results cache. No label carries a tenant, a user or a query. */
export function createCacheMetrics(registry: Metrics) {
  const registers = [registry]
  return {
    requests: new Counter({
      name: 'gatehouse_cache_requests_total',
      help: 'Requests to the results cache by endpoint and by how they were answered.',
      labelNames: ['endpoint', 'result'],
      registers,
    }),
    bypasses: new Counter({
      name: 'gatehouse_cache_bypasses_total',
      help: 'Requests that by-passed the results cache, by reason.',
      labelNames: ['reason'],
      registers,
    }),
    notStored: new Counter({
      name: 'gatehouse_cache_not_stored_total',
      help: 'Answers that were not stored, by reason.',
      labelNames: ['reason'],
      registers,
    }),
    followers: new Counter({
      name: 'gatehouse_cache_followers_total',
      help: 'Requests that waited for an equal one in flight.',
      registers,
    }),
    memoryBytes: new Gauge({
      name: 'gatehouse_cache_memory_bytes',
      help: 'Bytes of entries in the in-process results cache.',
      registers,
    }),
    memoryEntries: new Gauge({
      name: 'gatehouse_cache_memory_entries',
      help: 'Entries in the in-process results cache.',
      registers,
    }),
    redisCommands: new Counter({
      name: 'gatehouse_cache_redis_commands_total',
      help: 'Commands to Redis by kind and by how they ended.',
      labelNames: ['command', 'result'],
      registers,
    }),
    redisSeconds: new Histogram({
      name: 'gatehouse_cache_redis_read_duration_seconds',
      help: 'Time an answer waited for Redis.',
      buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05],
      registers,
    }),
    redisUp: new Gauge({
      name: 'gatehouse_cache_redis_up',
      help: 'Whether Redis is used: 1, or 0 while it rests after failures.',
      registers,
    }),
  }
}

export type CacheMetrics = ReturnType<typeof createCacheMetrics>
