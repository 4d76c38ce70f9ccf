import { randomUUID } from 'node:crypto'
import type { AuditFilter } from './filter.ts'
import { type AuditTransaction, orgOf } from './scope.ts'

/** A search under a name: of one person, or shared with everybody who reads the scope's log. */
export interface SavedView {
  readonly uid: string
  readonly userUid: string
  readonly name: string
  readonly filter: AuditFilter
  readonly isShared: boolean
}

type NewView = Omit<SavedView, 'uid'>

const columns = 'uid, user_uid as "userUid", name, filter, is_shared as "isShared"'
const isOf = '(org_uid = $1 or ($1::text is null and org_uid is null)) and (user_uid = $2 or is_shared)'

/** Views of the scope that a person sees, by name: their own, and those that are shared. */
export function listViews(tx: AuditTransaction, userUid: string): Promise<SavedView[]> {
  return tx.rows<SavedView>(`select ${columns} from audit_views where ${isOf} order by name, uid`, [
    orgOf(tx),
    userUid,
  ])
}

/** A view of the scope that this person sees. */
export async function findView(
  tx: AuditTransaction,
  userUid: string,
  uid: string,
): Promise<SavedView | undefined> {
  const rows = await tx.rows<SavedView>(`select ${columns} from audit_views where ${isOf} and uid = $3`, [
    orgOf(tx),
    userUid,
    uid,
  ])
  return rows[0]
}

/**
 * Saves a new view in the scope.
 * @throws GatehouseError `conflict` if the person has one of this name there
 */
export async function createView(tx: AuditTransaction, view: NewView): Promise<SavedView> {
  const uid = `v-${randomUUID()}`
  await tx.rows(
    'insert into audit_views (uid, org_uid, user_uid, name, filter, is_shared) values ($1, $2, $3, $4, $5, $6)',
    [uid, orgOf(tx), view.userUid, view.name, JSON.stringify(view.filter), view.isShared],
  )
  return { uid, ...view }
}

/** Changes a view that was found in the scope. @throws GatehouseError `conflict` as {@link createView}. */
export async function updateView(tx: AuditTransaction, view: SavedView): Promise<void> {
  await tx.rows('update audit_views set name = $2, filter = $3, is_shared = $4 where uid = $1', [
    view.uid,
    view.name,
    JSON.stringify(view.filter),
    view.isShared,
  ])
}

/** Removes a view that was found in the scope. */
export async function deleteView(tx: AuditTransaction, uid: string): Promise<void> {
  await tx.rows('delete from audit_views where uid = $1', [uid])
}
