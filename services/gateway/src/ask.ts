import type { Because, Constraints, OrgPolicy } from '@gatehouse/authz'
import type { DataSource, UpstreamRequest } from '@gatehouse/query'
import { readBody, type Upstream, type Versions } from '@gatehouse/upstream'
import type { Access } from './access.ts'
import type { Budget } from './budget.ts'
import type { PlanStep } from './plan.ts'

/** Answers of several requests are held whole to be merged; more than this together is refused. */
const maxMergedBytes = 33_554_432

/** What an execution needs besides plan and question. */
export interface Execution {
  readonly source: DataSource
  readonly access: Access
  /** By which grants it was reached. */
  readonly because: readonly Because[]
  /** The org's settings, for what is explained. */
  readonly policy: OrgPolicy
  /** What admits alerts beside rules; undefined if none may be seen. */
  readonly alerts: Constraints | undefined
  readonly upstream: Upstream
  readonly versions: Versions
  readonly budget: Budget
  /** Told which replica answered for a shard. */
  readonly answered: (shard: string, replica: string) => void
}

interface Asking {
  readonly execution: Execution
  readonly steps: readonly PlanStep[]
}

/** Asks for all steps at once and reads the answers whole; the first failure ends the others. */
export async function askAll(
  { execution, steps }: Asking,
  toRequest: (step: PlanStep) => UpstreamRequest,
): Promise<readonly Buffer[]> {
  const { upstream, budget, answered } = execution
  const siblings = new AbortController()
  const signal = AbortSignal.any([budget.signal, siblings.signal])
  let bytesLeft = maxMergedBytes
  const ask = async (step: PlanStep): Promise<Buffer> => {
    const { exchange, replica } = await upstream.open(step.shard, toRequest(step), signal)
    const body = await readBody(exchange, bytesLeft)
    bytesLeft -= body.length
    answered(step.shard.name, replica)
    return body
  }
  try {
    return await Promise.all(steps.map(ask))
  } catch (error) {
    siblings.abort(error)
    throw error
  }
}
