import { GatehouseError } from '@gatehouse/errors'
import type { Replica, UpstreamRequest } from '@gatehouse/query'
import type { Allowance } from './allowance.ts'
import { Exchange } from './exchange.ts'
import type { Outcome } from './metrics.ts'
import type { Failure } from './refusal.ts'
import type { ReplicaClient } from './replica.ts'

/** A replica that may be asked. */
export interface Candidate {
  readonly replica: Replica
  readonly client: ReplicaClient
}

/** One attempt: a request to one replica, judged. */
export interface Attempt {
  readonly result: Promise<Exchange | Failure>
  abort(reason: Error): void
}

/** What a race needs to know besides who takes part. */
export interface RaceDeps {
  readonly request: UpstreamRequest
  readonly signal: AbortSignal
  /** Time after which the next replica is asked, too; ms. */
  readonly hedgeAfter: number
  readonly retries: Allowance
  readonly hedges: Allowance
  readonly start: (client: ReplicaClient) => Attempt
  /** Whether a replica answers anything at all. */
  readonly isAlive: (candidate: Candidate) => Promise<boolean>
  /** Starts the clock of an attempt. */
  readonly observe: (replica: string) => (outcome: Outcome) => void
  /** Told that another replica was asked while this one was silent. */
  readonly onHedge: () => void
}

interface Running {
  readonly candidate: Candidate
  readonly attempt: Attempt
  readonly startedAt: number
  readonly done: (outcome: Outcome) => void
}

/** A usable answer and who gave it. */
export interface Won {
  readonly exchange: Exchange
  readonly candidate: Candidate
}

const lost = new Error('another replica answered first')
const none = (): GatehouseError =>
  new GatehouseError('unavailable', 'the shard that holds this data is unavailable')

function record({ client }: Candidate, result: Exchange | Failure, signal: AbortSignal): Outcome {
  if (result instanceof Exchange) {
    client.breaker.succeeded()
    return 'answered'
  }
  if (signal.aborted) {
    client.breaker.unknown()
    return 'canceled'
  }
  if (!result.isReplicaFault) {
    client.breaker.succeeded()
    return 'refused'
  }
  client.breaker.failed()
  return 'failed'
}

/**
 * Asks replicas one after the other until one gives a usable answer: the next one when one fails in a way that another may not, and beside
 * one that is silent for too long. The first usable answer wins, the others are ended.
 * @throws GatehouseError of the last failure; the signal's reason if that aborted it.
 */
export async function race(candidates: readonly Candidate[], deps: RaceDeps): Promise<Won> {
  const { signal, retries, hedges } = deps
  const waiting = [...candidates]
  const running = new Set<Running>()
  const { promise, resolve, reject } = Promise.withResolvers<Won>()
  let last: GatehouseError | undefined
  let isOver = false
  let timer: NodeJS.Timeout | undefined

  const finish = (end: () => void): void => {
    isOver = true
    clearTimeout(timer)
    end()
  }

  /** Ends those that lost. One that was asked first and did not answer may hang: whether it does is found out behind. */
  const endOthers = (): void => {
    for (const { candidate, attempt, startedAt, done } of running) {
      attempt.abort(lost)
      done('canceled')
      const { breaker, latency } = candidate.client
      latency.observe(performance.now() - startedAt)
      void deps.isAlive(candidate).then((isAlive) => (isAlive ? breaker.unknown() : breaker.trip()))
    }
    running.clear()
  }

  const onResult = (one: Running, result: Exchange | Failure): void => {
    if (!running.delete(one)) return
    const { candidate, startedAt, done } = one
    done(record(candidate, result, signal))
    if (result instanceof Exchange) {
      candidate.client.latency.observe(performance.now() - startedAt)
      endOthers()
      finish(() => resolve({ exchange: result, candidate }))
      return
    }
    last = result.error
    if (signal.aborted) return finish(() => reject(signal.reason as Error))
    if (!result.mayRetry) {
      endOthers()
      return finish(() => reject(result.error))
    }
    // Somebody is asked already.
    if (running.size > 0) return
    if (waiting.length > 0 && (result.isConnectionLost === true || retries.take()) && startNext()) return
    finish(() => reject(result.error))
  }

  const hedge = async (beside: Running): Promise<void> => {
    if (waiting.length === 0) return
    const mayHedge = hedges.take() || !(await deps.isAlive(beside.candidate))
    if (isOver || !running.has(beside) || !mayHedge) return
    if (startNext()) deps.onHedge()
  }

  /** Starts an attempt with the next replica whose breaker lets it. */
  const startNext = (): boolean => {
    for (let candidate = waiting.shift(); candidate !== undefined; candidate = waiting.shift()) {
      const { client, replica } = candidate
      if (!client.breaker.tryEnter()) continue
      const done = deps.observe(replica.name)
      const one = { candidate, attempt: deps.start(client), startedAt: performance.now(), done }
      running.add(one)
      void one.attempt.result.then((result) => onResult(one, result))
      clearTimeout(timer)
      if (waiting.length > 0) timer = setTimeout(() => void hedge(one), deps.hedgeAfter)
      return true
    }
    return false
  }

  signal.throwIfAborted()
  if (!startNext()) throw last ?? none()
  return promise
}
