import type { Matcher } from '@gatehouse/promql'
import { authorize } from './authorize.ts'
import { isInForce } from './compile.ts'
import type { Because, Constraints, Principal, Resource } from './model.ts'
import { overlapOf, type Overlap } from './overlap.ts'
import type { Action } from './permissions.gen.ts'
import { readsSeries } from './permissions.ts'
import type { Grant, Member, OrgPolicy, ServiceAccount } from './policy.ts'

/** "Who may do this to that, at this moment?" */
export interface WhoQuestion {
  readonly action: Action
  readonly resource: Resource
  /** ms since the epoch. */
  readonly now: number
  /** Only those who are admitted some series of this selector. */
  readonly selector?: readonly Matcher[] | undefined
}

/** Somebody who may, by which grants, and what of it. */
export interface WhoEntry {
  readonly kind: Principal['kind']
  readonly uid: string
  readonly name: string
  readonly because: readonly Because[]
  /** Until when the longest of these grants holds, ms since the epoch; undefined if one holds for good. */
  readonly until: number | undefined
  readonly constraints: Constraints
  /** How much of the selector they are admitted; `all` if none was asked about. */
  readonly overlap: Overlap
}

const unproven: Pick<Principal, 'identity' | 'credential'> = {
  identity: undefined,
  credential: { kind: 'session', id: '' },
}

/** A member as the principal they would be if they signed in now. */
export function principalOfMember(policy: OrgPolicy, { uid, name, teams }: Member): Principal {
  const own = [...new Set(teams.map((team) => team.uid))].toSorted()
  return { kind: 'user', uid, name, orgUid: policy.orgUid, teams: own, ...unproven }
}

/** A service account as the principal of its tokens. */
export function principalOfServiceAccount(
  policy: OrgPolicy,
  { uid, name, teamUid }: ServiceAccount,
): Principal {
  const teams = teamUid === undefined ? [] : [teamUid]
  return { kind: 'service-account', uid, name, orgUid: policy.orgUid, teams, ...unproven }
}

/** Everybody of the org: its members and service accounts. */
export function everyone(policy: OrgPolicy): readonly Principal[] {
  return [
    ...policy.members.map((member) => principalOfMember(policy, member)),
    ...policy.serviceAccounts.map((account) => principalOfServiceAccount(policy, account)),
  ]
}

/** Those whom a grant in force gives a role with the action; nobody else need be asked about. */
function candidates(policy: OrgPolicy, { action, now }: WhoQuestion): readonly Principal[] {
  const giving = new Set(
    policy.roles
      .filter((role) => role.permissions.some((held) => held.action === action))
      .map(({ name }) => name),
  )
  const subjects = new Set(
    policy.grants
      .filter((grant: Grant) => giving.has(grant.role) && isInForce(grant, now))
      .map(({ subject }) => `${subject.kind}:${subject.uid}`),
  )
  return everyone(policy).filter(
    ({ kind, uid, teams }) =>
      subjects.has(`${kind}:${uid}`) || teams.some((team) => subjects.has(`team:${team}`)),
  )
}

/** When the last of these grants ends; undefined if one never does. */
function untilOf(
  ends: ReadonlyMap<string, number | undefined>,
  because: readonly Because[],
): number | undefined {
  return because
    .map(({ grantUid }) => ends.get(grantUid))
    .reduce<number | undefined>(
      (latest, end) => (latest === undefined || end === undefined ? undefined : Math.max(latest, end)),
      Number.NEGATIVE_INFINITY,
    )
}

/**
 * Everybody who may do something to a loaded resource: exactly those whom `authorize` would allow, and, if a selector is given, whose
 * constraints admit some of it. People of IdP groups appear once they have signed in.
 */
export function whoCan(policy: OrgPolicy, question: WhoQuestion): readonly WhoEntry[] {
  const { action, resource, now, selector } = question
  const ends = new Map(policy.grants.map(({ uid, expiresAt }) => [uid, expiresAt]))
  return candidates(policy, question).flatMap((principal) => {
    const decision = authorize(policy, { principal, action, resource, now })
    if (!decision.allowed) return []
    const { because, constraints } = decision
    const overlap = selector === undefined || !readsSeries(action) ? 'all' : overlapOf(selector, constraints)
    if (overlap === 'none') return []
    const { kind, uid, name } = principal
    return [{ kind, uid, name, because, until: untilOf(ends, because), constraints, overlap }]
  })
}
