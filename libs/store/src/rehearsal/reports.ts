import { createHash } from 'node:crypto'
import type { AccessDocument } from '@gatehouse/authz'
import { GatehouseError } from '@gatehouse/errors'
import type { OrgTransaction } from '../transaction.ts'
import type { Period } from './audited-uses.ts'

/** A change that a rehearsal was made for. `at` in ms since the epoch. */
export interface AttachedChange {
  /** Its audit event, commit, ticket or address. */
  readonly change: string
  readonly by: string
  readonly at: number
}

/** A rehearsal as kept. Times are ms since the epoch. */
export interface RehearsalRecord extends Period {
  readonly uid: string
  /** SHA-256 of the proposed document, hex. */
  readonly documentSha256: string
  readonly createdBy: string
  readonly createdAt: number
  readonly state: 'running' | 'done' | 'failed'
  /** Share of the period that was looked at, 0 to 1, and the requests found in it. */
  readonly progress: number
  readonly requests: number
  /** Set if it failed. */
  readonly failure: string | undefined
  /** Set once it is done. */
  readonly report: unknown
  readonly attachedTo: readonly AttachedChange[]
}

/** SHA-256 of what a document declares: the same for every way of writing it. */
export function hashDocument(document: AccessDocument): string {
  return createHash('sha256').update(JSON.stringify(document)).digest('hex')
}

type Row = {
  uid: string
  document_sha256: string
  since: Date
  until: Date
  created_by: string
  created_at: Date
  state: RehearsalRecord['state']
  progress: number
  requests: string
  failure: string | null
  report: unknown
  attached_to: { change: string; by: string; at: string }[]
  is_silent: boolean
}
const columns = `uid, document_sha256, since, until, created_by, created_at, state, progress, requests, failure, report, attached_to,
  alive_at < now() - interval '1 minute' as is_silent`

function recordOf(row: Row): RehearsalRecord {
  const isInterrupted = row.state === 'running' && row.is_silent
  return {
    uid: row.uid,
    since: row.since.getTime(),
    until: row.until.getTime(),
    documentSha256: row.document_sha256,
    createdBy: row.created_by,
    createdAt: row.created_at.getTime(),
    state: isInterrupted ? 'failed' : row.state,
    progress: row.progress,
    requests: Number(row.requests),
    failure: isInterrupted ? 'it was interrupted; start it again' : (row.failure ?? undefined),
    report: row.report,
    attachedTo: row.attached_to.map(({ change, by, at }) => ({ change, by, at: Date.parse(at) })),
  }
}

/** Keeps a rehearsal that begins. */
export async function beginRehearsal(
  tx: OrgTransaction,
  begun: Period & Pick<RehearsalRecord, 'uid' | 'documentSha256' | 'createdBy'>,
): Promise<void> {
  const { uid, documentSha256, since, until, createdBy } = begun
  await tx.rows(
    `insert into rehearsals (org_uid, uid, document_sha256, since, until, created_by, state, progress)
     values (app_org(), $1, $2, $3, $4, $5, 'running', 0)`,
    [uid, documentSha256, new Date(since), new Date(until), createdBy],
  )
}

/** Notes how far a rehearsal has come. */
export async function noteRehearsalProgress(
  tx: OrgTransaction,
  uid: string,
  { progress, requests }: Pick<RehearsalRecord, 'progress' | 'requests'>,
): Promise<void> {
  await tx.rows(
    `update rehearsals set progress = $2, requests = $3, alive_at = now()
     where org_uid = app_org() and uid = $1 and state = 'running'`,
    [uid, progress, requests],
  )
}

/** Keeps what came of a rehearsal: its report, or why there is none. */
export async function endRehearsal(
  tx: OrgTransaction,
  uid: string,
  ending: { readonly report: { readonly requests: number } } | { readonly failure: string },
): Promise<void> {
  if ('failure' in ending)
    await tx.rows(
      `update rehearsals set state = 'failed', failure = left($2, 500) where org_uid = app_org() and uid = $1`,
      [uid, ending.failure],
    )
  else
    await tx.rows(
      `update rehearsals set state = 'done', progress = 1, requests = $3, report = $2 where org_uid = app_org() and uid = $1`,
      [uid, JSON.stringify(ending.report), ending.report.requests],
    )
}

/** The rehearsal of the entered org with this uid. */
export async function findRehearsal(tx: OrgTransaction, uid: string): Promise<RehearsalRecord | undefined> {
  const [row] = await tx.rows<Row>(
    `select ${columns} from rehearsals where org_uid = app_org() and uid = $1`,
    [uid],
  )
  return row && recordOf(row)
}

/** The latest rehearsals of the entered org, newest first, without their reports. */
export async function listRehearsals(tx: OrgTransaction): Promise<readonly RehearsalRecord[]> {
  const rows = await tx.rows<Row>(
    `select ${columns.replace('report,', 'null as report,')} from rehearsals where org_uid = app_org()
     order by created_at desc, uid`,
  )
  return rows.map(recordOf)
}

/** Attaches a finished rehearsal to a change. @throws GatehouseError `not_found`; `conflict` if it is not done. */
export async function attachRehearsal(
  tx: OrgTransaction,
  uid: string,
  { change, by }: Pick<AttachedChange, 'change' | 'by'>,
): Promise<RehearsalRecord> {
  const found = await findRehearsal(tx, uid)
  if (found === undefined) throw new GatehouseError('not_found', 'there is no such rehearsal')
  if (found.state !== 'done') throw new GatehouseError('conflict', `the rehearsal is ${found.state}`)
  const [row] = await tx.rows<Row>(
    `update rehearsals set attached_to = attached_to || jsonb_build_object('change', $2::text, 'by', $3::text, 'at', now())
     where org_uid = app_org() and uid = $1 returning ${columns}`,
    [uid, change, by],
  )
  if (row === undefined) throw new GatehouseError('not_found', 'there is no such rehearsal')
  return recordOf(row)
}
