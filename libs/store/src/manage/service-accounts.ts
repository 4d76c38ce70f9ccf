import type { ServiceAccount } from '@gatehouse/authz'
import type { OrgTransaction } from '../transaction.ts'

type Row = { uid: string; name: string; team_uid: string | null; disabled: boolean }

function accountOf({ uid, name, team_uid, disabled: isDisabled }: Row): ServiceAccount {
  return { uid, name, teamUid: team_uid ?? undefined, isDisabled }
}

const columns = 'uid, name, team_uid, disabled'

/** Service accounts of the entered org, without those that stand behind share links. */
export async function listManagedAccounts(tx: OrgTransaction): Promise<readonly ServiceAccount[]> {
  const rows = await tx.rows<Row>(
    `select ${columns} from service_accounts where org_uid = app_org() and origin = 'policy' order by uid`,
  )
  return rows.map(accountOf)
}

/** The service account with this uid, unless it stands behind a share link. */
export async function findManagedAccount(
  tx: OrgTransaction,
  uid: string,
): Promise<ServiceAccount | undefined> {
  const [row] = await tx.rows<Row>(
    `select ${columns} from service_accounts where org_uid = app_org() and uid = $1 and origin = 'policy'`,
    [uid],
  )
  return row && accountOf(row)
}

/** Makes a service account. @throws GatehouseError `conflict` if the uid is taken, the team does not exist, or files declare the org's access. */
export async function createServiceAccount(
  tx: OrgTransaction,
  { uid, name, teamUid, isDisabled }: ServiceAccount,
): Promise<void> {
  await tx.rows(
    'insert into service_accounts (org_uid, uid, name, team_uid, disabled) values (app_org(), $1, $2, $3, $4)',
    [uid, name, teamUid ?? null, isDisabled],
  )
}

/**
 * Changes a service account. Disabling it is possible also where files declare the rest.
 * @throws GatehouseError `conflict` if the team does not exist, or files declare the org's access.
 */
export async function updateServiceAccount(
  tx: OrgTransaction,
  before: ServiceAccount,
  after: ServiceAccount,
): Promise<void> {
  if (before.isDisabled !== after.isDisabled)
    await tx.rows('update service_accounts set disabled = $2 where org_uid = app_org() and uid = $1', [
      before.uid,
      after.isDisabled,
    ])
  if (before.name !== after.name || before.teamUid !== after.teamUid)
    await tx.rows(
      'update service_accounts set name = $2, team_uid = $3 where org_uid = app_org() and uid = $1',
      [before.uid, after.name, after.teamUid ?? null],
    )
}

/** Deletes a service account with its tokens and the grants to it. @throws GatehouseError `conflict` if files declare the org's access. */
export async function deleteServiceAccount(tx: OrgTransaction, uid: string): Promise<void> {
  await tx.rows(`delete from service_accounts where org_uid = app_org() and uid = $1 and origin = 'policy'`, [
    uid,
  ])
}
