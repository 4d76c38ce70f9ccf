import { GatehouseError } from '@gatehouse/errors'
import { LRUCache } from 'lru-cache'
import type { RedisLink } from '../redis/link.ts'
import type { FairnessMetrics } from './metrics.ts'

/** A token bucket: `perSecond` in the long run, `burst` at once. */
export interface Rate {
  readonly perSecond: number
  readonly burst: number
}

/** Limits how often something happens, by key. */
export interface RateLimiter {
  /**
   * Takes one token of each bucket. With Redis the gateways share buckets; without an answer of Redis each counts for itself.
   * @throws GatehouseError `too_many_requests` with Retry-After when one is empty.
   */
  take(buckets: readonly { readonly key: string; readonly rate: Rate }[]): Promise<void>
}

export interface RateLimiterDeps {
  readonly redis: { readonly link: RedisLink; readonly prefix: string } | undefined
  readonly metrics: FairnessMetrics
  /** Monotonic, ms. */
  readonly now: () => number
}

interface Bucket {
  /** Tokens counted here, used while Redis does not answer. */
  tokens: number
  at: number
  /** Tokens leased from Redis and not yet used, and until when they hold. */
  leased: number
  leasedUntil: number
  /** Until when Redis said it would have none. */
  emptyUntil: number
  lease: Promise<void> | undefined
}

/** Takes ARGV[3] whole tokens at most. Answers how many, and after how many ms there will be one. */
const leaseScript = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local rate, burst, want = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local bucket = redis.call('HMGET', KEYS[1], 'tokens', 'at')
local at = tonumber(bucket[2]) or now
local tokens = math.min(burst, (tonumber(bucket[1]) or burst) + math.max(0, now - at) * rate / 1000)
local given = math.min(want, math.floor(tokens))
tokens = tokens - given
redis.call('HSET', KEYS[1], 'tokens', tostring(tokens), 'at', tostring(now))
redis.call('PEXPIRE', KEYS[1], math.ceil(burst / rate * 1000) + 1000)
return {given, math.ceil((1 - tokens) / rate * 1000)}
`
/** Tokens are leased for a tenth of a second, so that a busy key asks Redis ten times a second, not at every request. */
const leaseSeconds = 0.1
const leaseHoldsMs = 1_000
const maxBuckets = 100_000

/** Creates the limiter. Buckets that were not used for long are forgotten, which only fills them. */
export function createRateLimiter({ redis, metrics, now }: RateLimiterDeps): RateLimiter {
  const buckets = new LRUCache<string, Bucket>({ max: maxBuckets })

  const bucketOf = (key: string, { burst }: Rate): Bucket => {
    let bucket = buckets.get(key)
    if (bucket === undefined) {
      bucket = { tokens: burst, at: now(), leased: 0, leasedUntil: 0, emptyUntil: 0, lease: undefined }
      buckets.set(key, bucket)
    }
    return bucket
  }

  const takeLocal = (bucket: Bucket, { perSecond, burst }: Rate): number => {
    const at = now()
    bucket.tokens = Math.min(burst, bucket.tokens + ((at - bucket.at) * perSecond) / 1000)
    bucket.at = at
    if (bucket.tokens >= 1) {
      bucket.tokens -= 1
      return 0
    }
    return ((1 - bucket.tokens) / perSecond) * 1000
  }

  const lease = async (bucket: Bucket, key: string, { perSecond, burst }: Rate): Promise<void> => {
    if (redis === undefined) return
    const want = Math.min(burst, Math.max(1, Math.ceil(perSecond * leaseSeconds)))
    const reply = await redis.link.run('lease', (client) =>
      client.eval(leaseScript, {
        keys: [`${redis.prefix}:rate:${key}`],
        arguments: [perSecond, burst, want].map(String),
      }),
    )
    const [given, waitMs] = Array.isArray(reply) ? reply.map(Number) : []
    if (given === undefined || waitMs === undefined) return
    bucket.leased += given
    bucket.leasedUntil = now() + leaseHoldsMs
    if (given === 0) bucket.emptyUntil = now() + waitMs
  }

  /** @returns 0 when a token was taken, else after how many ms there may be one. */
  const takeOne = async (key: string, rate: Rate): Promise<number> => {
    const bucket = bucketOf(key, rate)
    if (redis === undefined) return takeLocal(bucket, rate)
    for (;;) {
      if (now() >= bucket.leasedUntil) bucket.leased = 0
      if (bucket.leased >= 1) {
        bucket.leased -= 1
        return 0
      }
      if (now() < bucket.emptyUntil) return bucket.emptyUntil - now()
      const before = bucket.leasedUntil
      bucket.lease ??= lease(bucket, key, rate).finally(() => {
        bucket.lease = undefined
      })
      await bucket.lease
      // Redis gave no answer.
      if (bucket.leasedUntil === before) return takeLocal(bucket, rate)
    }
  }

  return {
    async take(wanted) {
      for (const { key, rate } of wanted) {
        const waitMs = await takeOne(key, rate)
        if (waitMs === 0) continue
        metrics.refusals.inc({ reason: 'rate' })
        throw new GatehouseError(
          'too_many_requests',
          `more than ${rate.perSecond} requests per second; try again later`,
          { retryAfter: Math.max(1, Math.ceil(waitMs / 1000)) },
        )
      }
    },
  }
}
