import { GatehouseError } from '@gatehouse/errors'
import {
  type DataSource,
  escapeLabelName,
  type EvaluationOptions,
  instantRequest,
  labelsRequest,
  labelValuesRequest,
  rangeRequest,
  seriesRequest,
  type UpstreamRequest,
} from '@gatehouse/query'
import { readBody, type Upstream, type Versions } from '@gatehouse/upstream'
import { type Answer, success } from './answer.ts'
import type { Budget } from './budget.ts'
import { answerBuildinfo } from './buildinfo.ts'
import { mergeEvaluation } from './merge-evaluation.ts'
import { mergeLists } from './merge-lists.ts'
import type { Plan, PlanStep } from './plan.ts'
import type { AskedOptions, Question } from './question.ts'

/** Answers of several requests are held whole to be merged; more than this together is refused. */
const maxMergedBytes = 33_554_432

/** A question that is sent upstream. */
export type Forwarded = Exclude<Question, { kind: 'buildinfo' }>

/** What an execution needs besides plan and question. */
export interface Execution {
  readonly source: DataSource
  readonly upstream: Upstream
  readonly versions: Versions
  readonly budget: Budget
  /** Told which replica answered for a shard. */
  readonly answered: (shard: string, replica: string) => void
}

function evaluationOptions(
  { lookbackDelta, limit, stats }: AskedOptions,
  plan: Plan,
  budget: Budget,
): EvaluationOptions {
  // The shard gives up a little earlier, so that its own error arrives before ours cuts it off.
  const timeout = budget.left() * 0.95
  // A limit is on the answer, not on its parts.
  return plan.kind === 'pass' ? { lookbackDelta, limit, stats, timeout } : { lookbackDelta, timeout }
}

function toRequest(
  question: Forwarded,
  step: PlanStep,
  { plan, budget }: { plan: Plan; budget: Budget },
): UpstreamRequest {
  const { texts, range } = step
  switch (question.kind) {
    case 'series':
      return seriesRequest(texts, question.lookup)
    case 'labels':
      return labelsRequest(texts, question.lookup)
    case 'label_values':
      return labelValuesRequest(escapeLabelName(question.label), texts, question.lookup)
    case 'query':
    case 'query_range': {
      const [text] = texts
      if (text === undefined || range === undefined)
        throw new GatehouseError('internal', 'a plan step without an expression')
      const options = evaluationOptions(question.options, plan, budget)
      return range.step === 0
        ? instantRequest(text, range.start, options)
        : rangeRequest(text, range, options)
    }
  }
}

/** Asks for all steps at once; the first failure ends the others. */
async function askAll(question: Forwarded, plan: Plan, execution: Execution): Promise<readonly Buffer[]> {
  const { upstream, budget, answered } = execution
  const siblings = new AbortController()
  const signal = AbortSignal.any([budget.signal, siblings.signal])
  let bytesLeft = maxMergedBytes
  const ask = async (step: PlanStep): Promise<Buffer> => {
    const request = toRequest(question, step, { plan, budget })
    const { exchange, replica } = await upstream.open(step.shard, request, signal)
    const body = await readBody(exchange, bytesLeft)
    bytesLeft -= body.length
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

/** Runs a plan. @throws GatehouseError as {@link Upstream.open} and {@link readBody} do. */
export async function execute(plan: Plan, question: Question, execution: Execution): Promise<Answer> {
  if (plan.kind === 'nothing') return success('[]', [plan.warning])
  if (plan.kind === 'local' || question.kind === 'buildinfo') return answerBuildinfo(execution)
  if (plan.kind === 'union') return mergeLists(question, await askAll(question, plan, execution))
  if (plan.kind === 'evaluate')
    return mergeEvaluation(question, plan, await askAll(question, plan, execution))
  const [step] = plan.steps
  const { upstream, budget, answered } = execution
  const request = toRequest(question, step, { plan, budget })
  const { exchange, replica } = await upstream.open(step.shard, request, budget.signal)
  answered(step.shard.name, replica)
  return { kind: 'stream', exchange }
}
