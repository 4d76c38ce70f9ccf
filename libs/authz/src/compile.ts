import { type Ability, buildAbility } from './ability.ts'
import type { Principal } from './model.ts'
import type { Action } from './permissions.gen.ts'
import { kindsOf } from './permissions.ts'
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

/** What a principal holds of one action. */
export interface HeldAction {
  readonly ability: Ability
  /** By one of their scopes. */
  readonly byScope: ReadonlyMap<ResourceScope, readonly Applied[]>
}

/** What one principal holds during a period in which no grant begins or ends. */
export interface Holdings {
  /** Actions of all roles held. */
  readonly actions: readonly Action[]
  /** Worked out once for each action, when it is first asked about. */
  of(action: Action): HeldAction
  /** ms since the epoch: valid while `from <= now < until`. */
  readonly from: number
  readonly until: number
}

const indexes = new WeakMap<readonly Grant[], ReadonlyMap<string, readonly Grant[]>>()

function grantsBySubject(grants: readonly Grant[]): ReadonlyMap<string, readonly Grant[]> {
  const known = indexes.get(grants)
  if (known !== undefined) return known
  const index = new Map<string, Grant[]>()
  for (const grant of grants) {
    const key = `${grant.subject.kind} ${grant.subject.uid}`
    const list = index.get(key)
    if (list === undefined) index.set(key, [grant])
    else list.push(grant)
  }
  indexes.set(grants, index)
  return index
}

/** The grants that name a principal or one of its teams, in force or not. */
export function grantsTo(policy: OrgPolicy, { kind, uid, teams }: Principal): readonly Grant[] {
  const index = grantsBySubject(policy.grants)
  const subjects = new Set([`${kind} ${uid}`, ...teams.map((team) => `team ${team}`)])
  return [...subjects].flatMap((subject) => index.get(subject) ?? [])
}

/** Whether some grant names this very principal, not only its teams. */
export function isNamed(policy: OrgPolicy, { kind, uid }: Principal): boolean {
  return grantsBySubject(policy.grants).has(`${kind} ${uid}`)
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

interface HeldRole {
  readonly grant: Grant
  readonly role: Role
}

function appliedOf({ grant, role }: HeldRole, action: Action): readonly Applied[] {
  const place = scopeOfPlace(grant.where)
  return role.permissions
    .filter((permission) => permission.action === action)
    .map((permission) => {
      const both = [place, permission.scope].filter((scope) => scope !== '*')
      return { grant, role, permission, scopes: both.length === 0 ? ['*'] : [...new Set(both)] }
    })
}

function holdAction(policy: OrgPolicy, held: readonly HeldRole[], action: Action): HeldAction {
  const applied = held.flatMap((entry) => appliedOf(entry, action))
  const byScope = new Map<ResourceScope, Applied[]>()
  for (const entry of applied) {
    const [scope = '*'] = entry.scopes
    const list = byScope.get(scope)
    if (list === undefined) byScope.set(scope, [entry])
    else list.push(entry)
  }
  const kinds = kindsOf(action)
  return {
    ability: buildAbility(
      policy.orgUid,
      applied.map(({ scopes }) => ({ action, kinds, scopes })),
    ),
    byScope,
  }
}

/** Works out what a principal holds at `now`. A grant of a role that does not exist gives nothing. */
export function compileHoldings(policy: OrgPolicy, principal: Principal, now: number): Holdings {
  const roles = new Map(policy.roles.map((role) => [role.name, role]))
  const own = grantsTo(policy, principal)
  const held = own
    .filter((grant) => isInForce(grant, now))
    .map((grant) => ({ grant, role: roles.get(grant.role) }))
    .filter((entry): entry is HeldRole => entry.role !== undefined)
  const heldRoles = new Set(held.map(({ role }) => role))
  const actions = new Set(
    [...heldRoles].flatMap(({ permissions }) => permissions.map(({ action }) => action)),
  )
  const known = new Map<Action, HeldAction>()
  return {
    actions: [...actions],
    of(action) {
      const found = known.get(action) ?? holdAction(policy, held, action)
      known.set(action, found)
      return found
    },
    ...periodOf(own, now),
  }
}
