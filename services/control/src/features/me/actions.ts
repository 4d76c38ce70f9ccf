import { isInForce, isSubject, type OrgPolicy, type Principal } from '@gatehouse/authz'

/** What the caller's roles let them do somewhere: enough to choose what to show, never to decide. */
export function actionsOf(policy: OrgPolicy, principal: Principal): string[] {
  const now = Date.now()
  const mine = policy.grants.filter((grant) => isSubject(grant, principal) && isInForce(grant, now))
  const names = new Set(mine.map(({ role }) => role))
  const permissions = policy.roles.filter(({ name }) => names.has(name)).flatMap((role) => role.permissions)
  return [...new Set(permissions.map(({ action }) => action))].toSorted()
}
