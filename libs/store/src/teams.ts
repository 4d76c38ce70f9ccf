import type { Team } from '@gatehouse/authz'
import type { OrgTransaction } from './transaction.ts'

/** Teams of the entered org. */
export async function listTeams(tx: OrgTransaction): Promise<readonly Team[]> {
  return tx.rows<{ uid: string; name: string; idpGroups: string[] }>(
    'select uid, name, idp_groups as "idpGroups" from teams where org_uid = app_org() order by uid',
  )
}
