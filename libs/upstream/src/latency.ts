/** How long answers took lately. */
export interface Latency {
  /** Notes that an answer took, or that somebody waited in vain for, so many ms. */
  observe(ms: number): void
  /** Forgets what was: the replica is another one since. */
  forget(): void
  /** Moving average in ms; what was long ago counts less and less. */
  readonly average: number
}

const halfLifeMs = 10_000
const weight = 0.3

/** Creates an empty record. `now` is a monotonic clock in ms. */
export function createLatency(now: () => number): Latency {
  let value = 0
  let at = now()
  const decayed = (): number => value * 0.5 ** ((now() - at) / halfLifeMs)
  return {
    observe(ms) {
      value = decayed() * (1 - weight) + ms * weight
      at = now()
    },
    forget() {
      value = 0
    },
    get average() {
      return decayed()
    },
  }
}

const kept = 128
const sortEvery = 64
const fewest = 20

/** A percentile of the last 128 observations. */
export interface Percentile {
  observe(ms: number): void
  /** Undefined until there are twenty. */
  readonly value: number | undefined
}

/** Creates an empty record. @param share 0.95 for the 95th percentile. */
export function createPercentile(share: number): Percentile {
  const ring = new Float64Array(kept)
  let seen = 0
  let value: number | undefined
  return {
    observe(ms) {
      ring[seen % kept] = ms
      seen += 1
      if (seen !== fewest && seen % sortEvery !== 0) return
      const sorted = ring.slice(0, Math.min(seen, kept)).sort()
      value = sorted[Math.floor(sorted.length * share)]
    },
    get value() {
      return value
    },
  }
}
