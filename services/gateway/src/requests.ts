import { GatehouseError } from '@gatehouse/errors'
import {
  escapeLabelName,
  type EvaluationOptions,
  exemplarsRequest,
  federateRequest,
  instantRequest,
  labelsRequest,
  labelValuesRequest,
  rangeRequest,
  rulesRequest,
  seriesRequest,
  targetsRequest,
  type UpstreamRequest,
} from '@gatehouse/query'
import type { Budget } from './budget.ts'
import type { Plan, PlanStep } from './plan.ts'
import type { AskedOptions, Question } from './question.ts'

/** A question that is sent upstream. */
export type Forwarded = Exclude<
  Question,
  { kind: 'status' | 'buildinfo' | 'features' | 'format_query' | 'parse_query' | 'explain' | 'alertmanager' }
>

function evaluationOptions(
  { lookbackDelta, limit, stats }: AskedOptions,
  plan: Plan,
  budget: Budget,
): EvaluationOptions {
  // The shard gives up a little earlier, so that its own error arrives before ours cuts it off.
  const timeout = budget.left() * 0.95
  // A limit is on the answer, not on its parts.
  if (plan.kind === 'engine') return { lookbackDelta, limit, stats, timeout, isWhole: true }
  return plan.kind === 'pass' ? { lookbackDelta, limit, stats, timeout } : { lookbackDelta, stats, timeout }
}

function expressionOf({ texts: [text] }: PlanStep) {
  if (text === undefined) throw new GatehouseError('internal', 'a plan step without an expression')
  return text
}

/** The request of one step of a plan. For `metadata` that of its first half, the names. */
export function toRequest(
  question: Forwarded,
  step: PlanStep,
  { plan, budget }: { readonly plan: Plan; readonly budget: Budget },
): UpstreamRequest {
  const { texts, range } = step
  switch (question.kind) {
    case 'series':
      return seriesRequest(texts, question.lookup)
    case 'labels':
      return labelsRequest(texts, question.lookup)
    case 'label_values':
      return labelValuesRequest(escapeLabelName(question.label), texts, question.lookup)
    case 'metadata':
      return labelValuesRequest('__name__', texts, {})
    case 'federate':
      return federateRequest(texts, question.exposition.isUtf8 ? 'utf8' : 'legacy')
    case 'rules':
      return rulesRequest(question.selection.type)
    case 'alerts':
      return rulesRequest('alert')
    case 'targets':
      return targetsRequest()
    case 'query_exemplars':
      return exemplarsRequest(expressionOf(step), question.lookup)
    case 'query':
    case 'query_range': {
      const text = expressionOf(step)
      if (range === undefined) throw new GatehouseError('internal', 'a plan step without a range')
      const options = evaluationOptions(question.options, plan, budget)
      return range.step === 0
        ? instantRequest(text, range.start, options)
        : rangeRequest(text, range, options)
    }
  }
}
