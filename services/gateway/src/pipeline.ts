import type { Principal } from '@gatehouse/authz'
import type { Alertmanagers, Upstream, Versions } from '@gatehouse/upstream'
import type { Answer } from './answer.ts'
import type { Budget } from './budget.ts'
import type { DecideByCapability } from './capability.ts'
import { type Completeness, completenessHeaders, withInfos } from './completeness.ts'
import { execute } from './execute.ts'
import type { Planner } from './plan.ts'
import type { Question } from './question.ts'
import { type OrgState, reach } from './reach.ts'
import type { PrometheusRequest } from './request.ts'
import type { Trail } from './trail.ts'

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
  readonly alertmanagers: Alertmanagers
  readonly versions: Versions
}

function askedTimeout(question: Question): number | undefined {
  if (question.kind === 'federate') return question.timeout
  return 'options' in question ? question.options.timeout : undefined
}

/** Whether a part of an answer is of use: what is scraped, or says which alerts there are, is whole or not at all. */
function isPartible({ kind }: Question): boolean {
  return ['query', 'query_range', 'series', 'labels', 'label_values'].includes(kind)
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
  const { question } = req
  budget.shorten(askedTimeout(question) ?? Number.POSITIVE_INFINITY)
  const principal = trail.note('principal', await deps.authenticate(req.rawHeaders, req.remoteAddress))
  const state = await deps.orgState(principal.orgUid)
  const asked = { principal, action: req.endpoint.action, now: trail.startedAt }
  const { source, constraints, because, alerts } = reach(
    { state, asked, req, byCapability: deps.byCapability },
    trail,
  )
  const version = await deps.versions.lowest(source.shards)
  const access = { constraints, source, version }
  const plan = trail.note('plan', deps.planner(question, access))
  budget.signal.throwIfAborted()
  const { upstream, versions, alertmanagers } = deps
  const replicas: Completeness['answered'][number][] = []
  const result = await execute(plan, question, {
    source,
    access,
    because,
    policy: state.policy,
    alerts,
    upstream,
    alertmanagers,
    principal,
    versions,
    budget,
    allowsPartial: req.wantsPartial && source.allowsPartial === true && isPartible(question),
    answered(shard, replica) {
      replicas.push({ shard, replica })
      trail.answered(shard, replica)
    },
  })
  const completeness = { asked: plan.steps.map(({ shard }) => shard.name), answered: replicas }
  const told = req.wantsInfos ? await withInfos(result, completeness) : result
  return plan.kind === 'local' ? told : { ...told, headers: completenessHeaders(completeness) }
}
