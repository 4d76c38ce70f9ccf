import { GatehouseError } from '@gatehouse/errors'
import { readBody } from '@gatehouse/upstream'
import type { Answer } from './answer.ts'
import { type Execution, maxReadBytes } from './ask.ts'
import type { Plan } from './plan.ts'
import { type Forwarded, toRequest } from './requests.ts'
import { readEnvelope } from './upstream-envelope.ts'

/** What a query's own expression is remarked on; any other warning tells of data that could not be read. */
const ofExpression =
  /^PromQL (warning|info): |^\d+ more (warning |info )?annotations omitted$|^results truncated due to limit$/

/**
 * Asks the global engine. Prometheus answers 200 with a warning, and with what is left, when it cannot read a shard remotely. Which part
 * is missing cannot be told from that, so it is no answer, also where a partial one would do.
 * @throws GatehouseError `unavailable` then; as `Upstream.open` and `readBody` do.
 */
export async function askEngine(
  question: Forwarded,
  plan: Extract<Plan, { kind: 'engine' }>,
  { upstream, budget, slots, answered }: Execution,
): Promise<Answer> {
  const [step] = plan.steps
  const request = toRequest(question, step, { plan, budget })
  const leave = await slots.enter(step.shard)
  const { exchange, replica } = await upstream.open(step.shard, request, budget.signal)
  const body = await readBody(exchange, maxReadBytes)
  leave()
  const missing = readEnvelope(body).warnings.filter((warning) => !ofExpression.test(warning))
  if (missing.length > 0)
    throw new GatehouseError('unavailable', 'the global engine could not read every shard', {
      detail: missing.join('; '),
    })
  answered(step.shard.name, replica, exchange.date)
  return { kind: 'pieces', pieces: [body.toString('utf8')] }
}
