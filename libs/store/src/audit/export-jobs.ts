import { randomUUID } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import { type Manifest, manifestSchema, type Signer } from '@gatehouse/audit'
import { GatehouseError, isGatehouseError } from '@gatehouse/errors'
import type { Pool } from '../pool.ts'
import { exportCsv } from './csv.ts'
import { exportAudit, type ExportOptions, type ExportRequest } from './export.ts'
import type { AuditFilter } from './filter.ts'
import { type AuditTransaction, orgOf, withAudit } from './scope.ts'

/** Formats of an export: NDJSON is evidence and comes with a manifest, CSV is a view. */
export type ExportFormat = 'ndjson' | 'csv'

/** An export that is made in the background. */
export interface ExportJob {
  readonly uid: string
  readonly org: string | null
  readonly format: ExportFormat
  readonly filter: AuditFilter
  readonly requestedBy: string
  readonly requestedAt: Date
  readonly state: 'queued' | 'running' | 'done' | 'failed' | 'cancelled'
  readonly events: number
  /** How many there will be, where that is known beforehand. */
  readonly expected: number | null
  /** Compressed. */
  readonly bytes: number
  readonly manifest: Manifest | null
  readonly error: string | null
}

const columns = `uid, org_uid as org, format, filter, requested_by as "requestedBy", requested_at as "requestedAt", state,
  events::float8 as events, expected::float8 as expected, bytes::float8 as bytes, manifest, error`

function toJob(row: ExportJob): ExportJob {
  return row.manifest === null ? row : { ...row, manifest: manifestSchema.parse(row.manifest) }
}

/** Exports of one scope that may wait at once. */
const maxWaiting = 5

/**
 * Asks for an export of the scope's events.
 * @throws GatehouseError `too_many_requests` if several of the scope wait already
 */
export async function requestExport(
  tx: AuditTransaction,
  request: { readonly format: ExportFormat; readonly filter: AuditFilter; readonly requestedBy: string },
): Promise<string> {
  const uid = `x-${randomUUID()}`
  const [waiting] = await tx.rows<{ n: number }>(
    `select count(*)::int as n from audit_exports where state in ('queued', 'running') and org_uid is not distinct from $1`,
    [orgOf(tx)],
  )
  if ((waiting?.n ?? 0) >= maxWaiting)
    throw new GatehouseError('too_many_requests', 'other exports are being made', { retryAfter: 60 })
  await tx.rows(
    'insert into audit_exports (uid, org_uid, format, filter, requested_by) values ($1, $2, $3, $4, $5)',
    [uid, orgOf(tx), request.format, JSON.stringify(request.filter), request.requestedBy],
  )
  return uid
}

/** An export of the scope. */
export async function findExport(tx: AuditTransaction, uid: string): Promise<ExportJob | undefined> {
  const rows = await tx.rows<ExportJob>(
    `select ${columns} from audit_exports where uid = $1 and ($2::text is null or org_uid = $2)`,
    [uid, orgOf(tx)],
  )
  return rows.map(toJob)[0]
}

/** Exports of the scope, newest first. */
export async function listExports(tx: AuditTransaction): Promise<ExportJob[]> {
  const rows = await tx.rows<ExportJob>(
    `select ${columns} from audit_exports where $1::text is null or org_uid = $1 order by requested_at desc, uid`,
    [orgOf(tx)],
  )
  return rows.map(toJob)
}

/** Ends an export of the scope that waits or runs, and removes what it had; whether there was one. */
export async function cancelExport(tx: AuditTransaction, uid: string): Promise<boolean> {
  const rows = await tx.rows(
    `update audit_exports set state = 'cancelled', moved_at = now(), bytes = 0
     where uid = $1 and ($2::text is null or org_uid = $2) and state in ('queued', 'running') returning uid`,
    [uid, orgOf(tx)],
  )
  if (rows.length > 0) await tx.rows('delete from audit_export_chunks where export_uid = $1', [uid])
  return rows.length > 0
}

/** When an export is removed. */
export function exportExpiry({ requestedAt }: Pick<ExportJob, 'requestedAt'>): Date {
  return new Date(requestedAt.getTime() + keepExportsMs)
}

/** Gzip members of a finished export, in order; together one gzip file. */
export async function* readExport(pool: Pool, job: ExportJob): AsyncGenerator<Buffer> {
  const scope = job.org === null ? 'all' : { org: job.org }
  for (let n = 0; ; n++) {
    const rows = await withAudit(pool, scope, (tx) =>
      tx.rows<{ bytes: Buffer }>('select bytes from audit_export_chunks where export_uid = $1 and n = $2', [
        job.uid,
        n,
      ]),
    )
    const chunk = rows[0]?.bytes
    if (chunk === undefined) return
    yield chunk
  }
}

