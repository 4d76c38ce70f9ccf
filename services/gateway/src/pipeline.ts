import {
  type AccessQuestion,
  type ApprovedDashboard,
  authorize,
  type Constraints,
  type Decision,
  type OrgPolicy,
  type Principal,
} from '@gatehouse/authz'
import { GatehouseError } from '@gatehouse/errors'
import type { DataSource } from '@gatehouse/query'
import type { Upstream, Versions } from '@gatehouse/upstream'
import type { Answer } from './answer.ts'
import type { Budget } from './budget.ts'
import type { DecideByCapability } from './capability.ts'
import { execute } from './execute.ts'
import type { Planner } from './plan.ts'
import type { Question } from './question.ts'
import type { PrometheusRequest } from './request.ts'
import type { Trail } from './trail.ts'

/** An org's access settings and data sources, of one version. */
export interface OrgState {
  readonly policy: OrgPolicy
  readonly dataSources: ReadonlyMap<string, DataSource>
  readonly dashboards: readonly ApprovedDashboard[]
}

/** What the pipeline is composed of. */
export interface Deps {
  readonly authenticate: (
    rawHeaders: readonly string[],
    remoteAddress: string | undefined,
  ) => Promise<Principal>
  /** @throws GatehouseError `unavailable` when the policy is older than allowed. */
  readonly orgState: (orgUid: string) => Promise<OrgState>
  /** What dashboards give where no grant does. */
  readonly byCapability: DecideByCapability
  readonly planner: Planner
  readonly upstream: Upstream
  readonly versions: Versions
}

type Allowed = Extract<Decision, { allowed: true }>

function findDataSource({ dataSources }: OrgState, uid: string): DataSource {
  const source = dataSources.get(uid)
  // The same answer for another org's data source as for none.
  if (source === undefined) throw new GatehouseError('not_found', 'there is no such data source')
  return source
}

interface Asking {
  readonly state: OrgState
  readonly asked: AccessQuestion
  readonly req: PrometheusRequest
}

function allow({ state, asked, req }: Asking, deps: Deps, trail: Trail): Allowed {
  const { policy, dashboards } = state
  const { question, rawHeaders } = req
  const byGrants = authorize(policy, asked)
  const decision = trail.note(
    'decision',
    byGrants.allowed
      ? byGrants
      : (deps.byCapability(asked, { policy, dashboards, question, rawHeaders }) ?? byGrants),
  )
  if (!decision.allowed) throw new GatehouseError('forbidden', `not allowed: ${decision.reason}`)
  if (decision.constraints.alternatives.length === 0)
    throw new GatehouseError('forbidden', 'not allowed: the grants admit no series')
  return decision
}

function askedTimeout(question: Question): number | undefined {
  if (question.kind === 'federate') return question.timeout
  return 'options' in question ? question.options.timeout : undefined
}

/** What admits the alerts that stand in rules; those who may list rules need not see alerts. */
function alertConstraints({ state, asked, req }: Asking): Constraints | undefined {
  if (req.question.kind !== 'rules') return undefined
  const decision = authorize(state.policy, { ...asked, action: 'alert.instances:read' })
  return decision.allowed ? decision.constraints : undefined
}

/**
 * Answers one request: the request path, top to bottom. Every stage needs what the one before it made.
 * @throws GatehouseError of any code; the caller renders and audits it.
 */
export async function answer(
  req: PrometheusRequest,
  deps: Deps,
  { trail, budget }: { trail: Trail; budget: Budget },
): Promise<Answer> {
  const { endpoint, question } = req
  budget.shorten(askedTimeout(question) ?? Number.POSITIVE_INFINITY)
  const principal = trail.note('principal', await deps.authenticate(req.rawHeaders, req.remoteAddress))
  const state = await deps.orgState(principal.orgUid)
  const source = trail.note('source', findDataSource(state, req.dataSourceUid))
  const resource = { kind: 'data-source', uid: source.uid, orgUid: source.orgUid } as const
  const asked = { principal, action: endpoint.action, resource, now: trail.startedAt }
  const decision = allow({ state, asked, req }, deps, trail)
  const version = await deps.versions.lowest(source.shards)
  const access = { constraints: decision.constraints, source, version }
  const plan = trail.note('plan', deps.planner(question, access))
  budget.signal.throwIfAborted()
  const { upstream, versions } = deps
  const alerts = alertConstraints({ state, asked, req })
  const { answered } = trail
  return execute(plan, question, { source, access, alerts, upstream, versions, budget, answered })
}
