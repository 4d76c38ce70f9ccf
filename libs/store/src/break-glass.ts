import { randomUUID } from 'node:crypto'
import { GatehouseError } from '@gatehouse/errors'
import type { RequestedPlace } from './access-requests.ts'
import { createTemporaryGrant, endTemporaryGrant } from './temporary-grants.ts'
import type { OrgTransaction } from './transaction.ts'

/** Access somebody opened for themself in an emergency. Times are ms since the epoch. */
export interface BreakGlass {
  readonly uid: string
  readonly openedBy: string
  readonly where: RequestedPlace
  readonly reason: string
  readonly grantUid: string
  readonly openedAt: number
  readonly expiresAt: number
  readonly closedAt: number | undefined
  readonly reviewedBy: string | undefined
  readonly reviewedAt: number | undefined
  readonly reviewNote: string
}

type Row = {
  uid: string
  opened_by: string
  where_kind: RequestedPlace['kind']
  where_uid: string
  reason: string
  grant_uid: string
  opened_at: Date
  expires_at: Date
  closed_at: Date | null
  reviewed_by: string | null
  reviewed_at: Date | null
  review_note: string
}
const columns = `uid, opened_by, where_kind, where_uid, reason, grant_uid, opened_at, expires_at, closed_at, reviewed_by, reviewed_at,
  review_note`

function breakGlassOf(row: Row): BreakGlass {
  return {
    uid: row.uid,
    openedBy: row.opened_by,
    where: { kind: row.where_kind, uid: row.where_uid },
    reason: row.reason,
    grantUid: row.grant_uid,
    openedAt: row.opened_at.getTime(),
    expiresAt: row.expires_at.getTime(),
    closedAt: row.closed_at?.getTime(),
    reviewedBy: row.reviewed_by ?? undefined,
    reviewedAt: row.reviewed_at?.getTime(),
    reviewNote: row.review_note,
  }
}

function one(rows: readonly Row[]): BreakGlass {
  const [row] = rows
  if (row === undefined) throw new GatehouseError('not_found', 'there is no such break-glass access')
  return breakGlassOf(row)
}

/** Opens reading (or what another `role` gives) at a place for a person: a grant that ends by itself, and the record of it. */
export async function openBreakGlass(
  tx: OrgTransaction,
  opening: Pick<BreakGlass, 'openedBy' | 'where' | 'reason' | 'expiresAt'> & { readonly role?: string },
): Promise<BreakGlass> {
  const { openedBy, where, reason, expiresAt, role = 'viewer' } = opening
  const grantUid = await createTemporaryGrant(tx, {
    origin: 'break-glass',
    subject: { kind: 'user', uid: openedBy },
    role,
    where: where.kind === 'org' ? { kind: 'org' } : { kind: where.kind, uid: where.uid },
    constraints: [],
    notBefore: undefined,
    expiresAt,
    reason,
  })
  return one(
    await tx.rows<Row>(
      `insert into break_glass (org_uid, uid, opened_by, where_kind, where_uid, reason, grant_uid, expires_at)
       values (app_org(), $1, $2, $3, $4, $5, $6, $7) returning ${columns}`,
      [`bg-${randomUUID()}`, openedBy, where.kind, where.uid, reason, grantUid, new Date(expiresAt)],
    ),
  )
}

/** Break-glass accesses of the entered org, newest first; only those nobody reviewed yet if told so. */
export async function listBreakGlass(tx: OrgTransaction, onlyOpen: boolean): Promise<readonly BreakGlass[]> {
  const rows = await tx.rows<Row>(
    `select ${columns} from break_glass where org_uid = app_org() and (not $1 or reviewed_at is null)
     order by opened_at desc, uid`,
    [onlyOpen],
  )
  return rows.map(breakGlassOf)
}

/** The access with this uid, locked until the transaction ends. @throws GatehouseError `not_found` */
export async function lockBreakGlass(tx: OrgTransaction, uid: string): Promise<BreakGlass> {
  return one(
    await tx.rows<Row>(
      `select ${columns} from break_glass where org_uid = app_org() and uid = $1 for update`,
      [uid],
    ),
  )
}

/** Ends an access before its time. @throws GatehouseError `conflict` if it ended already. */
export async function closeBreakGlass(
  tx: OrgTransaction,
  { uid, grantUid }: BreakGlass,
): Promise<BreakGlass> {
  if (!(await endTemporaryGrant(tx, grantUid))) throw new GatehouseError('conflict', 'it has ended already')
  return one(
    await tx.rows<Row>(
      `update break_glass set closed_at = now() where org_uid = app_org() and uid = $1 returning ${columns}`,
      [uid],
    ),
  )
}

/** Writes that somebody looked at what was done. @throws GatehouseError `conflict` if somebody did already. */
export async function reviewBreakGlass(
  tx: OrgTransaction,
  uid: string,
  { by, note }: { readonly by: string; readonly note: string },
): Promise<BreakGlass> {
  const rows = await tx.rows<Row>(
    `update break_glass set reviewed_by = $2, reviewed_at = now(), review_note = $3
     where org_uid = app_org() and uid = $1 and reviewed_at is null returning ${columns}`,
    [uid, by, note],
  )
  if (rows.length === 0) throw new GatehouseError('conflict', 'it was reviewed already')
  return one(rows)
}

/** Accesses that are open, or were until a moment ago, with the uses noted so far; locked, without those another process looks at. */
export async function findBreakGlassInUse(
  tx: OrgTransaction,
): Promise<readonly { readonly access: BreakGlass; readonly used: number }[]> {
  const rows = await tx.rows<Row & { used: number }>(
    `select ${columns}, used from break_glass
     where org_uid = app_org() and coalesce(closed_at, expires_at) > now() - interval '10 minutes'
     order by uid for update skip locked`,
  )
  return rows.map((row) => ({ access: breakGlassOf(row), used: row.used }))
}

/** Writes how many uses of an access are noted. */
export async function noteBreakGlassUses(tx: OrgTransaction, uid: string, used: number): Promise<void> {
  await tx.rows('update break_glass set used = $2 where org_uid = app_org() and uid = $1', [uid, used])
}

/** How many audited requests were allowed by a grant since a time. */
export async function countGrantUses(tx: OrgTransaction, grantUid: string, since: number): Promise<number> {
  const [row] = await tx.rows<{ n: number }>(
    `select count(*)::int as n from audit_events
     where org_uid = app_org() and at >= $2 and class = 'query' and event #> '{decision,because}' @> $1::jsonb`,
    [JSON.stringify([{ grantUid }]), new Date(since)],
  )
  return row?.n ?? 0
}
