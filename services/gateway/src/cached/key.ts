import { allFacts, type CacheFacts, type KeyParts, type Shard, type Times } from '@gatehouse/query'
import { type Access, constraintTexts } from '../access.ts'
import type { Plan } from '../plan.ts'
import type { Question } from '../question.ts'
import type { QueryReader } from './read-query.ts'

/** A question whose answer may be cached. */
export type CacheableQuestion = Extract<
  Question,
  { kind: 'query' | 'query_range' | 'series' | 'labels' | 'label_values' | 'metadata' }
>

const kinds: ReadonlySet<string> = new Set([
  'query',
  'query_range',
  'series',
  'labels',
  'label_values',
  'metadata',
])

/** Whether answers of this kind may be cached. */
export function isCacheable(question: Question): question is CacheableQuestion {
  return kinds.has(question.kind)
}

const identities = new WeakMap<Shard, string>()

/** A shard by its name and where it is: data sources read as one may name several alike. */
function identityOf(shard: Shard): string {
  let identity = identities.get(shard)
  if (identity === undefined) {
    identity = JSON.stringify([shard.name, ...shard.replicas.map(({ url }) => url)])
    identities.set(shard, identity)
  }
  return identity
}

function timesOf(question: CacheableQuestion): Times {
  switch (question.kind) {
    case 'query_range':
      return { kind: 'range', ...question.range }
    case 'query':
      return { kind: 'instant', time: question.time }
    case 'metadata':
      return { kind: 'lookup', start: undefined, end: undefined }
    default:
      return { kind: 'lookup', start: question.lookup.start, end: question.lookup.end }
  }
}

/** Names, limits and options that change an answer, of whichever kind of question. */
function optionsOf(
  question: CacheableQuestion,
): Pick<KeyParts, 'subject' | 'lookbackDelta' | 'limit' | 'limitPerMetric' | 'stats'> {
  const none = { subject: undefined, lookbackDelta: undefined, limitPerMetric: undefined, stats: undefined }
  switch (question.kind) {
    case 'query':
    case 'query_range': {
      const { lookbackDelta, limit, stats } = question.options
      return { ...none, lookbackDelta, limit, stats }
    }
    case 'metadata': {
      const { metric, limit, limitPerMetric } = question
      return { ...none, subject: metric, limit, limitPerMetric }
    }
    case 'label_values':
      return { ...none, subject: question.label, limit: question.lookup.limit }
    default:
      return { ...none, limit: question.lookup.limit }
  }
}

/**
 * What is asked for, enforced. A query over several partitions has no one text that is sent: it stands as it was written, in its
 * canonical form, with everything that is imposed on it. What a backend is told besides is imposed, too.
 */
function expressionsOf(question: CacheableQuestion, { plan, access, read }: Keyed): readonly string[] {
  if (plan.kind === 'evaluate' && 'query' in question)
    return [
      'evaluated',
      read(question.query).canonical,
      // What sub-queries without a step stand for.
      String(access.evaluationInterval),
      ...constraintTexts(access.constraints),
    ]
  const told = plan.steps.some(({ shard }) => shard.backend !== undefined)
    ? ['told', ...constraintTexts(access.constraints)]
    : []
  if (plan.steps.length === 1) return [...(plan.steps[0]?.texts ?? []), ...told]
  // Which selectors go to which shard.
  return [...plan.steps.flatMap(({ shard, texts }) => [identityOf(shard), ...texts]), ...told]
}

/** What a key is made of besides the question. */
export interface Keyed {
  readonly plan: Plan
  readonly access: Access
  readonly read: QueryReader
}

/** Everything that can change the answer to a question of one who was authorised. */
export function keyOf(question: CacheableQuestion, keyed: Keyed): KeyParts {
  const { source } = keyed.access
  return {
    orgUid: source.orgUid,
    dataSourceUid: source.uid,
    dataSourceVersion: source.version,
    endpoint: question.kind,
    expressions: expressionsOf(question, keyed),
    times: timesOf(question),
    shards:
      keyed.plan.steps.length === 0
        ? []
        : [...new Set(keyed.plan.steps.map(({ shard }) => identityOf(shard)))],
    ...optionsOf(question),
  }
}

const lookupFacts = allFacts([])

/** What decides whether answers can be cut by time; look-ups have nothing of the kind. */
export function factsOf(question: CacheableQuestion, read: QueryReader): CacheFacts {
  return 'query' in question ? read(question.query).facts : lookupFacts
}
