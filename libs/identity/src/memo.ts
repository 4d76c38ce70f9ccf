import { GatehouseError } from '@gatehouse/errors'
import { LRUCache } from 'lru-cache'

/** How old a remembered answer may get before it is asked for again, in ms. Bounds how long a revoked credential still works. */
export const freshMs = 1_000
/** How long a caller waits for a store that is silent before it is taken to be away; ms. */
export const patienceMs = 1_000

interface Entry<V> {
  readonly value: V
  readonly at: number
}

interface Asking<V> {
  readonly answer: Promise<V>
  readonly since: number
}

/** Remembers a look-up for {@link freshMs}; concurrent callers of one key share one look-up. */
export interface Memo<V> {
  get(key: string, load: () => Promise<V>): Promise<V>
}

const silent = Symbol('silent')

/** An answer, if it comes within so long. */
async function within<V>(ms: number, answer: Promise<V>): Promise<V | typeof silent> {
  const { promise, resolve } = Promise.withResolvers<typeof silent>()
  const timer = setTimeout(() => resolve(silent), Math.max(0, ms))
  try {
    return await Promise.race([answer, promise])
  } finally {
    clearTimeout(timer)
  }
}

function isOutage(error: unknown): error is GatehouseError {
  return error instanceof GatehouseError && error.code === 'unavailable'
}

/**
 * Creates a memo of at most 10,000 keys.
 * @param maxStaleMs While the store is unavailable, or has been silent for {@link patienceMs}, a remembered answer is used up to this
 *   age; older, the error is thrown.
 */
export function createMemo<V extends object>(maxStaleMs: number, now: () => number): Memo<V> {
  const entries = new LRUCache<string, Entry<V>>({ max: 10_000 })
  const pending = new Map<string, Asking<V>>()
  /** From the first look-up that failed to the first that does not. */
  let isAway = false
  let failedAt = Number.NEGATIVE_INFINITY

  const load = async (key: string, ask: () => Promise<V>): Promise<V> => {
    // The age counts from the question, not from the answer: a slow answer must not stretch the bound.
    const at = now()
    try {
      const value = await ask()
      entries.set(key, { value, at })
      isAway = false
      failedAt = Number.NEGATIVE_INFINITY
      return value
    } catch (error) {
      if (isOutage(error)) {
        isAway = true
        failedAt = now()
      } else entries.delete(key)
      throw error
    } finally {
      pending.delete(key)
    }
  }

  const asking = (key: string, ask: () => Promise<V>): Asking<V> => {
    const running = pending.get(key)
    if (running !== undefined) return running
    const begun = { answer: load(key, ask), since: now() }
    begun.answer.catch(() => {})
    pending.set(key, begun)
    return begun
  }

  /** What is remembered, while it may still be used. */
  const usable = (key: string): V | undefined => {
    const known = entries.get(key)
    return known !== undefined && now() - known.at <= maxStaleMs ? known.value : undefined
  }

  return {
    async get(key, ask) {
      const known = entries.get(key)
      if (known !== undefined && now() - known.at < freshMs) return known.value
      const { answer, since } = asking(key, ask)
      // Nothing to fall back on, and no reason to think that none will come.
      if (usable(key) === undefined && !isAway) return answer
      let outage = new GatehouseError('unavailable', 'the store does not answer', { retryAfter: 1 })
      try {
        const given = await within(now() - failedAt < freshMs ? 0 : since + patienceMs - now(), answer)
        if (given !== silent) return given
      } catch (error) {
        if (!isOutage(error)) throw error
        outage = error
      }
      const value = usable(key)
      if (value === undefined) throw outage
      return value
    },
  }
}
