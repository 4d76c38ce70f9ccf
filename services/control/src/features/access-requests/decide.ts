import {
  authorize,
  notHeld,
  type OrgPolicy,
  type Principal,
  type Resource,
  type Role,
} from '@gatehouse/authz'
import { GatehouseError } from '@gatehouse/errors'
import type { AccessRequest, OrgTransaction } from '@gatehouse/store'
import { findPlace, loadPlace } from './place.ts'

/** Who decides, under which policy. */
export interface Decider {
  readonly policy: OrgPolicy
  readonly principal: Principal
  /** ms since the epoch. */
  readonly now: number
}

function mayGrant({ policy, principal, now }: Decider, resource: Resource): boolean {
  return authorize(policy, { principal, action: 'grants:create', resource, now }).allowed
}

/** Whether somebody may decide a request: they may grant there, and did not ask themself. */
export async function mayDecide(
  tx: OrgTransaction,
  decider: Decider,
  request: AccessRequest,
): Promise<boolean> {
  if (request.userUid === decider.principal.uid) return false
  const resource = await findPlace(tx, decider.policy, request.where)
  return resource !== undefined && mayGrant(decider, resource)
}

/** Refuses who may not decide a request; to whom it is not even visible it does not exist. */
export async function checkDecider(
  tx: OrgTransaction,
  decider: Decider,
  request: AccessRequest,
): Promise<void> {
  if (request.userUid === decider.principal.uid)
    throw new GatehouseError('forbidden', 'somebody else decides your requests')
  if (!(await mayDecide(tx, decider, request)))
    throw new GatehouseError('not_found', 'there is no such request')
}

/** What is to be granted on a request. */
export interface Granting {
  readonly constraints: readonly Parameters<typeof notHeld>[2]['constraints'][number][]
  readonly expiresAt: number
}

/** The role a request is for. @throws GatehouseError `conflict` if the org has none of that name. */
export function roleOf(policy: OrgPolicy, request: AccessRequest): Role {
  const role = policy.roles.find(({ name }) => name === request.role)
  if (role === undefined) throw new GatehouseError('conflict', `there is no role ${request.role}`)
  return role
}

/** Refuses to grant what the decider does not hold there, for as long, and for those series. */
export async function checkHeld(
  tx: OrgTransaction,
  { policy, principal, now }: Decider,
  request: AccessRequest,
  { constraints, expiresAt }: Granting,
): Promise<void> {
  const place = await loadPlace(tx, policy, request.where)
  const role = roleOf(policy, request)
  const missing = notHeld(policy, { principal, now }, { role, place, constraints, expiresAt })
  if (missing.length > 0)
    throw new GatehouseError(
      'forbidden',
      `you cannot grant what you do not hold: ${missing.map(({ action }) => action).join(', ')}`,
    )
}
