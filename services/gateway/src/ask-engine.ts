import { readBody } from '@gatehouse/upstream'
import type { Answer } from './answer.ts'
import { type Execution, maxReadBytes } from './ask.ts'
import { answerOf } from './merging/merger.ts'
import type { Plan } from './plan.ts'
import { type Forwarded, toRequest } from './requests.ts'

/**
 * Asks the global engine. Prometheus answers 200 with a warning, and with what is left, when it cannot read a shard remotely. Which part
 * is missing cannot be told from that, so it is no answer, also where a partial one would do.
 * @throws GatehouseError `unavailable` then; as `Upstream.open` and `readBody` do.
 */
export async function askEngine(
  question: Forwarded,
  plan: Extract<Plan, { kind: 'engine' }>,
  { upstream, merger, budget, slots, answered }: Execution,
): Promise<Answer> {
  const [step] = plan.steps
  const request = toRequest(question, step, { plan, budget })
  const leave = await slots.enter(step.shard)
  const { exchange, replica } = await upstream.open(step.shard, request, budget.signal)
  const body = await readBody(exchange, maxReadBytes)
  leave()
  const answer = answerOf(await merger.merge({ kind: 'engine' }, [[body]], budget.signal))
  answered(step.shard.name, replica, exchange.date)
  return answer
}
