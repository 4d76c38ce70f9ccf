import type { Resource, ResourceKind } from '@gatehouse/authz'
import { listGrants, type OrgTransaction } from '@gatehouse/store'
import { found } from '../../manage.ts'
import { dashboardResource, loadDashboard } from '../dashboards/resource.ts'
import { folderResource, loadFolder } from '../folders/resource.ts'
import { placeOf } from '../grants/holdings.ts'
import { accountResource, loadAccount } from '../service-accounts/resource.ts'

/** A resource as a question names it. */
export interface NamedResource {
  readonly kind: ResourceKind
  readonly uid: string
  /** For a dashboard or folder that need not be there: the folder it would be in. */
  readonly folderUid?: string | undefined
}

/** The resource with this kind and uid in the entered org. @throws GatehouseError `not_found`, the same for another org's as for none. */
export async function loadResource(
  tx: OrgTransaction,
  { kind, uid, folderUid }: NamedResource,
): Promise<Resource> {
  const { orgUid } = tx
  if (folderUid !== undefined && (kind === 'dashboard' || kind === 'folder'))
    return { kind, uid, orgUid, folderUid: (await loadFolder(tx, folderUid)).uid }
  switch (kind) {
    case 'org':
    case 'audit-log':
      return { kind, uid: found(uid === orgUid ? uid : undefined, 'org'), orgUid }
    case 'team':
    case 'data-source':
      return placeOf(tx, { kind, uid })
    case 'folder':
      return folderResource(await loadFolder(tx, uid), orgUid)
    case 'dashboard':
      return dashboardResource(await loadDashboard(tx, uid))
    case 'service-account':
      return accountResource(await loadAccount(tx, uid), orgUid)
    case 'role':
      return { kind, uid, orgUid }
    case 'grant': {
      const grants = await listGrants(tx)
      found(
        grants.find((grant) => grant.uid === uid),
        'grant',
      )
      return { kind, uid, orgUid }
    }
  }
}
