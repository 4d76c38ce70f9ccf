import type { CacheConfig, LimitsConfig } from '@gatehouse/config'
import type { Logger, Metrics } from '@gatehouse/telemetry'
import { createFairQueue, type FairQueue } from './fairness/fair-queue.ts'
import { createFairnessMetrics } from './fairness/metrics.ts'
import { createRateLimiter, type RateLimiter } from './fairness/rate-limiter.ts'
import { createRunningQueries, type RunningQueries } from './fairness/running-queries.ts'
import { createMemory } from './memory.ts'
import { createCacheMetrics } from './metrics.ts'
import { createRedisLink } from './redis/link.ts'
import { createSealer } from './redis/sealed.ts'
import { createSharedLevel } from './redis/shared-level.ts'
import { createResultsCache, type ResultsCache } from './results-cache.ts'

export interface OpenCacheDeps {
  readonly cache: CacheConfig
  readonly limits: LimitsConfig
  readonly metrics: Metrics
  readonly log: Logger
}

/** What a gateway process has of cache and fairness. `S` is the kind of stream for answers too large to hold. */
export interface OpenCache<S> {
  readonly results: ResultsCache<S>
  readonly slots: FairQueue
  readonly rates: RateLimiter
  readonly running: RunningQueries
  /** Waits for writes to the second level and closes the connection. */
  close(): Promise<void>
}

/**
 * Opens them as configured: in this process, and shared through Redis if there is one. It does not wait for Redis.
 * @throws Error if Redis is configured without a URL or without a secret to sign entries.
 */
export function openCache<S>({ cache, limits, metrics: registry, log }: OpenCacheDeps): OpenCache<S> {
  const metrics = createCacheMetrics(registry)
  const fairness = createFairnessMetrics(registry)
  const redis = cache.redis === undefined ? undefined : redisSettings(cache.redis)
  const link = redis === undefined ? undefined : createRedisLink({ ...redis, metrics, log })
  const shared =
    redis === undefined || link === undefined
      ? undefined
      : createSharedLevel(link, createSealer(redis.secret, redis.prefix), metrics)
  const monotonic = (): number => performance.now()
  return {
    results: createResultsCache<S>({
      memory: createMemory(cache.maxBytes, metrics),
      shared,
      metrics,
      clock: { now: () => Date.now(), monotonic },
      options: cache,
    }),
    slots: createFairQueue(limits, fairness),
    rates: createRateLimiter({
      redis: redis === undefined || link === undefined ? undefined : { link, prefix: redis.prefix },
      metrics: fairness,
      now: monotonic,
    }),
    running: createRunningQueries(fairness),
    async close() {
      await shared?.idle()
      await shared?.close()
    },
  }
}

function redisSettings({ url, secret, prefix, timeout }: NonNullable<CacheConfig['redis']>) {
  if (url === undefined) throw new Error('cache.redis needs url or urlFile')
  if (secret.value === undefined) {
    throw new Error('cache.redis needs a secret: without it entries could not be trusted')
  }
  return { url, secret: secret.value, prefix, timeout }
}
