import type { Pool } from '../../pool.ts'
import { chainKey, currentPositions, type Positions, readNew } from '../follow.ts'
import { type AuditTransaction, withAudit } from '../scope.ts'
import type { Sink } from './sink.ts'

/** How a sink fares. */
export interface SinkStatus {
  readonly sink: string
  readonly sent: number
  readonly sentAt: Date | null
  /** Seconds by which it is behind; 0 if it has everything. */
  readonly lagSeconds: number
  readonly failingSince: Date | null
  readonly error: string | null
}

/** How every sink fares. */
export function listSinks(tx: AuditTransaction): Promise<SinkStatus[]> {
  return tx.rows<SinkStatus>(
    `select sink, sent::float8 as sent, sent_at as "sentAt", failing_since as "failingSince", error,
       coalesce(greatest(0, extract(epoch from now() - behind_since)), 0)::float8 as "lagSeconds"
     from audit_sinks order by sink`,
  )
}

const leaseSeconds = 30

/** Makes this process the one that feeds the sink, for a while; a new sink begins with what comes from now on. */
async function takeLease(tx: AuditTransaction, sink: string, holder: string): Promise<boolean> {
  const made = await tx.rows(
    'insert into audit_sinks (sink) values ($1) on conflict do nothing returning sink',
    [sink],
  )
  if (made.length > 0) await savePositions(tx, sink, await currentPositions(tx))
  const rows = await tx.rows(
    `update audit_sinks set holder = $2, lease_until = now() + make_interval(secs => $3)
     where sink = $1 and (holder is null or holder = $2 or lease_until < now()) returning sink`,
    [sink, holder, leaseSeconds],
  )
  return rows.length > 0
}

async function loadPositions(tx: AuditTransaction, sink: string): Promise<Positions> {
  const rows = await tx.rows<{ writer: string; org: string | null; seq: number }>(
    'select writer, org_uid as org, seq::float8 as seq from audit_sink_positions where sink = $1',
    [sink],
  )
  return new Map(rows.map(({ writer, org, seq }) => [chainKey(writer, org), seq]))
}

async function savePositions(tx: AuditTransaction, sink: string, positions: Positions): Promise<void> {
  await tx.rows(
    `insert into audit_sink_positions (sink, writer, org_uid, seq)
     select $1, (p ->> 0)::jsonb ->> 0, (p ->> 0)::jsonb ->> 1, (p ->> 1)::bigint from jsonb_array_elements($2::jsonb) p
     on conflict (sink, writer, org_uid) do update set seq = excluded.seq where audit_sink_positions.seq < excluded.seq`,
    [sink, JSON.stringify([...positions])],
  )
}

async function noteSent(tx: AuditTransaction, sink: string, events: number, isMore: boolean): Promise<void> {
  await tx.rows(
    `update audit_sinks set sent = sent + $2, sent_at = case when $2 > 0 then now() else sent_at end,
       behind_since = case when $3 then coalesce(behind_since, now()) end, failing_since = null, error = null
     where sink = $1`,
    [sink, events, isMore],
  )
}

async function noteFailure(
  tx: AuditTransaction,
  sink: string,
  oldest: string,
  error: unknown,
): Promise<void> {
  await tx.rows(
    `update audit_sinks set failing_since = coalesce(failing_since, now()), error = left($3, 500),
       behind_since = least(behind_since, $2::timestamptz)
     where sink = $1`,
    [sink, oldest, String(error)],
  )
}

/** Feeds a sink. */
export interface Feed {
  /**
   * Sends what is new, one batch.
   * @returns whether there is more at once
   * @throws what the sink threw; the same events come again with the next call
   */
  step(): Promise<boolean>
  /** Lets another process feed the sink at once. */
  release(): Promise<void>
}

/** Creates the feed of one sink in this process; among several processes one feeds at a time. */
export function createFeed(pool: Pool, sink: Sink, holder: string): Feed {
  const all = <T>(work: (tx: AuditTransaction) => Promise<T>): Promise<T> => withAudit(pool, 'all', work)
  return {
    async step() {
      const read = await all(async (tx) => {
        if (!(await takeLease(tx, sink.name, holder))) return undefined
        const positions = await loadPositions(tx, sink.name)
        return { positions, ...(await readNew(tx, positions)) }
      })
      if (read === undefined) return false
      const { events, positions, isMore, hasMoved } = read
      const sent = sink.identities === true ? events : events.map((event) => ({ ...event, identity: null }))
      try {
        if (sent.length > 0) await sink.send(sent)
      } catch (error) {
        const oldest = events[0]?.event.at ?? new Date().toISOString()
        await all((tx) => noteFailure(tx, sink.name, oldest, error))
        throw error
      }
      await all(async (tx) => {
        if (hasMoved) await savePositions(tx, sink.name, positions)
        await noteSent(tx, sink.name, sent.length, isMore)
      })
      return isMore
    },
    async release() {
      await all((tx) =>
        tx.rows('update audit_sinks set holder = null where sink = $1 and holder = $2', [sink.name, holder]),
      )
    },
  }
}
