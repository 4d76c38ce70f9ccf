import { GatehouseError } from '@gatehouse/errors'
import { evaluate, type QueryResult, refuse, renderResult } from '@gatehouse/query'
import type { Answer } from './answer.ts'
import type { Forwarded } from './requests.ts'
import { truncated } from './merge-lists.ts'
import type { Plan } from './plan.ts'
import { readEnvelope } from './upstream-envelope.ts'

type Evaluated = Extract<Plan, { kind: 'evaluate' }>

interface Annotations {
  readonly warnings: readonly string[]
  readonly infos: readonly string[]
}

function* render(result: QueryResult, { warnings, infos }: Annotations): Generator<string, void> {
  yield '{"status":"success","data":'
  yield* renderResult(result)
  if (warnings.length > 0) yield `,"warnings":${JSON.stringify(warnings)}`
  if (infos.length > 0) yield `,"infos":${JSON.stringify(infos)}`
  yield '}'
}

/** The result with at most `limit` series, 0 for all; itself if it has no more. */
function cutTo(result: QueryResult, limit: number): QueryResult {
  if (limit === 0) return result
  if ('items' in result && result.items.length > limit)
    return { ...result, items: result.items.slice(0, limit) }
  if ('series' in result && result.series.length > limit)
    return { ...result, series: result.series.slice(0, limit) }
  return result
}

/** Evaluates an expression over the answers of its requests, in the order of the plan. @throws GatehouseError as `evaluate` does. */
export function mergeEvaluation(question: Forwarded, plan: Evaluated, bodies: readonly Buffer[]): Answer {
  if (question.kind !== 'query' && question.kind !== 'query_range')
    throw new GatehouseError('internal', 'only expressions are evaluated')
  const { evaluation } = plan
  const answers = new Map(
    evaluation.requests.map(({ id }, i) => [id, readEnvelope(bodies[i] ?? Buffer.alloc(0))]),
  )
  const outcome = evaluate(evaluation, answers)
  if (outcome.kind === 'beyond') throw refuse(outcome.beyond)
  const cut = cutTo(outcome.result, question.options.limit ?? 0)
  const warnings = cut === outcome.result ? outcome.warnings : [...outcome.warnings, truncated]
  return { kind: 'pieces', pieces: render(cut, { warnings, infos: outcome.infos }) }
}
