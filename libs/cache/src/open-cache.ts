import { join } from 'node:path'
import type { CacheConfig, LimitsConfig } from '@gatehouse/config'
import type { Logger, Metrics } from '@gatehouse/telemetry'
import { createFairQueue, type FairQueue } from './fairness/fair-queue.ts'
import { createFairnessMetrics } from './fairness/metrics.ts'
import { createRateLimiter, type Lease, type RateLimiter } from './fairness/rate-limiter.ts'
import { createRunningQueries, type RunningQueries } from './fairness/running-queries.ts'
import { createMemory } from './memory.ts'
import { createCacheMetrics } from './metrics.ts'
import { createRedisLink } from './redis/link.ts'
import { createRedisLease } from './redis/redis-lease.ts'
import { createSealer } from './redis/sealed.ts'
import { createSharedLevel } from './redis/shared-level.ts'
import { createResultsCache, type ResultsCache } from './results-cache.ts'
import { type Link, type Listener, linkTo, listenAt } from './workers/links.ts'
import { createNear } from './workers/near.ts'
import type { Handlers } from './workers/peer.ts'
import { createRemoteLease } from './workers/remote-leases.ts'
import { createRemoteSlots } from './workers/remote-slots.ts'
import { createSharedResults, dropStreamed, type Streamed } from './workers/shared-results.ts'

/** One of several processes of a gateway. */
export interface WorkerPlace {
  /** Number of this process, from 0. */
  readonly slot: number
  readonly count: number
  /** Folder of the sockets by which they reach each other. */
  readonly dir: string
}

export interface OpenCacheDeps<S> {
  readonly cache: CacheConfig
  readonly limits: LimitsConfig
  readonly metrics: Metrics
  readonly log: Logger
  /** Undefined for a gateway of one process. */
  readonly worker: WorkerPlace | undefined
  /** What other processes may ask of this one, besides its share of the cache. */
  readonly handlers?: Handlers
  /** Gives a stream up that nobody takes. */
  readonly drop: (stream: S, reason: Error) => void
}

/** What a gateway process has of cache and fairness. `S` is the kind of stream for answers too large to hold. */
export interface OpenCache<S> {
  readonly results: ResultsCache<S>
  readonly slots: FairQueue
  readonly rates: RateLimiter
  readonly running: RunningQueries
  /** The way to the process that looks after the others; undefined if there is none. */
  readonly primary: Link | undefined
  /** Waits for writes to the second level and closes the connections. */
  close(): Promise<void>
}

/** Path of a process's socket. */
export function socketOf(dir: string, slot: number | 'primary'): string {
  return join(dir, `${slot}.sock`)
}

const reachMs = 3_000
/** A worker keeps a quarter of its memory for copies of what others own. */
const nearShare = 0.25

/**
 * Opens them as configured: in this process, shared with the other processes of the gateway, and through Redis if there is one. It
 * does not wait for Redis.
 * @throws Error if Redis is configured without a URL or without a secret to sign entries, or the worker's socket cannot be made.
 */
export async function openCache<S>(deps: OpenCacheDeps<S>): Promise<OpenCache<S>> {
  const { cache, limits, metrics: registry, log, worker } = deps
  const metrics = createCacheMetrics(registry)
  const fairness = createFairnessMetrics(registry)
  const redis = cache.redis === undefined ? undefined : redisSettings(cache.redis)
  const link = redis === undefined ? undefined : createRedisLink({ ...redis, metrics, log })
  const sealer = redis && createSealer(redis.secret, redis.prefix)
  const shared =
    sealer === undefined || link === undefined ? undefined : createSharedLevel(link, sealer, metrics)
  const monotonic = (): number => performance.now()
  const own = Math.floor(cache.maxBytes / (worker?.count ?? 1))
  const near = Math.floor(own * nearShare)
  const local = createResultsCache<Streamed<S>>({
    memory: createMemory(worker === undefined ? own : own - near, metrics),
    shared,
    metrics,
    clock: { now: () => Date.now(), monotonic },
    // The fetch decides which answers it holds: those of one shard to maxEntryBytes, merged ones always.
    options: { ...cache, maxEntryBytes: Math.max(cache.maxEntryBytes, cache.maxMergedBytes) },
    drop: (stream) => dropStreamed(stream, deps.drop),
  })
  const links = worker === undefined ? undefined : createLinks(worker)
  const { results, handlers } = createSharedResults<S>({
    local,
    neighbours: {
      slot: worker?.slot ?? 0,
      count: worker?.count ?? 1,
      peer: (slot) => links?.workers[slot]?.peer,
    },
    near: createNear(near, monotonic),
    metrics,
    drop: deps.drop,
  })
  const listener = await links?.open({ ...handlers, ...deps.handlers })
  const lease = firstOf(
    sealer === undefined || link === undefined ? undefined : createRedisLease(link, sealer.name),
    links && createRemoteLease(() => links.primary?.peer),
  )
  return {
    results,
    slots:
      links === undefined ? createFairQueue(limits, fairness) : createRemoteSlots(() => links.primary?.peer),
    rates: createRateLimiter({ lease, metrics: fairness, now: monotonic }),
    running: createRunningQueries(fairness),
    primary: links?.primary,
    async close() {
      links?.close()
      await listener?.close()
      await shared?.idle()
      await shared?.close()
    },
  }
}

/** Asks one after the other until there is an answer: all gateways, then all processes of this one. */
function firstOf(...leases: readonly (Lease | undefined)[]): Lease | undefined {
  const known = leases.filter((lease) => lease !== undefined)
  if (known.length < 2) return known[0]
  return async (key, rate, want) => {
    for (const lease of known) {
      const leased = await lease(key, rate, want)
      if (leased !== undefined) return leased
    }
    return undefined
  }
}

/** The ways from one worker to the others and to the primary. */
function createLinks({ slot, count, dir }: WorkerPlace) {
  const workers: (Link | undefined)[] = []
  let primary: Link | undefined
  return {
    workers,
    get primary() {
      return primary
    },
    /** Listens, and waits a little for the others, so that they do not begin by each for itself. */
    async open(handlers: Handlers): Promise<Listener> {
      const listener = await listenAt(socketOf(dir, slot), handlers)
      primary = linkTo(socketOf(dir, 'primary'), handlers)
      for (let other = 0; other < count; other += 1)
        workers[other] = other === slot ? undefined : linkTo(socketOf(dir, other), handlers)
      const reached = [primary, ...workers].flatMap((one) => (one === undefined ? [] : [one.reached]))
      const { promise: late, resolve } = Promise.withResolvers<void>()
      const timer = setTimeout(resolve, reachMs)
      await Promise.race([Promise.all(reached), late])
      clearTimeout(timer)
      return listener
    },
    close() {
      for (const one of [primary, ...workers]) one?.close()
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
