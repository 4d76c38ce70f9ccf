import type { OrgTransaction } from '../transaction.ts'
import type { Period } from './audited-uses.ts'

/** A rehearsal as kept. Times are ms since the epoch. */
export interface RehearsalRecord extends Period {
  readonly uid: string
  /** SHA-256 of the proposed document, hex. */
  readonly documentSha256: string
  readonly createdBy: string
  readonly createdAt: number
  readonly report: unknown
}

type Row = {
  uid: string
  document_sha256: string
  since: Date
  until: Date
  created_by: string
  created_at: Date
  report: unknown
}

/** Keeps the report of a rehearsal. */
export async function keepRehearsal(
  tx: OrgTransaction,
  { uid, documentSha256, since, until, createdBy, report }: Omit<RehearsalRecord, 'createdAt'>,
): Promise<void> {
  await tx.rows(
    `insert into rehearsals (org_uid, uid, document_sha256, since, until, created_by, report)
     values (app_org(), $1, $2, $3, $4, $5, $6)`,
    [uid, documentSha256, new Date(since), new Date(until), createdBy, JSON.stringify(report)],
  )
}

/** The rehearsal of the entered org with this uid. */
export async function findRehearsal(tx: OrgTransaction, uid: string): Promise<RehearsalRecord | undefined> {
  const [row] = await tx.rows<Row>(
    `select uid, document_sha256, since, until, created_by, created_at, report from rehearsals
     where org_uid = app_org() and uid = $1`,
    [uid],
  )
  return (
    row && {
      uid: row.uid,
      documentSha256: row.document_sha256,
      since: row.since.getTime(),
      until: row.until.getTime(),
      createdBy: row.created_by,
      createdAt: row.created_at.getTime(),
      report: row.report,
    }
  )
}
