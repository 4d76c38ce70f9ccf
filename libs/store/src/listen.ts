import pg from 'pg'
import type { Pool } from './pool.ts'

const reconnectMs = 1_000

/** What is told about notifications. */
export interface Listener {
  /** Called with each notification's payload. */
  readonly onNotification: (payload: string) => void
  /** Called after every (re)connection: what was said meanwhile is lost. */
  readonly onConnected: () => void
  readonly onError: (error: Error) => void
}

/**
 * Listens on a channel over a connection of its own (never one of the pool's, which could all be busy) and reconnects for as long as
 * it is not closed.
 */
export function listen(pool: Pool, channel: string, listener: Listener): { close(): Promise<void> } {
  let client: pg.Client | undefined
  let timer: NodeJS.Timeout | undefined
  let isClosed = false

  const retry = (): void => {
    client = undefined
    if (!isClosed) timer = setTimeout(connect, reconnectMs)
  }
  const connect = (): void => {
    const own = new pg.Client({
      connectionString: pool.options.connectionString,
      connectionTimeoutMillis: 3_000,
      keepAlive: true,
      application_name: 'gatehouse listen',
    })
    client = own
    own.on('error', listener.onError)
    own.on('notification', ({ payload }) => listener.onNotification(payload ?? ''))
    own
      .connect()
      .then(() => own.query(`listen ${own.escapeIdentifier(channel)}`))
      .then(
        () => {
          own.once('end', retry)
          listener.onConnected()
        },
        (error: unknown) => {
          listener.onError(error instanceof Error ? error : new Error(String(error)))
          void own.end().catch(() => undefined)
          retry()
        },
      )
  }
  connect()
  return {
    async close() {
      isClosed = true
      clearTimeout(timer)
      await client?.end().catch(() => undefined)
    },
  }
}
