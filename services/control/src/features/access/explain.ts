import {
  type ApprovedDashboard,
  authorize,
  type CapabilityOf,
  type Constraints,
  type DashboardPath,
  dashboardPaths,
  explain,
  type Explanation,
  type OrgPolicy,
  parseAsked,
  type Principal,
  principalOfMember,
  principalOfServiceAccount,
  type Resource,
} from '@gatehouse/authz'
import { GatehouseError, isGatehouseError } from '@gatehouse/errors'
import { findMember, type OrgTransaction } from '@gatehouse/store'
import type { z } from 'zod'
import { found, type ManageDeps } from '../../manage.ts'
import { answerOfGrant } from '../grants/routes.ts'
import { constraintsInWords, selectorOf } from '../me/words.ts'
import { loadResource, type NamedResource } from './load-resource.ts'
import { settingsFor } from './settings.ts'
import type { explainSchema, explanationSchema } from './schemas.ts'

type Answer = z.output<typeof explanationSchema>
type Question = z.output<typeof explainSchema>

/** What questions about access are answered with. */
export interface AccessDeps extends ManageDeps {
  readonly capabilityOf: CapabilityOf
}

/** Constraints as selectors and in words. */
export function answerOfConstraints(constraints: Constraints): { selectors: string[]; words: string[] } {
  return { selectors: constraints.alternatives.map(selectorOf), words: constraintsInWords(constraints) }
}

/** Whether somebody may open a dashboard, and so know of it. */
export function mayKnow(policy: OrgPolicy, asker: Principal) {
  return ({ uid, folderUid }: ApprovedDashboard): boolean => {
    const resource = { kind: 'dashboard', uid, orgUid: policy.orgUid, folderUid } as const
    const question = { principal: asker, action: 'dashboards:read', resource, now: Date.now() } as const
    return authorize(policy, question).allowed
  }
}

function answerOfDashboard(path: DashboardPath, isKnown: boolean): Answer['dashboards'][number] {
  const { dashboard, title, queries, because, constraints, overlap } = path
  if (!isKnown) return { uid: null, title: null, queries: [], grants: [], constraints: null, overlap }
  return {
    uid: dashboard.uid,
    title,
    queries: queries.map(({ where, text }) => ({ where, text })),
    grants: [...new Set(because.map(({ grantUid }) => grantUid))],
    constraints: answerOfConstraints(constraints),
    overlap,
  }
}

function answerOf({ decision, paths, firstFailing, overlap }: Explanation): Omit<Answer, 'dashboards'> {
  const readsSeries = decision.allowed && decision.constraints.alternatives.length > 0
  return {
    allowed: decision.allowed && firstFailing === undefined,
    reason: decision.allowed ? null : decision.reason,
    firstFailing: firstFailing ?? null,
    constraints: readsSeries ? answerOfConstraints(decision.constraints) : null,
    overlap: overlap ?? null,
    paths: paths.map(({ groups, source, grant, role, permissions, fails }) => ({
      groups: [...groups],
      source: source ?? null,
      grant: answerOfGrant(grant),
      role: role === undefined ? null : { ...role },
      permissions: permissions.map(({ action, scope }) => (scope === '*' ? action : `${action} ${scope}`)),
      fails: fails ?? null,
    })),
    policyVersion: decision.policyVersion,
  }
}

/** What somebody without `access:explain` learns of a no: the same whether or not the resource is there. */
function notInScope(policyVersion: string): Answer {
  return {
    allowed: false,
    reason: 'not in your scope',
    firstFailing: null,
    constraints: null,
    overlap: null,
    paths: [],
    dashboards: [],
    policyVersion,
  }
}

/** Somebody by their uid, or whoever is in groups and teams. */
type Named = Exclude<NonNullable<Question['principal']>, { readonly subject: string }>

function isAsker(asker: Principal, principal: Named): boolean {
  return principal.kind === asker.kind && principal.uid === asker.uid
}

/** A person who has nothing but what these groups and teams give. */
function somebodyIn(
  policy: OrgPolicy,
  { groups, teams }: { readonly groups: readonly string[]; readonly teams: readonly string[] },
): Principal {
  const mapped = policy.teams.filter(({ idpGroups }) => idpGroups.some((group) => groups.includes(group)))
  const all = [...new Set([...teams, ...mapped.map(({ uid }) => uid)])].toSorted()
  const credential = { kind: 'session', id: '' } as const
  return {
    kind: 'user',
    uid: '',
    orgUid: policy.orgUid,
    name: 'somebody',
    teams: all,
    identity: undefined,
    credential,
  }
}

