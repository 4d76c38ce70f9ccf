import { GatehouseError } from '@gatehouse/errors'
import { combineConstraints } from './constraints.ts'
import { type Applied, compileHoldings, type HeldAction, type Holdings, isNamed } from './compile.ts'
import type { Because, Decision, Principal, Resource } from './model.ts'
import type { Action } from './permissions.gen.ts'
import { isAction, isForPlatform, kindsOf, readsSeries } from './permissions.ts'
import type { OrgPolicy } from './policy.ts'
import { scopesReaching } from './scopes.ts'

/** "May this principal do this to that, at this moment?" */
export interface AccessQuestion {
  readonly principal: Principal
  readonly action: Action
  readonly resource: Resource
  /** ms since the epoch. */
  readonly now: number
}

const maxHolders = 2_000
const maxDecisions = 512

interface Cached {
  readonly holdings: Holdings
  readonly decisions: Map<string, Decision>
}

/** What is remembered of one policy. */
interface Memory {
  readonly disabled: ReadonlySet<string>
  readonly byHolder: Map<string, Cached>
}
const memories = new WeakMap<OrgPolicy, Memory>()

function memoryOf(policy: OrgPolicy): Memory {
  const known = memories.get(policy)
  if (known !== undefined) return known
  const users = policy.members.filter(({ isDisabled }) => isDisabled).map(({ uid }) => `user ${uid}`)
  const accounts = policy.serviceAccounts.filter(({ isDisabled }) => isDisabled)
  const disabled = new Set([...users, ...accounts.map(({ uid }) => `service-account ${uid}`)])
  const fresh: Memory = { disabled, byHolder: new Map() }
  memories.set(policy, fresh)
  return fresh
}

/** People who have nothing but their teams hold what everybody in just these teams holds. */
function holderOf(policy: OrgPolicy, principal: Principal): string {
  const own = isNamed(policy, principal) ? `${principal.kind} ${principal.uid}` : ''
  return JSON.stringify([own, principal.teams])
}

/** Two people of one likeness may do the same, at every moment. */
export function likenessOf(policy: OrgPolicy, principal: Principal): string {
  const isDisabled = memoryOf(policy).disabled.has(`${principal.kind} ${principal.uid}`)
  return isDisabled ? 'disabled' : holderOf(policy, principal)
}

function cachedFor(policy: OrgPolicy, principal: Principal, now: number): Cached {
  const { byHolder } = memoryOf(policy)
  const holder = holderOf(policy, principal)
  const known = byHolder.get(holder)
  if (known !== undefined && known.holdings.from <= now && now < known.holdings.until) return known
  if (byHolder.size >= maxHolders) byHolder.clear()
  const fresh: Cached = { holdings: compileHoldings(policy, principal, now), decisions: new Map() }
  byHolder.set(holder, fresh)
  return fresh
}

/** Why a question is not even asked of the grants, if so. */
function refusal(policy: OrgPolicy, { principal, action, resource }: AccessQuestion): string | undefined {
  if (principal.orgUid !== policy.orgUid || resource.orgUid !== policy.orgUid)
    return 'the resource does not exist'
  if (!isAction(action) || !kindsOf(action).includes(resource.kind)) return `${action} does not apply here`
  const isOtherOrg =
    (resource.kind === 'org' || resource.kind === 'audit-log') && resource.uid !== policy.orgUid
  if (isOtherOrg && !(policy.isPlatform && isForPlatform(action))) return 'the resource does not exist'
  return undefined
}

/** The permissions that reach a resource with these scopes. */
function reachingOf({ byScope }: HeldAction, scopes: readonly string[]): readonly Applied[] {
  const reaching = new Set(scopes)
  return scopes
    .flatMap((scope) => byScope.get(scope) ?? [])
    .filter((applied) => applied.scopes.every((scope) => reaching.has(scope)))
    .toSorted((a, b) => (a.grant.uid < b.grant.uid ? -1 : 1))
}

function becauseOf({ grant, role, permission: { action, scope } }: Applied): Because {
  return {
    grantUid: grant.uid,
    role: role.name,
    via: `${grant.subject.kind}:${grant.subject.uid}`,
    permission: scope === '*' ? action : `${action} ${scope}`,
  }
}

function decideSeries(policy: OrgPolicy, applied: readonly Applied[], uid: string): Decision {
  const policyVersion = policy.version
  const source = policy.dataSources.find((candidate) => candidate.uid === uid)
  if (source === undefined) return { allowed: false, reason: 'the resource does not exist', policyVersion }
  // Without a restriction of its own, one grant covers all others.
  const open = applied.filter(({ grant }) => grant.constraints.length === 0)
  const counting = open.length > 0 ? open : applied
  const alternatives = open.length > 0 ? [[]] : applied.flatMap(({ grant }) => grant.constraints)
  const { tenants, guardrails } = policy
  const combined = combineConstraints(alternatives, { tenantLabel: source.tenantLabel, tenants, guardrails })
  if ('refused' in combined) return { allowed: false, reason: combined.refused, policyVersion }
  const because = counting.map(becauseOf)
  return { allowed: true, because, constraints: combined.constraints, policyVersion }
}

function decide(policy: OrgPolicy, { action, resource }: AccessQuestion, holdings: Holdings): Decision {
  const scopes = scopesReaching(policy, resource)
  const held = holdings.of(action)
  const applied = reachingOf(held, scopes)
  const isAllowed = held.ability.can(action, resource, scopes)
  // Two answers to one question: that they agree is what keeps a slip in either from opening a door.
  if (isAllowed !== applied.length > 0)
    throw new GatehouseError('internal', 'internal error', {
      detail: `ability and grants disagree on ${action}`,
    })
  const policyVersion = policy.version
  if (!isAllowed) return { allowed: false, reason: `no grant gives ${action} here`, policyVersion }
  if (readsSeries(action)) return decideSeries(policy, applied, resource.uid)
  const because = applied.map(becauseOf)
  return { allowed: true, because, constraints: { alternatives: [] }, policyVersion }
}

/**
 * Decides whether a principal may do something to a loaded resource. Denied by default; grants add up; the org's tenants and
 * guardrails always hold. What the principal holds is remembered per policy object, so keep one object per version.
 *
 * @example
 * const decision = authorize(policy, { principal, action: 'datasources:query', resource: source, now: Date.now() })
 * if (!decision.allowed) throw new GatehouseError('forbidden', decision.reason)
 */
export function authorize(policy: OrgPolicy, question: AccessQuestion): Decision {
  const { principal, action, resource, now } = question
  const deny = (reason: string): Decision => ({ allowed: false, reason, policyVersion: policy.version })
  const refused = refusal(policy, question)
  if (refused !== undefined) return deny(refused)
  if (memoryOf(policy).disabled.has(`${principal.kind} ${principal.uid}`))
    return deny('the account is disabled')
  const { holdings, decisions } = cachedFor(policy, principal, now)
  const key = JSON.stringify([action, resource.kind, resource.uid, resource.folderUid, resource.teamUid])
  const known = decisions.get(key)
  if (known !== undefined) return known
  if (decisions.size >= maxDecisions) decisions.clear()
  const decision = decide(policy, question, holdings)
  decisions.set(key, decision)
  return decision
}
