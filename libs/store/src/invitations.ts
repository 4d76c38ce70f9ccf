import { lookUp } from './look-up.ts'
import type { Pool } from './pool.ts'
import type { OrgTransaction, Transaction } from './transaction.ts'

/** Notes that a member of the entered org did not come themselves yet. Until they do, the org sees `name` of them and nothing else. */
export async function invite(tx: OrgTransaction, userUid: string, name: string): Promise<void> {
  await tx.rows(
    'insert into invitations (org_uid, user_uid, name) values (app_org(), $1, $2) on conflict do nothing',
    [userUid, name],
  )
}

/** Makes an invited person, who came, a member of the entered org like any other; false if they were not invited. */
export async function acceptInvitation(tx: OrgTransaction, userUid: string): Promise<boolean> {
  const rows = await tx.rows(
    'delete from invitations where org_uid = app_org() and user_uid = $1 returning 1',
    [userUid],
  )
  return rows.length > 0
}

const select = 'select org_uid from find_invitations($1)'

/** Orgs a person is invited to, in the order of their uids. */
export async function findInvitations(tx: Transaction, userUid: string): Promise<readonly string[]> {
  return (await tx.rows<{ org_uid: string }>(select, [userUid])).map(({ org_uid }) => org_uid)
}

/** As {@link findInvitations}, outside a transaction. */
export async function lookUpInvitations(pool: Pool, userUid: string): Promise<readonly string[]> {
  return (await lookUp<{ org_uid: string }>(pool, select, [userUid])).map(({ org_uid }) => org_uid)
}