/** The asker in the teams they were in then; in none if they were not there. */
function askerThen(policy: OrgPolicy, asker: Principal): Principal {
  const { kind, uid } = asker
  const member = kind === 'user' ? policy.members.find((one) => one.uid === uid) : undefined
  const account = kind === 'user' ? undefined : policy.serviceAccounts.find((one) => one.uid === uid)
  if (member !== undefined) return principalOfMember(policy, member)
  return account === undefined ? { ...asker, teams: [] } : principalOfServiceAccount(policy, account)
}

function principalOf(
  policy: OrgPolicy,
  asker: Principal,
  { principal, isNow }: { readonly principal: Named | undefined; readonly isNow: boolean },
): Principal {
  if (principal === undefined || isAsker(asker, principal)) return isNow ? asker : askerThen(policy, asker)
  if (principal.kind === 'somebody') return somebodyIn(policy, principal)
  if (principal.kind === 'service-account') {
    const account = policy.serviceAccounts.find(({ uid }) => uid === principal.uid)
    return principalOfServiceAccount(policy, found(account, 'service account'))
  }
  return principalOfMember(
    policy,
    found(
      policy.members.find(({ uid }) => uid === principal.uid),
      'user',
    ),
  )
}

/** As {@link loadResource}; the platform org may ask about other orgs, which it manages. */
async function resourceFor(tx: OrgTransaction, policy: OrgPolicy, named: NamedResource): Promise<Resource> {
  const { kind, uid } = named
  if (policy.isPlatform && (kind === 'org' || kind === 'audit-log'))
    return { kind, uid, orgUid: policy.orgUid }
  return loadResource(tx, named)
}

/** Who is asked about; only people of the org are found by what their identity provider calls them. */
async function named(
  { changes }: AccessDeps,
  orgUid: string,
  principal: Question['principal'],
): Promise<Named | undefined> {
  if (principal === undefined || !('subject' in principal)) return principal
  const uid = await changes.read(orgUid, (tx) => findMember(tx, principal))
  return { kind: 'user', uid: found(uid, 'user') }
}

/**
 * Answers why somebody may or may not. Everybody may ask about themself; about others, and for more than a bare no, one needs
 * `access:explain`.
 * @throws GatehouseError `forbidden`, `not_found`.
 */
export async function explainFor(deps: AccessDeps, asker: Principal, question: Question): Promise<Answer> {
  const { orgUid } = asker
  const today = await deps.policyOf(orgUid)
  const { selector } = question
  const isOwn =
    question.principal === undefined || ('uid' in question.principal && isAsker(asker, question.principal))
  const org = { kind: 'org', uid: orgUid, orgUid } as const
  const mayAsk = { principal: asker, action: 'access:explain', resource: org, now: Date.now() } as const
  const mayExplain = authorize(today, mayAsk)
  if (!isOwn && !mayExplain.allowed) throw new GatehouseError('forbidden', mayExplain.reason)
  const principal = await named(deps, orgUid, question.principal)
  const load = (tx: OrgTransaction, policy: OrgPolicy) => resourceFor(tx, policy, question.resource)
  const settings = await settingsFor(deps, orgUid, { ...question, load }).catch((error: unknown) => {
    if (!mayExplain.allowed && isGatehouseError(error) && error.code === 'not_found') return undefined
    throw error
  })
  if (settings === undefined) return notInScope(today.version)
  const { policy, now } = settings
  const full = {
    principal: principalOf(policy, asker, { principal, isNow: policy === today }),
    action: question.action,
    resource: settings.resource,
    now,
    selector: selector === undefined ? undefined : parseAsked(selector),
    groups: principal?.kind === 'somebody' ? principal.groups : undefined,
  }
  const answer = answerOf(explain(policy, full))
  const given = { dashboards: settings.dashboards, capabilityOf: deps.capabilityOf }
  const isKnown = isOwn ? () => true : mayKnow(today, asker)
  const dashboards = dashboardPaths(policy, full, given).map((path) =>
    answerOfDashboard(path, isKnown(path.dashboard)),
  )
  if (mayExplain.allowed || answer.allowed) return { ...answer, dashboards }
  // Of today also where the settings of then were asked for: what was not there is answered so, too.
  return { ...notInScope(today.version), dashboards }
}
