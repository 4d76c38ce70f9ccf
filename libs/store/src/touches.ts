import { toGatehouseError } from '@gatehouse/errors'
import { lookUp } from './look-up.ts'
import type { Pool } from './pool.ts'

const flushMs = 5_000
// A use is written to the second, but a row at most once in this time: uses must not become the main load of the store.
const rewriteMs = 30_000
const maxRemembered = 100_000

const statements = {
  token: 'select touch_tokens($1, $2)',
  session: 'select touch_sessions($1, $2)',
} as const

/** Collects uses of tokens and sessions and writes them every few seconds. */
export function createTouches(pool: Pool, onError: (error: Error) => void) {
  const noted = { token: new Map<string, Date>(), session: new Map<string, Date>() }
  const written = new Map<string, number>()

  const flush = async (kind: 'token' | 'session'): Promise<void> => {
    const batch = [...noted[kind]]
    if (batch.length === 0) return
    noted[kind].clear()
    try {
      await lookUp(pool, statements[kind], [batch.map(([hash]) => hash), batch.map(([, at]) => at)])
    } catch (error) {
      onError(toGatehouseError(error))
    }
  }
  const flushAll = async (): Promise<void> => {
    await flush('token')
    await flush('session')
  }
  const timer = setInterval(() => void flushAll(), flushMs)
  timer.unref()

  return {
    note(kind: 'token' | 'session', hash: string): void {
      const at = Date.now()
      if (at - (written.get(hash) ?? 0) < rewriteMs) return
      if (written.size >= maxRemembered) written.clear()
      written.set(hash, at)
      noted[kind].set(hash, new Date(at))
    },
    async close(): Promise<void> {
      clearInterval(timer)
      await flushAll()
    },
  }
}
