import { leavingError } from '@gatehouse/cache'
import type { Because, Constraints, OrgPolicy, Principal } from '@gatehouse/authz'
import { GatehouseError, isGatehouseError } from '@gatehouse/errors'
import type { DataSource, Freshness, QueryLimits, UpstreamRequest } from '@gatehouse/query'
import {
  type Alertmanagers,
  type ExternalLabels,
  readChunks,
  tooLarge,
  type Upstream,
  type Versions,
} from '@gatehouse/upstream'
import type { Access } from './access.ts'
import type { Budget } from './budget.ts'
import type { Chunks, Merger } from './merging/merger.ts'
import type { Slots, TakeSlots } from './limits/slots.ts'
import type { PlanStep } from './plan.ts'

/** Answers that are held whole and read here: more than this is refused. */
export const maxReadBytes = 33_554_432
/** Answers of several requests are held whole to be merged; more than this together is refused. */
export const maxMergedBytes = 134_217_728

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
  readonly merger: Merger
  readonly alertmanagers: Alertmanagers
  readonly principal: Principal
  readonly versions: Versions
  readonly externalLabels: ExternalLabels
  readonly budget: Budget
  /** Whether an answer without some shards will do. */
  readonly allowsPartial: boolean
  readonly takeSlots: TakeSlots
  /** What every shard is entered by before it is asked. */
  readonly slots: Slots
  /** Callers of one party wait for slots in one queue, under the same caps. */
  readonly party: string
  /** Largest values one query of the caller's may have. */
  readonly limits: QueryLimits
  /** How old samples must be before they are kept in the cache; undefined without one. */
  readonly freshness: Freshness | undefined
  /** Told which replica answered for a shard, and by whose clock: ms since the epoch. */
  readonly answered: (shard: string, replica: string, date?: number) => void
}

/** An execution before it takes slots. */
export type Prepared = Omit<Execution, 'slots'>

interface Asking {
  readonly execution: Execution
  readonly steps: readonly PlanStep[]
  /** The refusal of answers that are together too large; by default the caller is told to ask for less. */
  readonly beyond?: () => GatehouseError
}

/** Part of the time left after which a partial answer goes without the shards that are still silent. */
const partialShare = 0.9

function tooLate(): GatehouseError {
  return new GatehouseError('unavailable', 'the shard that holds this data did not answer in time')
}

/** Failures that say a shard is missing, not that the question is wrong. */
const missing: ReadonlySet<string> = new Set(['unavailable', 'bad_gateway', 'too_many_requests'])

function isMissing(error: unknown): boolean {
  return isGatehouseError(error) && missing.has(error.code)
}

/** What an answer says that came without some of the data. */
const partialWarning = 'partial answer: not every shard answered, so series may be missing'

function missingAnswer(data: string): Chunks {
  return [Buffer.from(`{"status":"success","data":${data},"warnings":["${partialWarning}"]}`)]
}

const emptyList = missingAnswer('[]')
const emptyMatrix = missingAnswer('{"resultType":"matrix","result":[]}')

/** Waits, unless the signal aborts. What comes after that is the giver's to take back. */
async function unless<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>()
  const leave = (): void => reject(leavingError(signal))
  signal.addEventListener('abort', leave)
  if (signal.aborted) leave()
  return Promise.race([work, promise]).finally(() => signal.removeEventListener('abort', leave))
}

/**
 * Asks for all steps at once and reads the answers whole; the first failure ends the others. Where a partial answer will do, a missing
 * shard answers with nothing, unless all are missing.
 */
export async function askChunks(
  { execution, steps, beyond }: Asking,
  toRequest: (step: PlanStep) => UpstreamRequest,
  maxBytes = maxMergedBytes,
): Promise<readonly Chunks[]> {
  const { upstream, merger, budget, slots, answered, allowsPartial } = execution
  const siblings = new AbortController()
  const signal = AbortSignal.any([budget.signal, siblings.signal])
  let held = 0
  budget.onEnd(() => merger.release(held))
  const keep = (chunk: Buffer): Buffer => {
    held += chunk.length
    merger.hold(chunk.length)
    if (held > maxBytes) throw beyond?.() ?? tooLarge(maxBytes)
    return Buffer.from(chunk)
  }
  const ask = async (step: PlanStep): Promise<Chunks> => {
    const leave = await unless(signal, slots.enter(step.shard))
    try {
      const { exchange, replica } = await upstream.open(step.shard, toRequest(step), signal)
      const body = await readChunks(exchange, keep)
      answered(step.shard.name, replica, exchange.date)
      return body
    } finally {
      leave()
    }
  }
  if (!allowsPartial) {
    try {
      return await Promise.all(steps.map(ask))
    } catch (error) {
      siblings.abort(error)
      throw error
    }
  }
  const late = setTimeout(() => siblings.abort(tooLate()), budget.left() * partialShare)
  const results = await Promise.allSettled(steps.map(ask))
  clearTimeout(late)
  const failed = results.filter((result) => result.status === 'rejected')
  const fault = failed.find(({ reason }) => !isMissing(reason))
  const thrown = fault ?? (failed.length === steps.length ? failed[0] : undefined)
  if (thrown !== undefined) throw thrown.reason
  return results.map((result, i) => {
    if (result.status === 'fulfilled') return result.value
    return steps[i]?.range === undefined ? emptyList : emptyMatrix
  })
}
