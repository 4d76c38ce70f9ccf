import type { AuditFilter } from './filter.ts'
import { type AuditTransaction, orgOf } from './scope.ts'

/** A search that somebody saved for themselves. */
export interface SavedView {
  readonly name: string
  readonly filter: AuditFilter
}

/** Saved views of a person in the scope, by name. */
export function listViews(tx: AuditTransaction, userUid: string): Promise<SavedView[]> {
  return tx.rows<SavedView>(
    `select name, filter from audit_views
     where user_uid = $1 and (org_uid = $2 or ($2::text is null and org_uid is null)) order by name`,
    [userUid, orgOf(tx)],
  )
}

/** Saves a view under its name, in place of an earlier one. */
export async function saveView(
  tx: AuditTransaction,
  userUid: string,
  { name, filter }: SavedView,
): Promise<void> {
  await tx.rows(
    `insert into audit_views (org_uid, user_uid, name, filter) values ($1, $2, $3, $4)
     on conflict (org_uid, user_uid, name) do update set filter = excluded.filter`,
    [orgOf(tx), userUid, name, JSON.stringify(filter)],
  )
}

/** Removes a view; whether there was one. */
export async function deleteView(tx: AuditTransaction, userUid: string, name: string): Promise<boolean> {
  const rows = await tx.rows(
    `delete from audit_views where user_uid = $1 and name = $2
       and (org_uid = $3 or ($3::text is null and org_uid is null)) returning name`,
    [userUid, name, orgOf(tx)],
  )
  return rows.length > 0
}
