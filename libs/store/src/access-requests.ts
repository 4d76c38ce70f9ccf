import { randomUUID } from 'node:crypto'
import { GatehouseError } from '@gatehouse/errors'
import type { OrgTransaction } from './transaction.ts'

/** A place somebody asks to have access at. */
export interface RequestedPlace {
  readonly kind: 'org' | 'folder' | 'data-source' | 'dashboard'
  readonly uid: string
}

/** A request for access. Times are ms since the epoch. */
export interface AccessRequest {
  readonly uid: string
  readonly userUid: string
  readonly role: string
  readonly where: RequestedPlace
  /** How long the access is to last, ms. */
  readonly lasts: number
  readonly reason: string
  readonly status: 'pending' | 'approved' | 'denied' | 'withdrawn'
  readonly createdAt: number
  readonly decidedBy: string | undefined
  readonly decidedAt: number | undefined
  readonly note: string
  readonly grantUid: string | undefined
}

type Row = {
  uid: string
  user_uid: string
  role: string
  where_kind: RequestedPlace['kind']
  where_uid: string
  lasts_seconds: number
  reason: string
  status: AccessRequest['status']
  created_at: Date
  decided_by: string | null
  decided_at: Date | null
  note: string
  grant_uid: string | null
}
const columns = `uid, user_uid, role, where_kind, where_uid, lasts_seconds, reason, status, created_at, decided_by, decided_at, note,
  grant_uid`

function requestOf(row: Row): AccessRequest {
  return {
    uid: row.uid,
    userUid: row.user_uid,
    role: row.role,
    where: { kind: row.where_kind, uid: row.where_uid },
    lasts: row.lasts_seconds * 1000,
    reason: row.reason,
    status: row.status,
    createdAt: row.created_at.getTime(),
    decidedBy: row.decided_by ?? undefined,
    decidedAt: row.decided_at?.getTime(),
    note: row.note,
    grantUid: row.grant_uid ?? undefined,
  }
}

const maxPending = 20

/** Stores a request. @throws GatehouseError `too_many_requests` if the person has too many that nobody decided yet. */
export async function createAccessRequest(
  tx: OrgTransaction,
  request: Pick<AccessRequest, 'userUid' | 'role' | 'where' | 'lasts' | 'reason'>,
): Promise<AccessRequest> {
  const { userUid, role, where, lasts, reason } = request
  const [pending] = await tx.rows<{ n: number }>(
    `select count(*)::int as n from access_requests where org_uid = app_org() and user_uid = $1 and status = 'pending'`,
    [userUid],
  )
  if ((pending?.n ?? 0) >= maxPending)
    throw new GatehouseError('too_many_requests', `you have ${maxPending} requests that nobody decided yet`)
  const [row] = await tx.rows<Row>(
    `insert into access_requests (org_uid, uid, user_uid, role, where_kind, where_uid, lasts_seconds, reason)
     values (app_org(), $1, $2, $3, $4, $5, $6, $7) returning ${columns}`,
    [`r-${randomUUID()}`, userUid, role, where.kind, where.uid, Math.round(lasts / 1000), reason],
  )
  if (row === undefined) throw new GatehouseError('internal', 'no row was made')
  return requestOf(row)
}

/** Requests of the entered org, newest first. */
export async function listAccessRequests(
  tx: OrgTransaction,
  status?: AccessRequest['status'],
): Promise<readonly AccessRequest[]> {
  const rows = await tx.rows<Row>(
    `select ${columns} from access_requests where org_uid = app_org() and ($1::text is null or status = $1)
     order by created_at desc, uid`,
    [status ?? null],
  )
  return rows.map(requestOf)
}

/**
 * The pending request with this uid; who decides it at the same moment waits for this transaction.
 * @throws GatehouseError `not_found`; `conflict` if it is decided.
 */
export async function lockAccessRequest(tx: OrgTransaction, uid: string): Promise<AccessRequest> {
  const [row] = await tx.rows<Row>(
    `select ${columns} from access_requests where org_uid = app_org() and uid = $1 for update`,
    [uid],
  )
  if (row === undefined) throw new GatehouseError('not_found', 'there is no such request')
  if (row.status !== 'pending') throw new GatehouseError('conflict', `the request is ${row.status} already`)
  return requestOf(row)
}

/** Writes the decision on a locked request. */
export async function decideAccessRequest(
  tx: OrgTransaction,
  uid: string,
  decision: {
    readonly status: Exclude<AccessRequest['status'], 'pending'>
    readonly by: string
    readonly note: string
    readonly grantUid?: string
  },
): Promise<AccessRequest> {
  const { status, by, note, grantUid = null } = decision
  const [row] = await tx.rows<Row>(
    `update access_requests set status = $2, decided_by = $3, decided_at = now(), note = $4, grant_uid = $5
     where org_uid = app_org() and uid = $1 returning ${columns}`,
    [uid, status, by, note, grantUid],
  )
  if (row === undefined) throw new GatehouseError('not_found', 'there is no such request')
  return requestOf(row)
}
