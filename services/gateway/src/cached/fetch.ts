import { type AnsweredBy, type Fetch, type Fetched, leavingError } from '@gatehouse/cache'
import type { GatehouseError } from '@gatehouse/errors'
import type { Answer } from '../answer.ts'
import type { Execution, Prepared } from '../ask.ts'
import { createBudget } from '../budget.ts'
import { execute } from '../execute.ts'
import type { Plan, Planner } from '../plan.ts'
import { type BodyStream, type Held, holdOrStream } from './held-body.ts'
import type { CacheableQuestion } from './key.ts'
import { countStream, readStats, takeStats } from './take-stats.ts'

/** An answer that is passed on as it comes. */
export interface StreamedAnswer {
  readonly body: BodyStream
  readonly answeredBy: readonly AnsweredBy[]
  /** Samples that shards read for it, once it has ended; undefined if they did not tell. */
  readonly samples: () => number | undefined
  /** Stops its clock and gives its slots back: it has been sent, or given up. */
  end(): void
}

/** What fetching needs besides the question. */
export interface Fetching {
  readonly plan: Plan
  readonly planner: Planner
  readonly execution: Prepared
  /** Larger answers are streamed. */
  readonly maxHeldBytes: number
}

function isWhole(plan: Plan, answeredBy: readonly AnsweredBy[]): boolean {
  const answered = new Set(answeredBy.map(({ shard }) => shard))
  return plan.steps.every(({ shard }) => answered.has(shard.name))
}

type Made = Fetched<StreamedAnswer>

async function hold(answer: Answer, maxHeldBytes: number): Promise<Held> {
  switch (answer.kind) {
    case 'body':
      return { kind: 'body', body: Buffer.from(answer.rendered.body) }
    case 'bytes':
      return { kind: 'body', body: answer.body }
    case 'stream':
      return holdOrStream(answer.exchange, maxHeldBytes)
  }
}

/** The question with statistics, from which samples are counted; a client's own wish for them stays. */
function counted(question: CacheableQuestion): CacheableQuestion {
  if (question.kind !== 'query' && question.kind !== 'query_range') return question
  const { options } = question
  return options.stats === undefined ? { ...question, options: { ...options, stats: 'true' } } : question
}

/**
 * Creates the fetch of a question: it asks the shards, on a clock of its own, as it may outlast the request that began it, for others
 * that wait for it too.
 */
export function createFetch(question: CacheableQuestion, fetching: Fetching): Fetch<StreamedAnswer> {
  const { planner, execution } = fetching
  // Left in for a client who asked for them.
  const count = 'options' in question && question.options.stats === undefined ? takeStats : readStats
  return async ({ range, signal, mayStream, waited, started }): Promise<Made> => {
    const isPart = question.kind === 'query_range' && range !== undefined
    const asked = counted(isPart ? { ...question, range } : question)
    const plan = isPart ? planner(asked, execution.access) : fetching.plan
    const answeredBy: AnsweredBy[] = []
    let asOf = Number.POSITIVE_INFINITY
    const budget = createBudget(Math.max(1, execution.budget.left()))
    const leave = (): void => budget.cancel(signal.reason as GatehouseError)
    if (signal.aborted) leave()
    signal.addEventListener('abort', leave)
    const slots = execution.takeSlots({ steps: plan.steps, signal: budget.signal, waited, started })
    const end = (): void => {
      slots.end()
      signal.removeEventListener('abort', leave)
      budget.end()
    }
    try {
      const answered: Execution['answered'] = (shard, replica, date) => {
        asOf = Math.min(asOf, date ?? asOf)
        answeredBy.push({ shard, replica })
        // If it fails, the evidence of the request that began it still says who answered.
        execution.answered(shard, replica)
      }
      const answer = await execute(plan, asked, { ...execution, budget, slots, answered })
      const held = await hold(answer, fetching.maxHeldBytes)
      if (held.kind === 'stream') {
        const { stream, samples } = countStream(held.stream, count)
        // A part that is too large is not wanted; nor is anything any more when nobody waits, or the time is over.
        const giveUp = (): void => {
          stream.abort(leavingError(budget.signal))
          end()
        }
        budget.signal.addEventListener('abort', giveUp, { once: true })
        if (budget.signal.aborted || !mayStream) giveUp()
        budget.signal.throwIfAborted()
        const { queued } = slots
        return { kind: 'stream', stream: { body: stream, samples, answeredBy, end }, queued }
      }
      end()
      const { body, samples } = count(held.body)
      return {
        kind: 'body',
        body,
        samples,
        isComplete: isWhole(plan, answeredBy),
        asOf: Number.isFinite(asOf) ? asOf : undefined,
        answeredBy,
      }
    } catch (error) {
      end()
      throw error
    }
  }
}
