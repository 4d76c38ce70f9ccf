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
  take(buckets: readonly { readonly key: string; readonly rate: Rate }[]): Promise<void>
}

/** Takes whole tokens of a bucket, `want` at most; undefined if there is no answer. */
export type Lease = (key: string, rate: Rate, want: number) => Promise<Leased | undefined>

export interface RateLimiterDeps {
  /** Leases tokens that are counted for several processes; without it each bucket is this process's own. */
  readonly lease: Lease | undefined
  readonly metrics: FairnessMetrics
  /** Monotonic, ms. */
  readonly now: () => number
}

interface Bucket {
  /** Tokens counted here, used while nothing can be leased. */
  tokens: number
  at: number
  /** Tokens leased and not yet used, and until when they hold. */
  leased: number
  leasedUntil: number
  /** Until when there are none to lease. */
  emptyUntil: number
  lease: Promise<void> | undefined
}

/** Tokens are leased for a tenth of a second, so that a busy key is asked for ten times a second, not at every request. */
const leaseSeconds = 0.1
const leaseHoldsMs = 1_000
const maxBuckets = 100_000

/** A token that was taken, or after how many ms there may be one. */
type Taken = { readonly undo: () => void } | { readonly waitMs: number }

/** Creates the limiter. Buckets that were not used for long are forgotten, which only fills them. */
export function createRateLimiter({ lease: take, metrics, now }: RateLimiterDeps): RateLimiter {
  const buckets = new LRUCache<string, Bucket>({ max: maxBuckets })

  const bucketOf = (key: string, { burst }: Rate): Bucket => {
    let bucket = buckets.get(key)
    if (bucket === undefined) {
      bucket = { tokens: burst, at: now(), leased: 0, leasedUntil: 0, emptyUntil: 0, lease: undefined }
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

  const lease = async (bucket: Bucket, key: string, rate: Rate): Promise<void> => {
    const want = Math.min(rate.burst, Math.max(1, Math.ceil(rate.perSecond * leaseSeconds)))
    const leased = await take?.(key, rate, want)
    if (leased === undefined) return
    bucket.leased += leased.given
    bucket.leasedUntil = now() + leaseHoldsMs
    if (leased.given === 0) bucket.emptyUntil = now() + leased.waitMs
  }

  const takeOne = async (key: string, rate: Rate): Promise<Taken> => {
    const bucket = bucketOf(key, rate)
    if (take === undefined) return takeLocal(bucket, rate)
    for (;;) {
      if (now() >= bucket.leasedUntil) bucket.leased = 0
      if (bucket.leased >= 1) {
        bucket.leased -= 1
        return { undo: () => void (bucket.leased += 1) }
      }
      if (now() < bucket.emptyUntil) return { waitMs: bucket.emptyUntil - now() }
      const before = bucket.leasedUntil
      bucket.lease ??= lease(bucket, key, rate).finally(() => {
        bucket.lease = undefined
      })
      await bucket.lease
      // There was no answer.
      if (bucket.leasedUntil === before) return takeLocal(bucket, rate)
    }
  }

  return {
    async take(wanted) {
      // All at once, so that a slow answer is waited for once.
      const taken = await Promise.all(
        wanted.map(async ({ key, rate }) => ({ rate, one: await takeOne(key, rate) })),
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
