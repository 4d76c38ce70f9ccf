import pg from 'pg'

/** A pool of connections to Postgres. Only this package sends statements through it. */
export type Pool = pg.Pool

/** How to reach Postgres. */
export interface PoolOptions {
  readonly url: string
  /** Connections at most; default 10. */
  readonly size?: number
  /** Faults of idle connections (a failover, say): the pool mends itself, an unheard one would end the process. */
  readonly onError?: (error: Error) => void
}

const connectTimeoutMs = 3_000
const statementTimeoutMs = 10_000

/** Creates the pool of one process. Nothing connects before the first statement; no statement waits for ever. */
export function createPool({ url, size = 10, onError }: PoolOptions): Pool {
  const pool = new pg.Pool({
    connectionString: url,
    max: size,
    connectionTimeoutMillis: connectTimeoutMs,
    idleTimeoutMillis: 30_000,
    statement_timeout: statementTimeoutMs,
    idle_in_transaction_session_timeout: statementTimeoutMs,
    // For a server that stopped answering at all, where it cannot time out by itself.
    query_timeout: statementTimeoutMs + 2_000,
    application_name: 'gatehouse',
  })
  pool.on('error', (error) => onError?.(error))
  // The pool hears idle clients only; one that is lost in the middle of a transaction, between two statements, would end the process.
  pool.on('connect', (client) => client.on('error', (error) => onError?.(error)))
  return pool
}
