import { GatehouseError } from '@gatehouse/errors'
import { refuse } from '@gatehouse/query'
import { answerAlertmanager } from './alertmanager/answer.ts'
import { type Answer, success } from './answer.ts'
import { answerFiltered } from './answer-filtered.ts'
import { askChunks, type Execution, maxReadBytes } from './ask.ts'
import { askEngine } from './ask-engine.ts'
import { answerBuildinfo } from './buildinfo.ts'
import { explainQuery } from './explain.ts'
import { expositionType } from './exposition.ts'
import { answerFeatures, answerFormatQuery, answerParseQuery } from './local.ts'
import type { MergeJob } from './merging/job.ts'
import { answerOf } from './merging/merger.ts'
import type { Plan } from './plan.ts'
import type { Question } from './question.ts'
import { type Forwarded, toRequest } from './requests.ts'

type Forwarding = Exclude<Plan, { kind: 'local' }>

async function forward(question: Forwarded, plan: Forwarding, execution: Execution): Promise<Answer> {
  const { upstream, budget, slots, answered } = execution
  const request = (step: Plan['steps'][number]) => toRequest(question, step, { plan, budget })
  const asking = { execution, steps: plan.steps }
  const merged = async (job: MergeJob) =>
    execution.merger.merge(job, await askChunks(asking, request), budget.signal)
  if (question.kind === 'federate') {
    const { exposition } = question
    const bodies = await askChunks(asking, request, maxReadBytes)
    const { externalLabels } = execution
    const dropped = await Promise.all(plan.steps.map(({ shard }) => externalLabels.distinguishing(shard)))
    const job = { kind: 'federation', dropped, exposition } as const
    const answer = answerOf(await execution.merger.merge(job, bodies, budget.signal))
    return answer.kind === 'bytes' ? { ...answer, type: expositionType(exposition) } : answer
  }
  if (plan.kind === 'nothing') return success('[]', plan.warning === undefined ? [] : [plan.warning])
  if (question.kind === 'query_exemplars') return answerOf(await merged({ kind: 'exemplars' }))
  if (plan.kind === 'union' || plan.kind === 'filter')
    return answerOf(await merged({ kind: 'lists', question }))
  if (plan.kind === 'engine') return askEngine(question, plan, execution)
  if (plan.kind === 'evaluate') {
    const { evaluation, warnings } = plan
    const outcome = await merged({ kind: 'evaluation', question, evaluation, warnings })
    if (outcome.kind === 'answer') return outcome.answer
    if (plan.engine === undefined) throw refuse(outcome.beyond)
    return askEngine(question, { kind: 'engine', steps: [plan.engine], metrics: plan.metrics }, execution)
  }
  const [step] = plan.steps
  // Until the stream ends, and with it the execution.
  await slots.enter(step.shard)
  const { exchange, replica } = await upstream.open(step.shard, request(step), budget.signal)
  answered(step.shard.name, replica, exchange.date)
  return { kind: 'stream', exchange }
}

/** Runs a plan. @throws GatehouseError as `Upstream.open` and `readBody` do. */
export async function execute(plan: Plan, question: Question, execution: Execution): Promise<Answer> {
  switch (question.kind) {
    case 'status':
      throw new GatehouseError('internal', 'a state is asked for before anything is planned')
    case 'buildinfo':
      return answerBuildinfo(execution)
    case 'features':
      return answerFeatures(execution.access.version)
    case 'alertmanager':
      return answerAlertmanager(question, execution)
    case 'explain':
      return explainQuery(question, execution)
    case 'format_query':
      return answerFormatQuery(question.query)
    case 'parse_query':
      return answerParseQuery(question.query)
    case 'rules':
    case 'alerts':
    case 'targets':
    case 'metadata':
      return answerFiltered(question, plan, execution)
    default:
      return plan.kind === 'local' ? success('[]') : forward(question, plan, execution)
  }
}
