import type { ServiceAccount } from '@gatehouse/authz'
import type { OrgTransaction } from './transaction.ts'

type Row = { uid: string; name: string; team_uid: string | null; disabled: boolean }

/** Service accounts of the entered org. */
export async function listServiceAccounts(tx: OrgTransaction): Promise<readonly ServiceAccount[]> {
  const rows = await tx.rows<Row>(
    'select uid, name, team_uid, disabled from service_accounts where org_uid = app_org() order by uid',
  )
  return rows.map(({ uid, name, team_uid, disabled: isDisabled }) => ({
    uid,
    name,
    teamUid: team_uid ?? undefined,
    isDisabled,
  }))
}
