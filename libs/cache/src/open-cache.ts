import type { CacheConfig } from '@gatehouse/config'
import type { Logger, Metrics } from '@gatehouse/telemetry'
import { createMemory } from './memory.ts'
import { createCacheMetrics } from './metrics.ts'
import { createRedisLink } from './redis/link.ts'
import { createSealer } from './redis/sealed.ts'
import { createSharedLevel } from './redis/shared-level.ts'
import { createResultsCache, type ResultsCache } from './results-cache.ts'

export interface OpenCacheDeps {
  readonly config: CacheConfig
  readonly metrics: Metrics
  readonly log: Logger
}

/** The results cache of a process, with what must be closed in the end. */
export interface OpenCache<S> extends ResultsCache<S> {
  /** Waits for writes to the second level and closes the connection. */
  close(): Promise<void>
}

/**
 * Opens the results cache as configured: in this process, and in Redis if there is one. It does not wait for Redis.
 * @throws Error if Redis is configured without a URL or without a secret to sign entries.
 */
export function openResultsCache<S>({ config, metrics: registry, log }: OpenCacheDeps): OpenCache<S> {
  const metrics = createCacheMetrics(registry)
  const { redis } = config
  const shared = redis === undefined ? undefined : openShared(redis, metrics, log)
  const cache = createResultsCache<S>({
    memory: createMemory(config.maxBytes, metrics),
    shared,
    metrics,
    clock: { now: Date.now, monotonic: () => performance.now() },
    options: config,
  })
  return {
    ...cache,
    async close() {
      await shared?.idle()
      await shared?.close()
    },
  }
}

function openShared(
  { url, secret, prefix, timeout }: NonNullable<CacheConfig['redis']>,
  metrics: ReturnType<typeof createCacheMetrics>,
  log: Logger,
) {
  if (url === undefined) throw new Error('cache.redis needs url or urlFile')
  if (secret.value === undefined)
    throw new Error('cache.redis needs a secret: without it entries cannot be trusted')
  const link = createRedisLink({ url, timeout, metrics, log })
  return createSharedLevel(link, createSealer(secret.value, prefix), metrics)
}
