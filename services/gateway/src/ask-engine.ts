import { GatehouseError } from '@gatehouse/errors'
import { readBody } from '@gatehouse/upstream'
import { type Answer, success } from './answer.ts'
import { type Execution, maxMergedBytes, partialWarning } from './ask.ts'
import type { Plan } from './plan.ts'
import { type Forwarded, toRequest } from './requests.ts'
import { readEnvelope } from './upstream-envelope.ts'

/** What a query's own expression is remarked on; any other warning tells of data that could not be read. */
const ofExpression =
  /^PromQL (warning|info): |^\d+ more (warning |info )?annotations omitted$|^results truncated due to limit$/

/**
 * Asks the global engine. Prometheus answers 200 with a warning, and with what is left, when it cannot read a shard remotely: that is a
 * partial answer, and treated as one.
 * @throws GatehouseError `unavailable` where a partial answer will not do; as `Upstream.open` and `readBody` do.
 */
export async function askEngine(
  question: Forwarded,
  plan: Extract<Plan, { kind: 'engine' }>,
  { upstream, budget, answered, allowsPartial }: Execution,
): Promise<Answer> {
  const [step] = plan.steps
  const request = toRequest(question, step, { plan, budget })
  const { exchange, replica } = await upstream.open(step.shard, request, budget.signal)
  const body = await readBody(exchange, maxMergedBytes)
  const { data, warnings } = readEnvelope(body)
  const missing = warnings.filter((warning) => !ofExpression.test(warning))
  if (missing.length === 0) {
    answered(step.shard.name, replica)
    return { kind: 'pieces', pieces: [body.toString('utf8')] }
  }
  if (!allowsPartial)
    throw new GatehouseError('unavailable', 'the global engine could not read every shard', {
      detail: missing.join('; '),
    })
  const kept = warnings.filter((warning) => ofExpression.test(warning))
  return success(JSON.stringify(data), [partialWarning, ...kept])
}
