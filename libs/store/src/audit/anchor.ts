import { canonicalJson, type Checkpoint } from '@gatehouse/audit'
import type { Pool } from '../pool.ts'
import { appendLines } from './append-lines.ts'
import { listCheckpoints } from './checkpoints.ts'
import { type AuditTransaction, withAudit } from './scope.ts'

/** A place outside this database that keeps copies of checkpoints. */
export interface Anchor {
  /** Stable name. */
  readonly name: string
  /** Keeps a copy; once it resolves, the copy is durable. The same checkpoint may come twice. */
  keep(checkpoint: Checkpoint): Promise<void>
}

/** A file that copies are appended to, one JSON object a line; best on a disk that only lets append. */
export function createFileAnchor(name: string, path: string): Anchor {
  return {
    name,
    keep: (checkpoint) => appendLines(path, `${canonicalJson(checkpoint)}\n`),
  }
}

const requestTimeoutMs = 10_000

/**
 * A URL that copies are sent to: a webhook, or an object store behind a gateway. `{number}` in the URL stands for the checkpoint's
 * number, zero-padded, for stores that keep one object each.
 */
export function createHttpAnchor(
  name: string,
  options: {
    readonly url: string
    readonly method?: 'POST' | 'PUT'
    readonly headers?: Readonly<Record<string, string>>
  },
): Anchor {
  return {
    name,
    async keep(checkpoint) {
      const number = String(checkpoint.statement.number).padStart(12, '0')
      const response = await fetch(options.url.replaceAll('{number}', number), {
        method: options.method ?? 'POST',
        headers: { 'content-type': 'application/json', 'idempotency-key': number, ...options.headers },
        body: canonicalJson(checkpoint),
        redirect: 'error',
        signal: AbortSignal.timeout(requestTimeoutMs),
      })
      await response.body?.cancel()
      if (!response.ok) throw new Error(`anchor ${name} answered ${response.status}`)
    },
  }
}

/** How far an anchor has come. */
export interface AnchorStatus {
  readonly sink: string
  readonly number: number
  readonly at: Date
  readonly failingSince: Date | null
  readonly error: string | null
}

/** How far every anchor has come. */
export function listAnchors(tx: AuditTransaction): Promise<AnchorStatus[]> {
  return tx.rows<AnchorStatus>(
    `select sink, number::float8 as number, at, failing_since as "failingSince", error from audit_anchors order by sink`,
  )
}

function noteKept(tx: AuditTransaction, sink: string, number: number): Promise<unknown> {
  return tx.rows(
    `insert into audit_anchors (sink, number) values ($1, $2)
     on conflict (sink) do update set number = excluded.number, at = now(), failing_since = null, error = null`,
    [sink, number],
  )
}

function noteFailure(tx: AuditTransaction, sink: string, error: unknown): Promise<unknown> {
  return tx.rows(
    `insert into audit_anchors as a (sink, number, failing_since, error) values ($1, 0, now(), left($2, 500))
     on conflict (sink) do update set failing_since = coalesce(a.failing_since, now()), error = excluded.error`,
    [sink, String(error)],
  )
}

const batch = 100

/**
 * Brings an anchor up to date with the checkpoints, in order; what fails is tried again by the next call.
 * @returns how many copies were made
 */
export async function anchorCheckpoints(pool: Pool, anchor: Anchor): Promise<number> {
  const from = await withAudit(pool, 'all', async (tx) => {
    const anchors = await listAnchors(tx)
    return anchors.find(({ sink }) => sink === anchor.name)?.number ?? 0
  })
  const due = await withAudit(pool, 'all', (tx) => listCheckpoints(tx, from, batch))
  for (const checkpoint of due) {
    try {
      await anchor.keep(checkpoint)
    } catch (error) {
      await withAudit(pool, 'all', (tx) => noteFailure(tx, anchor.name, error))
      throw error
    }
    await withAudit(pool, 'all', (tx) => noteKept(tx, anchor.name, checkpoint.statement.number))
  }
  return due.length
}
