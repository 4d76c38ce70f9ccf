import { LRUCache } from 'lru-cache'
import type { Rate } from './rate-limiter.ts'

/** What a lease gave: whole tokens, and after how many ms there will be one. */
export interface Leased {
  readonly given: number
  readonly waitMs: number
}

const maxBuckets = 100_000

/** Creates buckets whose tokens are leased several at once, for processes that count on their own what they have leased. */
export function createLeases(now: () => number): (key: string, rate: Rate, want: number) => Leased {
  const buckets = new LRUCache<string, { tokens: number; at: number }>({ max: maxBuckets })
  return (key, { perSecond, burst }, want) => {
    const at = now()
    const bucket = buckets.get(key) ?? { tokens: burst, at }
    const tokens = Math.min(burst, bucket.tokens + ((at - bucket.at) * perSecond) / 1000)
    const given = Math.min(want, Math.floor(tokens))
    buckets.set(key, { tokens: tokens - given, at })
    return { given, waitMs: Math.ceil(((1 - (tokens - given)) / perSecond) * 1000) }
  }
}
