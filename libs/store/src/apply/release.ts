import { GatehouseError } from '@gatehouse/errors'
import type { OrgTransaction } from '../transaction.ts'

/**
 * Hands the access of the entered org from files to the API: what files declared stays as it is and is changed through the API from
 * now on. `applyAccess` refuses the org then, unless it is told to adopt it.
 * @throws GatehouseError `not_found` for an org that does not exist.
 */
export async function releaseToApi(tx: OrgTransaction): Promise<void> {
  const rows = await tx.rows(`update orgs set managed = 'api' where uid = app_org() returning uid`)
  if (rows.length === 0) throw new GatehouseError('not_found', 'there is no such org')
  await tx.rows(`update folders set origin = 'content' where org_uid = app_org() and origin = 'policy'`)
}
