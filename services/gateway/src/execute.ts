import { GatehouseError } from '@gatehouse/errors'
import {
  type DataSource,
  type EvaluationOptions,
  instantRequest,
  labelSetJson,
  labelsRequest,
  labelValuesRequest,
  escapeLabelName,
  rangeRequest,
  seriesRequest,
  toLabelSet,
  unionLabelSets,
  unionStrings,
  type UpstreamRequest,
} from '@gatehouse/query'
import { readBody, type Upstream, type Versions } from '@gatehouse/upstream'
import { type Answer, success } from './answer.ts'
import type { Budget } from './budget.ts'
import { answerBuildinfo } from './buildinfo.ts'
import type { Plan, PlanStep } from './plan.ts'
import type { AskedOptions, Question } from './question.ts'
import { readEnvelope } from './upstream-envelope.ts'

/** Answers of several shards are held whole to be united; more than this together is refused. */
const maxUnionBytes = 33_554_432

/** A question that is sent upstream. */
type Forwarded = Exclude<Question, { kind: 'buildinfo' }>

function evaluation({ lookbackDelta, limit, stats }: AskedOptions, budget: Budget): EvaluationOptions {
  // The shard gives up first, so that its own error arrives before ours cuts it off.
  return { lookbackDelta, limit, stats, timeout: budget.left() * 0.95 }
}

function toRequest(question: Forwarded, { texts }: PlanStep, budget: Budget): UpstreamRequest {
  const [text] = texts
  if (text === undefined) throw new GatehouseError('internal', 'a plan step without a text')
  switch (question.kind) {
    case 'query':
      return instantRequest(text, question.time, evaluation(question.options, budget))
    case 'query_range':
      return rangeRequest(text, question.range, evaluation(question.options, budget))
    case 'series':
      return seriesRequest(texts, question.lookup)
    case 'labels':
      return labelsRequest(texts, question.lookup)
    case 'label_values':
      return labelValuesRequest(escapeLabelName(question.label), texts, question.lookup)
  }
}

/** Asks all shards of a union at once; the first failure ends the others. */
async function askAll(
  question: Forwarded,
  plan: Plan,
  { upstream, budget, answered }: Execution,
): Promise<readonly Buffer[]> {
  const siblings = new AbortController()
  const signal = AbortSignal.any([budget.signal, siblings.signal])
  const ask = async (step: PlanStep): Promise<Buffer> => {
    const { exchange, replica } = await upstream.open(step.shard, toRequest(question, step, budget), signal)
    const body = await readBody(exchange, Math.floor(maxUnionBytes / plan.steps.length))
    answered(step.shard.name, replica)
    return body
  }
  try {
    return await Promise.all(plan.steps.map(ask))
  } catch (error) {
    siblings.abort(error)
    throw error
  }
}

const truncated = 'results truncated due to limit'

async function unite(question: Forwarded, plan: Plan, execution: Execution): Promise<Answer> {
  const envelopes = (await askAll(question, plan, execution)).map(readEnvelope)
  const warnings = new Set(envelopes.flatMap((envelope) => envelope.warnings))
  const items =
    question.kind === 'series'
      ? unionLabelSets(envelopes.map(({ data }) => data.map(toLabels))).map(labelSetJson)
      : unionStrings(envelopes.map(({ data }) => data.map(toText))).map((text) => JSON.stringify(text))
  const limit = 'lookup' in question ? (question.lookup.limit ?? 0) : 0
  if (limit === 0 || items.length <= limit) return success(`[${items.join(',')}]`, [...warnings])
  return success(`[${items.slice(0, limit).join(',')}]`, [...warnings.add(truncated)])
}

function toText(item: unknown): string {
  if (typeof item === 'string') return item
  throw new GatehouseError('bad_gateway', 'an upstream gave no usable answer', {
    detail: 'expected a string',
  })
}

function toLabels(item: unknown) {
  if (
    typeof item === 'object' &&
    item !== null &&
    Object.values(item).every((value) => typeof value === 'string')
  )
    return toLabelSet(item as Record<string, string>)
  throw new GatehouseError('bad_gateway', 'an upstream gave no usable answer', { detail: 'expected labels' })
}

/** What an execution needs besides plan and question. */
export interface Execution {
  readonly source: DataSource
  readonly upstream: Upstream
  readonly versions: Versions
  readonly budget: Budget
  /** Told which replica answered for a shard. */
  readonly answered: (shard: string, replica: string) => void
}

/** Runs a plan. @throws GatehouseError as {@link Upstream.open} and {@link readBody} do. */
export async function execute(plan: Plan, question: Question, execution: Execution): Promise<Answer> {
  if (plan.kind === 'nothing') return success('[]', [plan.warning])
  if (plan.kind === 'local' || question.kind === 'buildinfo') return answerBuildinfo(execution)
  if (plan.kind === 'union') return unite(question, plan, execution)
  const [step] = plan.steps
  const { upstream, budget, answered } = execution
  const { exchange, replica } = await upstream.open(
    step.shard,
    toRequest(question, step, budget),
    budget.signal,
  )
  answered(step.shard.name, replica)
  return { kind: 'stream', exchange }
}
