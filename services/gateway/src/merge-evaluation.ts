import { isUtf8 } from 'node:buffer'
import { GatehouseError } from '@gatehouse/errors'
import {
  evaluate,
  type Evaluation,
  mergeStats,
  type QueryResult,
  readRawAnswer,
  renderResult,
} from '@gatehouse/query'
import type { EvaluationJob } from './merging/job.ts'
import { truncated } from './merge-lists.ts'
import { envelopeOf, unusableAnswer } from './upstream-envelope.ts'

type Evaluated = Extract<Evaluation, { kind: 'answer' }>

function* render({ result, stats, warnings, infos }: Evaluated): Generator<string | Uint8Array, void> {
  yield '{"status":"success","data":'
  yield* renderResult(result, stats)
  if (warnings.length > 0) yield `,"warnings":${JSON.stringify(warnings)}`
  if (infos.length > 0) yield `,"infos":${JSON.stringify(infos)}`
  yield '}'
}

function firstOf(items: Iterable<unknown>, limit: number): readonly unknown[] {
  const first: unknown[] = []
  for (const item of items) if (first.push(item) === limit) break
  return first
}

/** The result with at most `limit` series, 0 for all; itself if it has no more. */
function cutTo(result: QueryResult, limit: number): QueryResult {
  if (limit === 0) return result
  if ('items' in result && result.items.length > limit)
    return { ...result, items: firstOf(result.items, limit) }
  if ('series' in result && result.series.length > limit)
    return { ...result, series: result.series.slice(0, limit) }
  return result
}

/** What came of merging: an answer's text as it is made, or what only the global engine can compute. */
export type MergedText =
  | { readonly kind: 'answer'; readonly pieces: Iterable<string | Uint8Array> }
  | Extract<Evaluation, { kind: 'beyond' }>

/** Evaluates an expression over the answers of its requests, in the order of the plan. @throws GatehouseError as `evaluate` does. */
export function mergeEvaluation(
  { question, evaluation, warnings: remarks }: Omit<EvaluationJob, 'kind'>,
  bodies: readonly Buffer[],
): MergedText {
  if (question.kind !== 'query' && question.kind !== 'query_range')
    throw new GatehouseError('internal', 'only expressions are evaluated')
  // Series that are only passed on are never decoded.
  if (!bodies.every(isUtf8)) throw unusableAnswer('not UTF-8')
  const answers = new Map(
    evaluation.requests.map(({ id }, i) => [id, envelopeOf(readRawAnswer(bodies[i] ?? Buffer.alloc(0)))]),
  )
  const outcome = evaluate(evaluation, answers)
  if (outcome.kind === 'beyond') return outcome
  const { limit = 0, stats: wanted } = question.options
  const result = cutTo(outcome.result, limit)
  const cut = result === outcome.result ? [] : [truncated]
  const warnings = [...remarks, ...outcome.warnings, ...cut]
  // A query that reads no series is work all the same.
  const stats =
    wanted === undefined || wanted === '' ? undefined : (outcome.stats ?? mergeStats([{ stats: {} }]))
  return { kind: 'answer', pieces: render({ ...outcome, result, warnings, stats }) }
}
