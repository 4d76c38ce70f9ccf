import { authorize, isAction, type Principal, type Resource } from '@gatehouse/authz'
import { GatehouseError } from '@gatehouse/errors'
import type { RouteInput } from '@gatehouse/http'
import { findManagedOrg, type ManagedOrg, type OrgTransaction } from '@gatehouse/store'
import { found, type ManageDeps } from '../../manage.ts'

/** The entered org. @throws GatehouseError `not_found`. */
export async function loadOrg(tx: OrgTransaction): Promise<ManagedOrg> {
  return found(await findManagedOrg(tx), 'org')
}

/**
 * The org a path names: the caller's own, or any for those of the platform org who may do `action` to it. To everybody else other orgs
 * are not there.
 */
export function orgFor({ policyOf, changes }: ManageDeps, action: string) {
  return async (principal: Principal, { params }: RouteInput): Promise<Resource> => {
    const { orgUid } = principal
    const uid = params['org'] ?? ''
    const resource: Resource = { kind: 'org', uid, orgUid }
    if (uid === orgUid) return resource
    if (!isAction(action))
      throw new GatehouseError('internal', 'internal error', { detail: `no action ${action}` })
    const policy = await policyOf(orgUid)
    const decision = authorize(policy, { principal, action, resource, now: Date.now() })
    found(decision.allowed ? uid : undefined, 'org')
    await changes.read(uid, loadOrg)
    return resource
  }
}
