/** How often something may be done: `burst` at once, then one every `refillMs`. */
export interface Rate {
  readonly burst: number
  readonly refillMs: number
}

/** Counts what keys do, in this process only. */
export interface RateLimit {
  /** Takes one from the key's bucket; seconds until there is one again if it is empty, else undefined. */
  take(key: string): number | undefined
}

interface Bucket {
  left: number
  /** ms. */
  at: number
}

// A key costs about 200 bytes; whoever has this many addresses is not stopped by a limit per address.
const maxKeys = 20_000

/** Creates a token bucket for each key. @param now ms on a clock that never goes back. */
export function createRateLimit({ burst, refillMs }: Rate, now: () => number): RateLimit {
  const buckets = new Map<string, Bucket>()
  const leftOf = (key: string, at: number): number => {
    const bucket = buckets.get(key)
    if (bucket === undefined) return burst
    return Math.min(burst, bucket.left + (at - bucket.at) / refillMs)
  }
  const waitOf = (left: number): number | undefined =>
    left >= 1 ? undefined : Math.max(1, Math.ceil(((1 - left) * refillMs) / 1_000))
  return {
    take(key) {
      const at = now()
      const left = leftOf(key, at)
      const wait = waitOf(left)
      // Last used last, so that the first of the map is the one idle longest.
      buckets.delete(key)
      const [idle] = buckets.keys()
      if (buckets.size >= maxKeys && idle !== undefined) buckets.delete(idle)
      buckets.set(key, { left: wait === undefined ? left - 1 : left, at })
      return wait
    },
  }
}
