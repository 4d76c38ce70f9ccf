import type {
  AnsweredBy,
  CachedAnswer,
  CacheOutcome,
  CacheRequest,
  Fetched,
  ResultsCache,
} from '@gatehouse/cache'
import type { CacheConfig } from '@gatehouse/config'
import { type DataSource, type Freshness, unitedBy } from '@gatehouse/query'
import type { Answer } from '../answer.ts'
import type { Prepared } from '../ask.ts'
import { execute } from '../execute.ts'
import type { Plan, Planner } from '../plan.ts'
import type { Question } from '../question.ts'
import type { PrometheusRequest } from '../request.ts'
import { createFetch, type StreamedAnswer } from './fetch.ts'
import { type CacheableQuestion, factsOf, isCacheable, keyOf } from './key.ts'
import type { QueryReader } from './read-query.ts'

/** An answer, and how the cache came by it. */
export interface Answered {
  readonly answer: Answer
  /** Undefined where there is nothing to cache. */
  readonly cache: CacheOutcome | undefined
  readonly isComplete: boolean
  readonly answeredBy: readonly AnsweredBy[]
  /** Samples that shards read for it; undefined if they did not tell, or none were asked. */
  readonly samples: number | undefined
}

export interface CachedDeps {
  readonly results: ResultsCache<StreamedAnswer>
  readonly config: Pick<
    CacheConfig,
    'enabled' | 'freshness' | 'outOfOrderWindow' | 'dataSources' | 'maxEntryBytes'
  >
  readonly planner: Planner
  readonly read: QueryReader
}

/** Answers a plan through the cache where that is possible. */
export interface CachedExecution {
  answer(req: PrometheusRequest, plan: Plan, execution: Prepared): Promise<Answered>
  /** How old samples of a data source must be before they are kept; undefined if nothing is. */
  freshnessOf(source: DataSource): Freshness | undefined
}

function toAnswer(found: CachedAnswer<StreamedAnswer>): Answer {
  if (found.kind === 'body') return { kind: 'bytes', body: found.body, gzip: found.gzip }
  const { body, samples, end } = found.stream
  return { kind: 'stream', exchange: body, samples, end }
}

function ofFetched(fetched: Fetched<StreamedAnswer>): Omit<Answered, 'cache'> {
  if (fetched.kind === 'stream') {
    const { body, samples, end, answeredBy } = fetched.stream
    return {
      answer: { kind: 'stream', exchange: body, samples, end },
      isComplete: true,
      answeredBy,
      samples: undefined,
    }
  }
  const { body, isComplete, samples, answeredBy = [] } = fetched
  return { answer: { kind: 'bytes', body, gzip: undefined }, isComplete, answeredBy, samples }
}

/** Answers what is never cached, in the slots it needs. */
async function answerDirectly(plan: Plan, question: Question, execution: Prepared): Promise<Answer> {
  const slots = execution.takeSlots({ steps: plan.steps, signal: execution.budget.signal })
  try {
    const answer = await execute(plan, question, { ...execution, slots })
    if (answer.kind === 'stream') return { ...answer, end: slots.end }
    slots.end()
    return answer
  } catch (error) {
    slots.end()
    throw error
  }
}

/** Creates the execution over the cache. The caller has authorised the request: the cache never does. */
export function createCachedExecution(deps: CachedDeps): CachedExecution {
  const { results, config, planner, read } = deps
  const own = new Map(
    config.dataSources.map((one) => [JSON.stringify([one.org, one.dataSource]), one] as const),
  )

  /** Samples of what unites several data sources are final when those of each are. */
  const boundOf = (source: DataSource): Freshness => {
    const all = unitedBy(source).map((uid) => own.get(JSON.stringify([source.orgUid, uid])))
    return {
      freshnessMs: Math.max(...all.map((one) => one?.freshness ?? config.freshness)),
      outOfOrderMs: Math.max(...all.map((one) => one?.outOfOrderWindow ?? config.outOfOrderWindow)),
    }
  }

  const requestOf = (
    question: CacheableQuestion,
    req: PrometheusRequest,
    { plan, execution }: { readonly plan: Plan; readonly execution: Prepared },
  ): CacheRequest => ({
    key: keyOf(question, { plan, access: execution.access, read }),
    facts: factsOf(question, read),
    freshness: boundOf(execution.source),
    policyVersion: execution.policy.version,
    noStore: req.wantsFresh,
    allowStale: !req.isForAlert,
    allowsPartial: execution.allowsPartial,
    signal: execution.budget.signal,
    party: execution.party,
  })

  return {
    freshnessOf: (source) => (config.enabled ? boundOf(source) : undefined),
    async answer(req, plan, execution) {
      const { question } = req
      if (!req.endpoint.isCacheable || !isCacheable(question) || plan.steps.length === 0) {
        const answeredBy: AnsweredBy[] = []
        const answered = (shard: string, replica: string): void => {
          answeredBy.push({ shard, replica })
          execution.answered(shard, replica)
        }
        const answer = await answerDirectly(plan, question, { ...execution, answered })
        const names = new Set(answeredBy.map(({ shard }) => shard))
        const isComplete = plan.steps.every(({ shard }) => names.has(shard.name))
        return { answer, cache: undefined, isComplete, answeredBy, samples: undefined }
      }
      const fetching = { plan, planner, execution, maxHeldBytes: config.maxEntryBytes }
      const fetch = createFetch(question, fetching)
      if (!config.enabled) {
        const fetched = await fetch({ range: undefined, signal: execution.budget.signal, mayStream: true })
        return { ...ofFetched(fetched), cache: undefined }
      }
      const found = await results.cached(requestOf(question, req, { plan, execution }), fetch)
      const answeredBy = found.kind === 'body' ? found.answeredBy : found.stream.answeredBy
      const isComplete = found.kind === 'body' ? found.isComplete : true
      // Who waited for another's fetch has read nothing more.
      const samples = found.kind === 'body' && !found.outcome.isShared ? found.samples : undefined
      return { answer: toAnswer(found), cache: found.outcome, isComplete, answeredBy, samples }
    },
  }
}
