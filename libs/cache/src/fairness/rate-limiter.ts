import { GatehouseError } from '@gatehouse/errors'
import { LRUCache } from 'lru-cache'
import type { Leased } from './leases.ts'
import type { FairnessMetrics } from './metrics.ts'

/** A token bucket: `perSecond` in the long run, `burst` at once. */
export interface Rate {
  readonly perSecond: number
  readonly burst: number
}

/** Limits how often something happens, by key. */
export interface RateLimiter {
  /**
   * Takes one token of each bucket, or none. Processes that lease share buckets; without an answer each counts for itself.
   * @throws GatehouseError `too_many_requests` with Retry-After when one is empty.
   */
  take(buckets: readonly Wanted[]): Promise<void>
}

/** A bucket of which a token is wanted. */
export interface Wanted {
  readonly key: string
  readonly rate: Rate
}

/** Takes whole tokens of a bucket, `want` at most: as many as there are; undefined if there is no answer. */
export type Lease = (key: string, rate: Rate, want: number) => Promise<Leased | undefined>

export interface RateLimiterDeps {
  /** Leases tokens that are counted for several processes; without it each bucket is this process's own. */
  readonly lease: Lease | undefined
  readonly metrics: FairnessMetrics
  /** Monotonic, ms. */
  readonly now: () => number
}

/** Requests of one turn of the event loop, for which tokens are leased together. */
interface Batch {
  want: number
  readonly leased: Promise<Leased | undefined>
}

interface Bucket {
  /** Tokens counted here, used while nothing can be leased. */
  tokens: number
  at: number
  /** Leased tokens that were given back, and until when they hold. */
  returned: number
  returnedUntil: number
  /** Until when there are none to lease. */
  emptyUntil: number
  batch: Batch | undefined
}

/** Tokens that a request gives back, as another of its buckets was empty, are there for others of this process so long. */
const returnedHoldMs = 1_000
const maxBuckets = 100_000

/** A token that was taken, or after how many ms there may be one. */
type Taken = { readonly undo: () => void } | { readonly waitMs: number }

/** Creates the limiter. Buckets that were not used for long are forgotten, which only fills them. */
export function createRateLimiter({ lease: take, metrics, now }: RateLimiterDeps): RateLimiter {
  const buckets = new LRUCache<string, Bucket>({ max: maxBuckets })

  const bucketOf = (key: string, { burst }: Rate): Bucket => {
    let bucket = buckets.get(key)
    if (bucket === undefined) {
      bucket = {
        tokens: burst,
        at: now(),
        returned: 0,
        returnedUntil: 0,
        emptyUntil: 0,
        batch: undefined,
      }
      buckets.set(key, bucket)
    }
    return bucket
  }

  const takeLocal = (bucket: Bucket, { perSecond, burst }: Rate): Taken => {
    const at = now()
    bucket.tokens = Math.min(burst, bucket.tokens + ((at - bucket.at) * perSecond) / 1000)
    bucket.at = at
    if (bucket.tokens >= 1) {
      bucket.tokens -= 1
      return { undo: () => void (bucket.tokens += 1) }
    }
    return { waitMs: ((1 - bucket.tokens) / perSecond) * 1000 }
  }

  /** Leases for those who wait, and no more: what one process kept in store would be refused to requests of another. */
  const gather = (take: Lease, bucket: Bucket, { key, rate }: Wanted): Batch => {
    const lease = async (): Promise<Leased | undefined> => {
      await Promise.resolve()
      bucket.batch = undefined
      const leased = await take(key, rate, batch.want)
      if (leased !== undefined && leased.given < batch.want) bucket.emptyUntil = now() + leased.waitMs
      return leased
    }
    const batch: Batch = { want: 0, leased: lease() }
    return batch
  }

  const takeOne = async ({ key, rate }: Wanted): Promise<Taken> => {
    const bucket = bucketOf(key, rate)
    if (take === undefined) return takeLocal(bucket, rate)
    const undo = (): void => {
      bucket.returned += 1
      bucket.returnedUntil = now() + returnedHoldMs
    }
    if (now() >= bucket.returnedUntil) bucket.returned = 0
    if (bucket.returned >= 1) {
      bucket.returned -= 1
      return { undo }
    }
    if (now() < bucket.emptyUntil) return { waitMs: bucket.emptyUntil - now() }
    bucket.batch ??= gather(take, bucket, { key, rate })
    const { batch } = bucket
    const place = batch.want
    batch.want += 1
    const leased = await batch.leased
    if (leased === undefined) return takeLocal(bucket, rate)
    return place < leased.given ? { undo } : { waitMs: leased.waitMs }
  }

  return {
    async take(wanted) {
      // All at once, so that a slow answer is waited for once.
      const taken = await Promise.all(
        wanted.map(async ({ key, rate }) => ({ rate, one: await takeOne({ key, rate }) })),
      )
      for (const { rate, one } of taken) {
        if (!('waitMs' in one)) continue
        for (const other of taken) if ('undo' in other.one) other.one.undo()
        metrics.refusals.inc({ reason: 'rate' })
        throw new GatehouseError(
          'too_many_requests',
          `more than ${rate.perSecond} requests per second; try again later`,
          { retryAfter: Math.max(1, Math.ceil(one.waitMs / 1000)) },
        )
      }
    },
  }
}
