import type { Matcher } from '@gatehouse/promql'
import { type AccessQuestion, authorize } from '../authorize.ts'
import { combineConstraints } from '../constraints.ts'
import type { Because, Constraints, Decision, Principal } from '../model.ts'
import type { OrgPolicy, Subject } from '../policy.ts'
import { principalOfMember, principalOfServiceAccount } from '../who-can.ts'
import type { ApprovedDashboard, CapabilityOf } from './approved.ts'
import type { CapabilityRequest } from './capability.ts'
import type { Instead } from './lookups.ts'

/** What is asked of an org's dashboards. */
export interface CapabilityQuestion {
  /** `overview` is what a client asks of a data source before its first query; it holds no series. */
  readonly request: CapabilityRequest | { readonly kind: 'overview' }
  readonly dashboards: readonly ApprovedDashboard[]
  readonly capabilityOf: CapabilityOf
  /** The dashboard the client says it shows. Anybody can say so: it is looked at first, nothing more. */
  readonly hint: string | undefined
}

type Allowed = Extract<Decision, { allowed: true }>

/** A decision by dashboards. Who allows a request must answer `instead`, where it is set, and nothing else. */
export type CapabilityDecision =
  | Extract<Decision, { allowed: false }>
  | (Allowed & { readonly instead: Instead | undefined })

/** The approver as a principal; a team stands for somebody who is only in it. Undefined if it is gone. */
export function principalOfSubject(policy: OrgPolicy, { kind, uid }: Subject): Principal | undefined {
  if (kind === 'user') {
    const member = policy.members.find((candidate) => candidate.uid === uid)
    return member && principalOfMember(policy, member)
  }
  if (kind === 'service-account') {
    const account = policy.serviceAccounts.find((candidate) => candidate.uid === uid)
    return account && principalOfServiceAccount(policy, account)
  }
  const team = policy.teams.find((candidate) => candidate.uid === uid)
  return (
    team && {
      kind: 'user',
      uid: '',
      name: team.name,
      orgUid: policy.orgUid,
      teams: [uid],
      identity: undefined,
      credential: { kind: 'session', id: '' },
    }
  )
}

// Plans are remembered by the constraints' identity, so equal ones must be the same object from request to request.
const narrowed = new WeakMap<ApprovedDashboard, Map<Constraints, Constraints | undefined>>()

function narrow(
  policy: OrgPolicy,
  dashboard: ApprovedDashboard,
  within: Constraints,
  tenantLabel: string,
): Constraints | undefined {
  const own: readonly (readonly Matcher[])[] = dashboard.approval.constraints
  if (own.length === 0) return within
  const known = narrowed.get(dashboard) ?? new Map<Constraints, Constraints | undefined>()
  narrowed.set(dashboard, known)
  if (known.has(within)) return known.get(within)
  const both = within.alternatives.flatMap((left) => own.map((right) => [...left, ...right]))
  const { tenants, guardrails } = policy
  const combined = combineConstraints(both, { tenantLabel, tenants, guardrails })
  const constraints = 'refused' in combined ? undefined : combined.constraints
  known.set(within, constraints)
  return constraints
}

/** What the queries of a dashboard may read, and the grants by which whoever stands for them may. */
export interface Approved {
  readonly constraints: Constraints
  readonly because: readonly Because[]
}

/** The series that the queries of a dashboard may read from a data source at this moment; undefined for none. */
export function approvedConstraints(
  policy: OrgPolicy,
  dashboard: ApprovedDashboard,
  asked: Pick<AccessQuestion, 'resource' | 'now'>,
): Constraints | undefined {
  return approvedNow(policy, dashboard, asked)?.constraints
}

/** As {@link approvedConstraints}, with the grants behind it. */
export function approvedNow(
  policy: OrgPolicy,
  dashboard: ApprovedDashboard,
  asked: Pick<AccessQuestion, 'resource' | 'now'>,
): Approved | undefined {
  const { resource, now } = asked
  if (!dashboard.approval.dataSources.includes(resource.uid)) return undefined
  const source = policy.dataSources.find(({ uid }) => uid === resource.uid)
  const approver = principalOfSubject(policy, dashboard.approval.by)
  if (source === undefined || approver === undefined) return undefined
  const decision = authorize(policy, { principal: approver, action: 'datasources:query', resource, now })
  if (!decision.allowed) return undefined
  const constraints = narrow(policy, dashboard, decision.constraints, source.tenantLabel)
  return constraints && { constraints, because: decision.because }
}

/** Whether somebody may open a dashboard, and why; undefined if not. */
export function mayRead(
  policy: OrgPolicy,
  asked: AccessQuestion,
  dashboard: ApprovedDashboard,
): Allowed | undefined {
  const { principal, now } = asked
  const resource = {
    kind: 'dashboard',
    uid: dashboard.uid,
    orgUid: policy.orgUid,
    folderUid: dashboard.folderUid,
  } as const
  const decision = authorize(policy, { principal, action: 'dashboards:read', resource, now })
  return decision.allowed ? decision : undefined
}

function hintedFirst({ dashboards, hint }: CapabilityQuestion): readonly ApprovedDashboard[] {
  const hinted = dashboards.find(({ uid }) => uid === hint)
  return hinted === undefined ? dashboards : [hinted, ...dashboards.filter((other) => other !== hinted)]
}

function becauseOf(dashboard: ApprovedDashboard, read: Allowed): readonly Because[] {
  const via = `dashboard:${dashboard.uid}`
  const permission = 'datasources:query'
  return [
    ...read.because,
    ...read.because.slice(0, 1).map(({ grantUid, role }) => ({ grantUid, role, via, permission })),
  ]
}

/**
 * Decides whether a dashboard gives somebody a query that no grant gives them: they may open the dashboard, the query is one of its
 * queries, and whoever approved it for the data source may still query that data source. The answer is bounded by what the approver
 * may read and by the approval's own constraints. Ask only after `authorize` said no, about `datasources:query`.
 */
export function authorizeByCapability(
  policy: OrgPolicy,
  asked: AccessQuestion,
  question: CapabilityQuestion,
): CapabilityDecision {
  const { principal, action, resource } = asked
  const policyVersion = policy.version
  const deny: CapabilityDecision = {
    allowed: false,
    reason: 'no grant and no dashboard you may open gives this query here',
    policyVersion,
  }
  const isMeant = action === 'datasources:query' && resource.kind === 'data-source'
  if (!isMeant || principal.orgUid !== policy.orgUid || resource.orgUid !== policy.orgUid) return deny
  for (const dashboard of hintedFirst(question)) {
    if (!dashboard.approval.dataSources.includes(resource.uid)) continue
    const { request, capabilityOf } = question
    const admission =
      request.kind === 'overview' ? { instead: undefined } : capabilityOf(dashboard).admits(request)
    const read = admission && mayRead(policy, asked, dashboard)
    const constraints = read && approvedConstraints(policy, dashboard, asked)
    if (admission === undefined || read === undefined || constraints === undefined) continue
    const { instead } = admission
    return { allowed: true, because: becauseOf(dashboard, read), constraints, policyVersion, instead }
  }
  return deny
}
