import { randomUUID } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import { type Manifest, manifestSchema, type Signer } from '@gatehouse/audit'
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
  readonly state: 'queued' | 'running' | 'done' | 'failed'
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

/** Asks for an export of the scope's events. */
export async function requestExport(
  tx: AuditTransaction,
  request: { readonly format: ExportFormat; readonly filter: AuditFilter; readonly requestedBy: string },
): Promise<string> {
  const uid = `x-${randomUUID()}`
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
export async function listExports(tx: AuditTransaction, limit = 100): Promise<ExportJob[]> {
  const rows = await tx.rows<ExportJob>(
    `select ${columns} from audit_exports where $1::text is null or org_uid = $1 order by requested_at desc limit $2`,
    [orgOf(tx), limit],
  )
  return rows.map(toJob)
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

/** Removes exports that are older than this. */
export async function pruneExports(pool: Pool, before: Date): Promise<void> {
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
    await withAudit(pool, 'all', (tx) =>
      tx.rows('update audit_exports set events = $2, expected = $3, moved_at = now() where uid = $1', [
        job.uid,
        events,
        expected ?? null,
      ]),
    )
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
 * @returns whether there was one
 */
export async function runNextExport(pool: Pool, signer: Signer): Promise<boolean> {
  const job = await takeNext(pool)
  if (job === undefined) return false
  let [state, error, manifest]: ['done' | 'failed', string | null, Manifest | null] = ['done', null, null]
  try {
    manifest = await make(pool, job, signer)
  } catch (fault) {
    state = 'failed'
    error = fault instanceof Error ? fault.message : String(fault)
  }
  await withAudit(pool, 'all', (tx) =>
    tx.rows(
      'update audit_exports set state = $2, error = $3, manifest = $4, moved_at = now() where uid = $1',
      [job.uid, state, error, manifest === null ? null : JSON.stringify(manifest)],
    ),
  )
  return true
}
