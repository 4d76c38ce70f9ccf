import type { Principal, Resource, Team } from '@gatehouse/authz'
import type { RouteInput } from '@gatehouse/http'
import { findTeam, type OrgTransaction } from '@gatehouse/store'
import { found, type ManageDeps } from '../../manage.ts'

/** The team with this uid. @throws GatehouseError `not_found`, the same for another org's as for none. */
export async function loadTeam(tx: OrgTransaction, uid: string): Promise<Team> {
  return found(await findTeam(tx, uid), 'team')
}

/** Loads the team a path names, in the caller's own org. */
export function teamOf({ changes }: ManageDeps) {
  return async ({ orgUid }: Principal, { params }: RouteInput): Promise<Resource> => {
    const { uid } = await changes.read(orgUid, (tx) => loadTeam(tx, params['uid'] ?? ''))
    return teamResource(uid, orgUid)
  }
}

/** A team as the resource of a decision. */
export function teamResource(uid: string, orgUid: string): Resource {
  return { kind: 'team', uid, orgUid }
}
