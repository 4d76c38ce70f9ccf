import type { Principal } from '@gatehouse/authz'
import type { CacheOutcome } from '@gatehouse/cache'
import { perTenant } from '@gatehouse/query'
import type {
  Alertmanagers,
  EvaluationIntervals,
  ExternalLabels,
  Upstream,
  Versions,
} from '@gatehouse/upstream'
import type { Answer } from './answer.ts'
import { asSeries } from './as-series.ts'
import { type PolicyChecks, tellBackends } from './backends.ts'
import type { Budget } from './budget.ts'
import type { DecideByCapability } from './capability.ts'
import { completenessHeaders, withInfos } from './completeness.ts'
import type { CachedExecution } from './cached/answer-cached.ts'
import { cacheResult } from './cached/tell.ts'
import { evaluationIntervalFor } from './evaluation-interval.ts'
import { checkAnswer } from './limits/check-answer.ts'
import type { Limiting } from './limits/limiting.ts'
import type { Merger } from './merging/merger.ts'
import type { Plan, Planner } from './plan.ts'
import type { Question } from './question.ts'
import { type OrgState, reach } from './reach.ts'
import type { PrometheusRequest } from './request.ts'
import { answerShardStatus, asksStatus } from './shard-status.ts'
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
  /** Where people ask for access that they do not have. */
  readonly consoleUrl: string
  readonly planner: Planner
  readonly merger: Merger
  readonly upstream: Upstream
  readonly alertmanagers: Alertmanagers
  readonly versions: Versions
  readonly intervals: EvaluationIntervals
  readonly externalLabels: ExternalLabels
  readonly policyChecks: PolicyChecks
  /** Answers plans, from the cache where that is possible. */
  readonly cached: CachedExecution
  readonly limiting: Limiting
}

function askedTimeout(question: Question): number | undefined {
  if (question.kind === 'federate') return question.timeout
  return 'options' in question ? question.options.timeout : undefined
}

/** Whether a part of an answer is of use: what is scraped, or says which alerts there are, is whole or not at all. */
function isPartible({ kind }: Question): boolean {
  return ['query', 'query_range', 'series', 'labels', 'label_values'].includes(kind)
}

/** Names of the shards that were asked for an answer; none for one that was there already. */
function askedShards({ steps }: Plan, cache: CacheOutcome | undefined): readonly string[] {
  return cache?.result === 'hit' || cache?.result === 'stale' ? [] : steps.map(({ shard }) => shard.name)
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
  budget.shorten(askedTimeout(req.question) ?? Number.POSITIVE_INFINITY)
  const principal = trail.note('principal', await deps.authenticate(req.rawHeaders, req.remoteAddress))
  await deps.limiting.admit(principal)
  if (asksStatus(req)) return answerShardStatus(req, { ...deps, principal }, { trail, budget })
  const state = await deps.orgState(principal.orgUid)
  const asked = { principal, action: req.endpoint.action, now: trail.startedAt }
  const { byCapability, consoleUrl } = deps
  const reached = reach({ state, asked, req, byCapability, consoleUrl }, trail)
  const { constraints, because, alerts, seriesOf } = reached
  const source = perTenant(reached.source)
  const { question } = reached.req
  await deps.limiting.admit(principal, source)
  const { requestId, startedAt } = trail
  const { policy } = state
  const entered = { question, principal, source, constraints, policy, budget, requestId, startedAt }
  const { query: limits, notes, takeSlots, party } = deps.limiting.enter(entered)
  const version = await deps.versions.lowest(source.shards)
  const evaluationInterval = await evaluationIntervalFor(question, source, deps.intervals)
  const handsOver = await deps.policyChecks.hold(source, constraints)
  const access = { constraints, source, version, evaluationInterval, handsOver }
  const plan = trail.note('plan', deps.planner(question, access))
  budget.signal.throwIfAborted()
  const { versions, alertmanagers, externalLabels } = deps
  const upstream = tellBackends(deps.upstream, constraints, source)
  const {
    answer: found,
    cache,
    isComplete,
    answeredBy,
    samples,
  } = await deps.cached.answer(reached.req, plan, {
    source,
    access,
    because,
    policy: state.policy,
    alerts,
    upstream,
    merger: deps.merger,
    alertmanagers,
    principal,
    versions,
    externalLabels,
    budget,
    allowsPartial: req.wantsPartial && source.allowsPartial === true && isPartible(question),
    takeSlots,
    party,
    limits,
    freshness: deps.cached.freshnessOf(source),
    answered: trail.answered,
  })
  for (const { shard, replica } of answeredBy) trail.answered(shard, replica)
  trail.note('isComplete', isComplete)
  if (samples !== undefined) trail.note('samples', samples)
  if (cache !== undefined) trail.note('cache', cacheResult(cache))
  const completeness = { asked: askedShards(plan, cache), answered: answeredBy, cache }
  const checked = checkAnswer(found, limits, { samples, notes, kind: question.kind })
  const shown = seriesOf === undefined ? checked : await asSeries(checked, seriesOf)
  const told = req.wantsInfos ? await withInfos(shown, completeness) : shown
  return plan.kind === 'local' ? told : { ...told, headers: completenessHeaders(completeness) }
}
