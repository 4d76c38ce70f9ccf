import type { Matcher } from '@gatehouse/promql'
import { type AccessQuestion, authorize } from './authorize.ts'
import { grantsTo, isInForce } from './compile.ts'
import type { Decision, Principal } from './model.ts'
import { overlapOf, type Overlap } from './overlap.ts'
import { isAction, kindsOf } from './permissions.ts'
import type { Grant, OrgPolicy, Permission, Role, Team, TeamMembership } from './policy.ts'
import { scopeOfPlace, scopesReaching } from './scopes.ts'

/** The condition a question fails first; each is looked at only if those before it hold. */
export type FailingCondition =
  | 'resource'
  | 'account'
  | 'subject'
  | 'role'
  | 'permission'
  | 'period'
  | 'place'
  | 'series'
  | 'selector'

/** One way a permission reaches a principal: claim → team → grant → role → permission. */
export interface AccessPath {
  /**
   * The person's IdP groups that put them into the team; where they were not kept (a token's groups, a sign-in of before they were)
   * those the team is mapped to, any of which does. Empty for other subjects.
   */
  readonly groups: readonly string[]
  /** Where the membership of the team comes from, if the policy knows. */
  readonly source: 'sso' | 'manual' | undefined
  readonly grant: Grant
  readonly role: Pick<Role, 'name' | 'version'> | undefined
  readonly permissions: readonly Permission[]
  /** What this grant fails first; undefined if it allows. */
  readonly fails: FailingCondition | undefined
}

/** Why somebody may or may not. */
export interface Explanation {
  readonly decision: Decision
  /** Every grant that names the principal or one of its teams, those that allow first. */
  readonly paths: readonly AccessPath[]
  /** Why the answer is no, or why the selector gives nothing; undefined if it is yes. */
  readonly firstFailing: FailingCondition | undefined
  /** How much of the selector is admitted, if one was asked about and the action reads series. */
  readonly overlap: Overlap | undefined
}

/** A question, about some series only if `selector` is given. */
export interface ExplainQuestion extends AccessQuestion {
  readonly selector?: readonly Matcher[] | undefined
  /** The IdP groups of a person of whom nothing else is said. */
  readonly groups?: readonly string[] | undefined
}

const order: readonly FailingCondition[] = ['role', 'permission', 'period', 'place']

function failureOf(policy: OrgPolicy, question: AccessQuestion, grant: Grant): FailingCondition | undefined {
  const role = policy.roles.find(({ name }) => name === grant.role)
  if (role === undefined) return 'role'
  const permissions = role.permissions.filter(({ action }) => action === question.action)
  if (permissions.length === 0) return 'permission'
  if (!isInForce(grant, question.now)) return 'period'
  const reaching = scopesReaching(policy, question.resource)
  const isReached = permissions.some(
    ({ scope }) => reaching.includes(scope) && reaching.includes(scopeOfPlace(grant.where)),
  )
  return isReached ? undefined : 'place'
}

/** Service accounts are in a team by themselves, and people by hand by that. */
function groupsOf({ principal, groups }: ExplainQuestion, team: Team, places: readonly TeamMembership[]) {
  if (principal.kind !== 'user') return []
  if (groups !== undefined) return team.idpGroups.filter((group) => groups.includes(group))
  const known = [...new Set(places.flatMap((place) => place.groups ?? []))]
  const isByHand = places.length > 0 && places.every(({ source }) => source === 'manual')
  return known.length > 0 || isByHand ? known : team.idpGroups
}

function pathOf(policy: OrgPolicy, question: ExplainQuestion, grant: Grant): AccessPath {
  const { subject } = grant
  const team = subject.kind === 'team' ? policy.teams.find(({ uid }) => uid === subject.uid) : undefined
  const member = policy.members.find(({ uid }) => uid === question.principal.uid)
  const places = member?.teams.filter(({ uid }) => team !== undefined && uid === team.uid) ?? []
  const role = policy.roles.find(({ name }) => name === grant.role)
  return {
    groups: team === undefined ? [] : groupsOf(question, team, places),
    source: places.find((place) => place.source === 'sso')?.source ?? places[0]?.source,
    grant,
    role: role === undefined ? undefined : { name: role.name, version: role.version },
    permissions: role?.permissions.filter(({ action }) => action === question.action) ?? [],
    fails: failureOf(policy, question, grant),
  }
}

function isAsked(policy: OrgPolicy, { principal, action, resource }: AccessQuestion): boolean {
  const isHere = principal.orgUid === policy.orgUid && resource.orgUid === policy.orgUid
  return isHere && isAction(action) && kindsOf(action).includes(resource.kind)
}

function isDisabled(policy: OrgPolicy, { kind, uid }: Principal): boolean {
  const accounts = kind === 'user' ? policy.members : policy.serviceAccounts
  return accounts.some((account) => account.uid === uid && account.isDisabled)
}

function firstFailingOf(
  policy: OrgPolicy,
  question: AccessQuestion,
  paths: readonly AccessPath[],
): FailingCondition {
  if (!isAsked(policy, question)) return 'resource'
  if (isDisabled(policy, question.principal)) return 'account'
  if (paths.length === 0) return 'subject'
  const furthest = Math.max(
    ...paths.map(({ fails }) => (fails === undefined ? order.length : order.indexOf(fails))),
  )
  return order[furthest] ?? (isKnown(policy, question) ? 'series' : 'resource')
}

function isKnown(policy: OrgPolicy, { resource }: AccessQuestion): boolean {
  const isForeign =
    (resource.kind === 'org' || resource.kind === 'audit-log') && resource.uid !== policy.orgUid
  if (isForeign) return false
  return resource.kind !== 'data-source' || policy.dataSources.some(({ uid }) => uid === resource.uid)
}

/**
 * Explains a decision: the same one `authorize` gives, every grant that bears on it, and what failed first. Speaks of this org only;
 * whether the asker may know it is for the caller to decide (`access:explain`, or the asker asks about themself).
 */
export function explain(policy: OrgPolicy, question: ExplainQuestion): Explanation {
  const decision = authorize(policy, question)
  const isMeant = isAsked(policy, question)
  const own = isMeant ? grantsTo(policy, question.principal) : []
  const all = own.map((grant) => pathOf(policy, question, grant))
  const paths = [
    ...all.filter(({ fails }) => fails === undefined),
    ...all.filter(({ fails }) => fails !== undefined),
  ]
  if (!decision.allowed)
    return { decision, paths, firstFailing: firstFailingOf(policy, question, paths), overlap: undefined }
  const isAboutSeries = question.selector !== undefined && decision.constraints.alternatives.length > 0
  const overlap = isAboutSeries ? overlapOf(question.selector ?? [], decision.constraints) : undefined
  return { decision, paths, firstFailing: overlap === 'none' ? 'selector' : undefined, overlap }
}
