import type { Matcher } from '@gatehouse/promql'
import { type AccessQuestion, authorize } from '../authorize.ts'
import { combineConstraints } from '../constraints.ts'
import type { Because, Constraints, Principal, Resource } from '../model.ts'
import { type Overlap, overlapOf } from '../overlap.ts'
import type { OrgPolicy } from '../policy.ts'
import { everyone, type WhoEntry, type WhoQuestion } from '../who-can.ts'
import type { ApprovedDashboard, CapabilityOf } from './approved.ts'
import { approvedNow, mayRead } from './authorize-by-capability.ts'
import type { DashboardQuery } from './dashboard.ts'

/** An org's approved dashboards. */
export interface GivenDashboards {
  readonly dashboards: readonly ApprovedDashboard[]
  readonly capabilityOf: CapabilityOf
}

/** A dashboard through which somebody may run queries that no grant gives them. */
export interface DashboardPath {
  readonly dashboard: ApprovedDashboard
  readonly title: string
  /** The grants by which they may open it. */
  readonly because: readonly Because[]
  /** The grants by which whoever stands for its queries may read. */
  readonly approvedBecause: readonly Because[]
  /** Those of its queries that read series of the selector; look-ups of variables are left out. */
  readonly queries: readonly DashboardQuery[]
  /** The series its queries may read. */
  readonly constraints: Constraints
  /** How much of the selector its queries read; `all` if none was asked about. */
  readonly overlap: Overlap
}

type Runnable = Omit<DashboardPath, 'because'>

/** What of the approved series a selector reads; nothing where they contradict each other. */
function within(
  policy: OrgPolicy,
  { uid }: Resource,
  { approved, matchers }: { readonly approved: Constraints; readonly matchers: readonly Matcher[] },
): Constraints['alternatives'] {
  const tenantLabel = policy.dataSources.find((source) => source.uid === uid)?.tenantLabel ?? ''
  const both = approved.alternatives.map((alternative) => [...alternative, ...matchers])
  const { tenants, guardrails } = policy
  const combined = combineConstraints(both, { tenantLabel, tenants, guardrails })
  return 'refused' in combined ? [] : combined.constraints.alternatives
}

function runnableOf(
  policy: OrgPolicy,
  { resource, now, selector }: WhoQuestion,
  { dashboard, capabilityOf }: { readonly dashboard: ApprovedDashboard; readonly capabilityOf: CapabilityOf },
): Runnable[] {
  const approval = approvedNow(policy, dashboard, { resource, now })
  if (approval === undefined) return []
  const { constraints: approved, because: approvedBecause } = approval
  const { reads, title } = capabilityOf(dashboard)
  const all = reads.map(({ query, matchers }) => ({
    query,
    alternatives: within(policy, resource, { approved, matchers }),
  }))
  const read = all.filter(
    ({ alternatives }) =>
      alternatives.length > 0 && (selector === undefined || overlapOf(selector, { alternatives }) !== 'none'),
  )
  if (read.length === 0) return []
  const constraints = { alternatives: read.flatMap(({ alternatives }) => alternatives) }
  const overlap = selector === undefined ? 'all' : overlapOf(selector, constraints)
  const queries = [...new Set(read.map(({ query }) => query))]
  return [{ dashboard, title, queries, constraints, overlap, approvedBecause }]
}

/** What dashboards can be asked for at all, whoever may open them. */
function runnable(
  policy: OrgPolicy,
  question: WhoQuestion,
  { dashboards, capabilityOf }: GivenDashboards,
): readonly Runnable[] {
  const { action, resource } = question
  const isMeant = action === 'datasources:query' && resource.kind === 'data-source'
  if (!isMeant || resource.orgUid !== policy.orgUid) return []
  return dashboards.flatMap((dashboard) => runnableOf(policy, question, { dashboard, capabilityOf }))
}

function openedBy(
  policy: OrgPolicy,
  asked: AccessQuestion,
  found: readonly Runnable[],
): readonly DashboardPath[] {
  if (found.length === 0 || authorize(policy, asked).allowed) return []
  return found.flatMap((one) => {
    const read = mayRead(policy, asked, one.dashboard)
    return read === undefined ? [] : [{ ...one, because: read.because }]
  })
}

/**
 * As {@link dashboardPaths}, for asking about many people: what the dashboards can be asked for is worked out once.
 */
export function dashboardReach(
  policy: OrgPolicy,
  question: WhoQuestion,
  given: GivenDashboards,
): (principal: Principal) => readonly DashboardPath[] {
  const found = runnable(policy, question, given)
  return (principal) =>
    principal.orgUid === policy.orgUid ? openedBy(policy, { ...question, principal }, found) : []
}

/**
 * The dashboards through which somebody may run queries about a data source although no grant lets them query it: what the gateway
 * answers of them, and no more. Empty where a grant lets them.
 */
export function dashboardPaths(
  policy: OrgPolicy,
  question: AccessQuestion & Pick<WhoQuestion, 'selector'>,
  given: GivenDashboards,
): readonly DashboardPath[] {
  return dashboardReach(policy, question, given)(question.principal)
}

function entryOf(
  policy: OrgPolicy,
  paths: readonly DashboardPath[],
  selector: WhoQuestion['selector'],
): Omit<WhoEntry, 'kind' | 'uid' | 'name'> {
  const ends = new Map(policy.grants.map(({ uid, expiresAt }) => [uid, expiresAt]))
  const because = paths.flatMap(({ dashboard, because: read }) =>
    read.map(({ grantUid, role }) => ({
      grantUid,
      role,
      via: `dashboard:${dashboard.uid}`,
      permission: 'datasources:query',
    })),
  )
  const lastOf = (grants: readonly Because[]): number =>
    Math.max(...grants.map(({ grantUid }) => ends.get(grantUid) ?? Number.POSITIVE_INFINITY))
  // A path ends with the right to open the dashboard, or with the right of whoever stands for its queries.
  const until = Math.max(...paths.map((path) => Math.min(lastOf(path.because), lastOf(path.approvedBecause))))
  const constraints = { alternatives: paths.flatMap((path) => path.constraints.alternatives) }
  return {
    because,
    until: Number.isFinite(until) ? until : undefined,
    constraints,
    overlap: selector === undefined ? 'all' : overlapOf(selector, constraints),
  }
}

/** Somebody who may run queries of dashboards only. */
export interface DashboardReader extends WhoEntry {
  readonly paths: readonly DashboardPath[]
}

/** Everybody whom dashboards alone give some of a data source, in the order of `whoCan`; nobody whom that names. */
export function whoThroughDashboards(
  policy: OrgPolicy,
  question: WhoQuestion,
  given: GivenDashboards,
): readonly DashboardReader[] {
  const pathsOf = dashboardReach(policy, question, given)
  return everyone(policy).flatMap((principal) => {
    const { kind, uid, name } = principal
    const paths = pathsOf(principal)
    return paths.length === 0
      ? []
      : [{ kind, uid, name, ...entryOf(policy, paths, question.selector), paths }]
  })
}
