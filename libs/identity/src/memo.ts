import { GatehouseError } from '@gatehouse/errors'
import { LRUCache } from 'lru-cache'

/** How old a remembered answer may get before it is asked for again, in ms. Bounds how long a revoked credential still works. */
export const freshMs = 1_000

interface Entry<V> {
  readonly value: V
  readonly at: number
}

/** Remembers a look-up for {@link freshMs}; concurrent callers of one key share one look-up. */
export interface Memo<V> {
  get(key: string, load: () => Promise<V>): Promise<V>
}

/**
 * Creates a memo of at most 10,000 keys.
 * @param maxStaleMs While the store is unavailable, a remembered answer is used up to this age; older, the error is thrown.
 */
export function createMemo<V extends object>(maxStaleMs: number, now: () => number): Memo<V> {
  const entries = new LRUCache<string, Entry<V>>({ max: 10_000 })
  const pending = new Map<string, Promise<V>>()

  const refresh = async (key: string, load: () => Promise<V>): Promise<V> => {
    // The age counts from the question, not from the answer: a slow answer must not stretch the bound.
    const at = now()
    try {
      const value = await load()
      entries.set(key, { value, at })
      return value
    } catch (error) {
      const known = entries.get(key)
      const isOutage = error instanceof GatehouseError && error.code === 'unavailable'
      if (isOutage && known !== undefined && now() - known.at <= maxStaleMs) return known.value
      if (!isOutage) entries.delete(key)
      throw error
    } finally {
      pending.delete(key)
    }
  }
  return {
    get(key, load) {
      const known = entries.get(key)
      if (known !== undefined && now() - known.at < freshMs) return Promise.resolve(known.value)
      let answer = pending.get(key)
      if (answer === undefined) {
        answer = refresh(key, load)
        pending.set(key, answer)
      }
      return answer
    },
  }
}
