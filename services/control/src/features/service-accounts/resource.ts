import type { Principal, Resource, ServiceAccount } from '@gatehouse/authz'
import type { RouteInput } from '@gatehouse/http'
import { findManagedAccount, type OrgTransaction } from '@gatehouse/store'
import { found, type ManageDeps } from '../../manage.ts'

/** A service account as the resource of a decision. */
export function accountResource({ uid, teamUid }: ServiceAccount, orgUid: string): Resource {
  return { kind: 'service-account', uid, orgUid, teamUid }
}

/** The service account with this uid. @throws GatehouseError `not_found`, the same for another org's as for none. */
export async function loadAccount(tx: OrgTransaction, uid: string): Promise<ServiceAccount> {
  return found(await findManagedAccount(tx, uid), 'service account')
}

/** Loads the service account a path names, in the caller's own org. */
export function accountOf({ changes }: ManageDeps) {
  return async ({ orgUid }: Principal, { params }: RouteInput): Promise<Resource> => {
    const account = await changes.read(orgUid, (tx) => loadAccount(tx, params['uid'] ?? ''))
    return accountResource(account, orgUid)
  }
}
