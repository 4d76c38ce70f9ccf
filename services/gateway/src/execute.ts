import { GatehouseError } from '@gatehouse/errors'
import { refuse } from '@gatehouse/query'
import { answerAlertmanager } from './alertmanager/answer.ts'
import { type Answer, success } from './answer.ts'
import { answerFiltered } from './answer-filtered.ts'
import { askAll, type Execution } from './ask.ts'
import { askEngine } from './ask-engine.ts'
import { answerBuildinfo } from './buildinfo.ts'
import { explainQuery } from './explain.ts'
import { federate } from './federation.ts'
import { answerFeatures, answerFormatQuery, answerParseQuery } from './local.ts'
import { mergeEvaluation } from './merge-evaluation.ts'
import { mergeExemplars } from './merge-exemplars.ts'
import { mergeLists } from './merge-lists.ts'
import type { Plan } from './plan.ts'
import type { Question } from './question.ts'
import { type Forwarded, toRequest } from './requests.ts'

type Forwarding = Exclude<Plan, { kind: 'local' }>

async function forward(question: Forwarded, plan: Forwarding, execution: Execution): Promise<Answer> {
  const { upstream, budget, answered } = execution
  const request = (step: Plan['steps'][number]) => toRequest(question, step, { plan, budget })
  const all = () => askAll({ execution, steps: plan.steps }, request)
  if (question.kind === 'federate') return federate(await all(), question.exposition)
  if (plan.kind === 'nothing') return success('[]', plan.warning === undefined ? [] : [plan.warning])
  if (question.kind === 'query_exemplars') return mergeExemplars(await all())
  if (plan.kind === 'union' || plan.kind === 'filter') return mergeLists(question, await all())
  if (plan.kind === 'engine') return askEngine(question, plan, execution)
  if (plan.kind === 'evaluate') {
    const merged = mergeEvaluation(question, plan, await all())
    if (merged.kind === 'answer') return merged.answer
    if (plan.engine === undefined) throw refuse(merged.beyond)
    return askEngine(question, { kind: 'engine', steps: [plan.engine], metrics: plan.metrics }, execution)
  }
  const [step] = plan.steps
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
