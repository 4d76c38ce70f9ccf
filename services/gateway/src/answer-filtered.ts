import { GatehouseError } from '@gatehouse/errors'
import { metadataRequest } from '@gatehouse/query'
import type { Answer } from './answer.ts'
import { askChunks, type Execution, maxReadBytes } from './ask.ts'
import type { Filtered } from './filter/filter-lists.ts'
import { answerOf } from './merging/merger.ts'
import type { Plan } from './plan.ts'
import { toRequest } from './requests.ts'

/** No caller can ask a shard for fewer rules or targets: a list beyond the limit is the shard's, not the question's. */
function tooLong(): GatehouseError {
  return new GatehouseError(
    'bad_gateway',
    `the shards' lists are larger than ${maxReadBytes} bytes, the most that is filtered here`,
  )
}

/** Answers what no request to a shard could constrain: the shards' answers, without what the caller may not see. */
export async function answerFiltered(question: Filtered, plan: Plan, execution: Execution): Promise<Answer> {
  const { budget, access, alerts, merger } = execution
  const ask = { execution, steps: plan.steps, beyond: tooLong }
  const lists = await askChunks(ask, (step) => toRequest(question, step, { plan, budget }), maxReadBytes)
  const metric = 'metric' in question && question.metric !== '' ? question.metric : undefined
  const metadata =
    question.kind === 'metadata' ? await askChunks(ask, () => metadataRequest(metric), maxReadBytes) : []
  const job = { kind: 'filter', question, constraints: access.constraints, alerts } as const
  return answerOf(await merger.merge(job, [...lists, ...metadata], budget.signal))
}
