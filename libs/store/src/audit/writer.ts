import type { AuditEvent } from '@gatehouse/audit'
import type { Pool } from '../pool.ts'
import { adoptSpools } from './adopt.ts'
import { type ShipperStats, startShipper } from './shipper.ts'
import { Spool, type SpoolOptions, type SpoolStats } from './spool.ts'

/** How a process records audit events. */
export interface AuditWriterOptions extends SpoolOptions {
  /** Where the events are shipped to. */
  readonly pool: Pool
  /** Hears of faults that no caller sees (background work). */
  readonly onError?: (error: unknown) => void
}

/** Figures of a writer. */
export interface AuditWriterStats extends SpoolStats, ShipperStats {}

/** Records a process's audit events: first in its spool, then in Postgres. */
export interface AuditWriter {
  /** The writer's name in its chains. */
  readonly writer: string
  /**
   * Records an event; resolves when it is durable on this machine. The answer may leave then, and not before.
   * @throws GatehouseError `audit_unavailable` if it cannot be recorded
   */
  append(event: AuditEvent): Promise<void>
  stats(): AuditWriterStats
  /** Refuses new events, waits for accepted ones, ships for at most `timeoutMs` (default 5,000) and gives the spool free. */
  close(timeoutMs?: number): Promise<void>
}

const adoptEveryMs = 30_000

/**
 * Opens this process's spool (taking up what a killed predecessor left), starts shipping it, and looks after abandoned
 * spools in the same folder.
 * @throws GatehouseError `conflict` if another running process uses this writer's name
 */
export async function createAuditWriter(options: AuditWriterOptions): Promise<AuditWriter> {
  const { pool, onError = () => {} } = options
  const spool = await Spool.open(options)
  const shipper = startShipper(spool, pool)
  const stopping = new AbortController()
  let adopting: Promise<unknown> = Promise.resolve()
  const adopt = (): void => {
    adopting = adopting.then(() => adoptSpools(options.dir, pool, stopping.signal)).catch(onError)
  }
  adopt()
  const timer = setInterval(adopt, adoptEveryMs).unref()
  return {
    writer: spool.writer,
    async append(event) {
      await spool.append(event)
      shipper.wake()
    },
    stats: () => ({ ...spool.stats(), ...shipper.stats() }),
    async close(timeoutMs = 5_000) {
      clearInterval(timer)
      await spool.close(async () => {
        await shipper.stop(timeoutMs)
        stopping.abort()
        await adopting
      })
    },
  }
}