const keepExportsMs = 7 * 86_400_000

/** Removes exports that are past their expiry. */
export async function pruneExports(pool: Pool, now: number): Promise<void> {
  const before = new Date(now - keepExportsMs)
  await withAudit(pool, 'all', (tx) => tx.rows('delete from audit_exports where requested_at < $1', [before]))
}

const takenUpAfter = `interval '1 minute'`

/** Takes the next waiting export, or one whose process died. */
async function takeNext(pool: Pool): Promise<ExportJob | undefined> {
  return withAudit(pool, 'all', async (tx) => {
    const rows = await tx.rows<ExportJob>(
      `update audit_exports set state = 'running', moved_at = now(), events = 0, bytes = 0
       where uid = (
         select uid from audit_exports
         where state = 'queued' or state = 'running' and moved_at < now() - ${takenUpAfter}
         order by requested_at limit 1 for update skip locked)
       returning ${columns}`,
    )
    const [job] = rows
    if (job !== undefined) await tx.rows('delete from audit_export_chunks where export_uid = $1', [job.uid])
    return job
  })
}

const chunkLength = 4 << 20

/** Keeps the job for this transaction, as long as nobody cancelled it or took it up. */
async function requireRunning(tx: AuditTransaction, uid: string): Promise<void> {
  const running = await tx.rows(`select from audit_exports where uid = $1 and state = 'running' for update`, [
    uid,
  ])
  if (running.length === 0) throw new GatehouseError('conflict', 'the export was cancelled')
}

/** Collects text into compressed chunks. */
function createChunks(pool: Pool, { uid, org }: ExportJob) {
  let pending: string[] = []
  let length = 0
  let n = 0
  async function flush(): Promise<void> {
    if (length === 0) return
    const bytes = gzipSync(pending.join(''), { level: 6 })
    pending = []
    length = 0
    const values = [uid, org, n, bytes]
    n += 1
    await withAudit(pool, 'all', async (tx) => {
      await requireRunning(tx, uid)
      await tx.rows(
        'insert into audit_export_chunks (export_uid, org_uid, n, bytes) values ($1, $2, $3, $4)',
        values,
      )
      await tx.rows('update audit_exports set bytes = bytes + $2 where uid = $1', [uid, bytes.length])
    })
  }
  return {
    async write(text: string): Promise<void> {
      pending.push(text)
      length += text.length
      if (length >= chunkLength) await flush()
    },
    flush,
  }
}

async function make(pool: Pool, job: ExportJob, signer: Signer): Promise<Manifest | null> {
  const request: ExportRequest = { scope: job.org === null ? 'all' : { org: job.org }, filter: job.filter }
  const chunks = createChunks(pool, job)
  const onProgress: ExportOptions['onProgress'] = async (events, expected) => {
    await withAudit(pool, 'all', async (tx) => {
      await requireRunning(tx, job.uid)
      await tx.rows('update audit_exports set events = $2, expected = $3, moved_at = now() where uid = $1', [
        job.uid,
        events,
        expected ?? null,
      ])
    })
  }
  const options = { signer, write: chunks.write, onProgress }
  let manifest: Manifest | null = null
  if (job.format === 'csv') await exportCsv(pool, request, options)
  else manifest = await exportAudit(pool, request, options)
  await chunks.flush()
  return manifest
}

/**
 * Makes the next waiting export, if there is one. A failure is kept with the export, for whoever asked for it.
 * @throws what was not expected to go wrong, after it was kept
 * @returns whether there was one
 */
export async function runNextExport(pool: Pool, signer: Signer): Promise<boolean> {
  const job = await takeNext(pool)
  if (job === undefined) return false
  const settle = (state: 'done' | 'failed', manifest: Manifest | null, error: string | null) =>
    withAudit(pool, 'all', (tx) =>
      tx.rows(
        `update audit_exports set state = $2, error = $3, manifest = $4, moved_at = now() where uid = $1 and state = 'running'`,
        [job.uid, state, error, manifest === null ? null : JSON.stringify(manifest)],
      ),
    )
  try {
    await settle('done', await make(pool, job, signer), null)
  } catch (fault) {
    const isExpected = isGatehouseError(fault) && fault.code !== 'internal'
    await settle('failed', null, isExpected ? fault.message : 'internal error')
    if (!isExpected) throw fault
  }
  return true
}
