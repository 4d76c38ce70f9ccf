import type { DataSource } from '@gatehouse/query'
import type { EvaluationIntervals } from '@gatehouse/upstream'
import type { Question } from './question.ts'

/** What a sub-query without a step looks like, and more: nothing is lost by asking in vain. */
const stepless = /:\s*[\]#]/

/**
 * Step of sub-queries that name none, ms: that of the data source, or the evaluation interval its shards have in common. Undefined if that
 * is not known, or no sub-query needs it.
 */
export async function evaluationIntervalFor(
  question: Question,
  source: DataSource,
  intervals: EvaluationIntervals,
): Promise<number | undefined> {
  if (!('query' in question) || !stepless.test(question.query)) return undefined
  return source.evaluationInterval ?? (await intervals.common(source.shards))
}
