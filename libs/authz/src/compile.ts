import { type Ability, buildAbility, type Held } from './ability.ts'
import type { Principal } from './model.ts'
import { kindsOf } from './permissions.ts'
import type { Action } from './permissions.gen.ts'
import type { Grant, OrgPolicy, Permission, ResourceScope, Role } from './policy.ts'
import { scopeOfPlace } from './scopes.ts'

/** One permission that one grant gives. */
export interface Applied {
  readonly grant: Grant
  readonly role: Role
  readonly permission: Permission
  /** Scopes that must all reach the resource: the grant's place and the permission's own. */
  readonly scopes: readonly ResourceScope[]
}

/** What one principal holds during a period in which no grant begins or ends. */
export interface Holdings {
  readonly ability: Ability
  /** Permissions by action, then by one of their scopes. */
  readonly byAction: ReadonlyMap<Action, ReadonlyMap<ResourceScope, readonly Applied[]>>
  /** ms since the epoch: valid while `from <= now < until`. */
  readonly from: number
  readonly until: number
}

/** Whether a grant names this principal or one of its teams. */
export function isSubject(grant: Grant, principal: Principal): boolean {
  const { kind, uid } = grant.subject
  return kind === 'team' ? principal.teams.includes(uid) : kind === principal.kind && uid === principal.uid
}

/** Whether a grant is in force: `notBefore` inclusive, `expiresAt` exclusive. */
export function isInForce({ notBefore, expiresAt }: Grant, now: number): boolean {
  return (notBefore === undefined || notBefore <= now) && (expiresAt === undefined || now < expiresAt)
}

/** The longest period around `now` in which the same grants are in force. */
function periodOf(grants: readonly Grant[], now: number): { from: number; until: number } {
  let from = Number.NEGATIVE_INFINITY
  let until = Number.POSITIVE_INFINITY
  for (const turn of grants.flatMap(({ notBefore, expiresAt }) => [notBefore, expiresAt])) {
    if (turn === undefined) continue
    if (turn <= now) from = Math.max(from, turn)
    else until = Math.min(until, turn)
  }
  return { from, until }
}

function permissionsOf(grant: Grant, role: Role): readonly Applied[] {
  const place = scopeOfPlace(grant.where)
  return role.permissions.map((permission) => {
    const both = [place, permission.scope].filter((scope) => scope !== '*')
    return { grant, role, permission, scopes: both.length === 0 ? ['*'] : [...new Set(both)] }
  })
}

function indexByAction(applied: readonly Applied[]): Holdings['byAction'] {
  const byAction = new Map<Action, Map<ResourceScope, Applied[]>>()
  for (const entry of applied) {
    const { action } = entry.permission
    const byScope = byAction.get(action) ?? new Map<ResourceScope, Applied[]>()
    byAction.set(action, byScope)
    const [scope = '*'] = entry.scopes
    const list = byScope.get(scope)
    if (list === undefined) byScope.set(scope, [entry])
    else list.push(entry)
  }
  return byAction
}

/** Works out what a principal holds at `now`. A grant of a role that does not exist gives nothing. */
export function compileHoldings(policy: OrgPolicy, principal: Principal, now: number): Holdings {
  const roles = new Map(policy.roles.map((role) => [role.name, role]))
  const own = policy.grants.filter((grant) => isSubject(grant, principal))
  const applied = own
    .filter((grant) => isInForce(grant, now))
    .flatMap((grant) => {
      const role = roles.get(grant.role)
      return role === undefined ? [] : permissionsOf(grant, role)
    })
  const held: Held[] = applied.map(({ permission: { action }, scopes }) => ({
    action,
    kinds: kindsOf(action),
    scopes,
  }))
  const ability = buildAbility(policy.orgUid, held)
  return { ability, byAction: indexByAction(applied), ...periodOf(own, now) }
}
