import type { AccessQuestion } from './authorize.ts'
import { type Applied, compileHoldings } from './compile.ts'
import type { Principal, Resource } from './model.ts'
import { isWithin } from './overlap.ts'
import { readsSeries } from './permissions.ts'
import type { Grant, OrgPolicy, Permission, ResourceScope, Role } from './policy.ts'
import { folderPath, scopesReaching } from './scopes.ts'

/** A grant somebody wants to make, or a role somebody wants to write (`constraints` empty, for good). */
export interface ProposedGrant extends Pick<Grant, 'constraints' | 'expiresAt'> {
  readonly role: Pick<Role, 'permissions'>
  /** The loaded resource the grant is to hold on; the org itself for a grant on the whole org. */
  readonly place: Resource
}

/** Scopes that hold for whatever a proposed permission will reach. */
function certainScopes(
  policy: OrgPolicy,
  place: Resource,
  { scope }: Permission,
): ReadonlySet<ResourceScope> {
  const certain = new Set<ResourceScope>(place.kind === 'org' ? ['*'] : scopesReaching(policy, place))
  certain.add(scope)
  const [noun = '', kind, uid] = scope.split(':')
  if (kind === 'uid') certain.add(`${noun}:*`)
  if (noun === 'folders' && uid !== undefined)
    for (const above of folderPath(policy, uid)) certain.add(`folders:uid:${above}`)
  return certain
}

function lastsAsLong(held: Grant, wanted: ProposedGrant): boolean {
  if (held.expiresAt === undefined) return true
  return wanted.expiresAt !== undefined && wanted.expiresAt <= held.expiresAt
}

/** Whether what is held admits all series of the proposed constraints. What cannot be told counts as no. */
function admitsAll(held: readonly Grant[], wanted: ProposedGrant): boolean {
  if (held.some(({ constraints }) => constraints.length === 0)) return true
  const alternatives = held.flatMap(({ constraints }) => constraints)
  return (
    wanted.constraints.length > 0 &&
    wanted.constraints.every((proposed) => alternatives.some((own) => isWithin(proposed, own) === true))
  )
}

function covers(
  policy: OrgPolicy,
  held: readonly Applied[],
  permission: Permission,
  wanted: ProposedGrant,
): boolean {
  const certain = certainScopes(policy, wanted.place, permission)
  const fitting = held.filter(
    ({ grant, scopes }) =>
      lastsAsLong(grant, wanted) && scopes.every((scope) => scope === '*' || certain.has(scope)),
  )
  if (fitting.length === 0) return false
  return (
    !readsSeries(permission.action) ||
    admitsAll(
      fitting.map(({ grant }) => grant),
      wanted,
    )
  )
}

/**
 * What somebody may not grant because they do not hold it themselves: there, for as long, and for those series. Empty means they may,
 * as far as this rule goes; whether they may grant at all is `authorize` with `grants:create`.
 */
export function notHeld(
  policy: OrgPolicy,
  giver: Pick<AccessQuestion, 'principal' | 'now'>,
  wanted: ProposedGrant,
): readonly Permission[] {
  const { principal, now } = giver
  if (principal.orgUid !== policy.orgUid || wanted.place.orgUid !== policy.orgUid)
    return wanted.role.permissions
  const holdings = compileHoldings(policy, principal, now)
  return wanted.role.permissions.filter((permission) => {
    const held = [...holdings.of(permission.action).byScope.values()].flat()
    return !covers(policy, held, permission, wanted)
  })
}

/** The actions of a principal with the scopes they hold for, whatever the resource: `datasources:query`, `folders:read folders:uid:x`. */
export function heldPermissions(policy: OrgPolicy, principal: Principal, now: number): readonly string[] {
  if (principal.orgUid !== policy.orgUid) return []
  const holdings = compileHoldings(policy, principal, now)
  const all = holdings.actions.flatMap((action) =>
    [...holdings.of(action).byScope.values()]
      .flat()
      .map(({ scopes }) => (scopes[0] === '*' ? action : `${action} ${scopes.join(' ')}`)),
  )
  return [...new Set(all)].toSorted()
}
