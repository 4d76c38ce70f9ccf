import type { OrgTransaction } from '../transaction.ts'

/** A query that has been running for a while. */
export interface RunningRow {
  readonly uid: string
  readonly requestId: string
  readonly principalUid: string
  readonly dataSourceUid: string
  readonly endpoint: string
  readonly query: string
  readonly fingerprint: string
  /** ms since the epoch. */
  readonly startedAt: number
}

const maxQueryLength = 4_096

/** Replaces what one process runs in the entered org. */
export async function writeRunning(
  tx: OrgTransaction,
  process: string,
  queries: readonly RunningRow[],
): Promise<void> {
  await tx.rows('delete from running_queries where org_uid = app_org() and process = $1', [process])
  if (queries.length === 0) return
  const rows = queries.map((one) => ({
    uid: one.uid,
    request_id: one.requestId,
    principal_uid: one.principalUid,
    data_source_uid: one.dataSourceUid,
    endpoint: one.endpoint,
    query: one.query.slice(0, maxQueryLength),
    fingerprint: one.fingerprint,
    started_at: new Date(one.startedAt).toISOString(),
  }))
  await tx.rows(
    `insert into running_queries (org_uid, process, uid, request_id, principal_uid, data_source_uid, endpoint, query, fingerprint, started_at)
     select app_org(), $1, r.uid, r.request_id, r.principal_uid, r.data_source_uid, r.endpoint, r.query, r.fingerprint, r.started_at
     from jsonb_to_recordset($2::jsonb) r (uid text, request_id text, principal_uid text, data_source_uid text, endpoint text,
       query text, fingerprint text, started_at timestamptz)`,
    [process, JSON.stringify(rows)],
  )
}

/** What runs in the entered org, longest first. What a process has not said again for some seconds is over. */
export async function listRunning(tx: OrgTransaction): Promise<readonly RunningRow[]> {
  const rows = await tx.rows<{
    uid: string
    request_id: string
    principal_uid: string
    data_source_uid: string
    endpoint: string
    query: string
    fingerprint: string
    started_at: Date
  }>(
    `select uid, request_id, principal_uid, data_source_uid, endpoint, query, fingerprint, started_at from running_queries
     where org_uid = app_org() and seen_at > now() - interval '10 seconds' order by started_at, uid limit 1000`,
  )
  return rows.map((row) => ({
    uid: row.uid,
    requestId: row.request_id,
    principalUid: row.principal_uid,
    dataSourceUid: row.data_source_uid,
    endpoint: row.endpoint,
    query: row.query,
    fingerprint: row.fingerprint,
    startedAt: row.started_at.getTime(),
  }))
}
