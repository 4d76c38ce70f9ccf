import { GatehouseError } from '@gatehouse/errors'
import type { Replica } from '@gatehouse/query'
import type { Allowance } from './allowance.ts'
import { Exchange } from './exchange.ts'
import type { Health } from './liveness.ts'
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
  readonly signal: AbortSignal
  /** Time after which the next replica is asked, too; ms. */
  readonly hedgeAfter: number
  readonly retries: Allowance
  readonly hedges: Allowance
  readonly start: (client: ReplicaClient) => Attempt
  /** Finds out whether a replica answers anything at all. */
  readonly check: (candidate: Candidate) => Promise<Health>
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
  watch: NodeJS.Timeout | undefined
}

/** A usable answer and who gave it. */
export interface Won {
  readonly exchange: Exchange
  readonly candidate: Candidate
}

const lost = new Error('another replica answered first')
const hung = new Error('the replica answers nothing, not even what costs it nothing')
/** A replica that is silent for as long is looked at, and again as long after it was found to answer. */
const watchMs = 1_000

/** Tells the breaker how an attempt ended that was not given up by who asked. */
function record({ breaker }: ReplicaClient, result: Exchange | Failure): Outcome {
  if (result instanceof Exchange) {
    breaker.succeeded()
    return 'answered'
  }
  if (!result.isReplicaFault) {
    breaker.succeeded()
    return 'refused'
  }
  breaker.failed()
  return 'failed'
}

/**
 * One question to the replicas of a shard: the next one is asked when one fails in a way that another may not, and beside one that is
 * silent for too long. The first usable answer wins, the others are ended.
 */
export class Race {
  readonly #waiting: Candidate[]
  readonly #deps: RaceDeps
  readonly #running = new Set<Running>()
  readonly #end = Promise.withResolvers<Won>()
  #isOver = false
  #timer: NodeJS.Timeout | undefined

  constructor(candidates: readonly Candidate[], deps: RaceDeps) {
    this.#waiting = [...candidates]
    this.#deps = deps
  }

  /** Runs the race; once only. @throws GatehouseError of the last failure; the signal's reason if that aborted it. */
  run(): Promise<Won> {
    if (!this.#startNext())
      this.#fail(new GatehouseError('unavailable', 'the shard that holds this data is unavailable'))
    return this.#end.promise
  }

  /** Starts an attempt with the next replica whose breaker lets it. */
  #startNext(): boolean {
    for (let candidate = this.#waiting.shift(); candidate !== undefined; candidate = this.#waiting.shift()) {
      const { client, replica } = candidate
      if (!client.breaker.tryEnter()) continue
      const done = this.#deps.observe(replica.name)
      const startedAt = performance.now()
      const one: Running = { candidate, attempt: this.#deps.start(client), startedAt, done, watch: undefined }
      this.#running.add(one)
      this.#watch(one)
      void one.attempt.result.then((result) => this.#onResult(one, result))
      clearTimeout(this.#timer)
      if (this.#waiting.length > 0)
        this.#timer = setTimeout(() => void this.#hedge(one), this.#deps.hedgeAfter)
      return true
    }
    return false
  }

  /** Asks another replica beside a silent one, within the allowance or if that one answers nothing at all. */
  async #hedge(beside: Running): Promise<void> {
    const mayHedge = this.#deps.hedges.take() || (await this.#deps.check(beside.candidate)) === 'silent'
    if (!mayHedge || this.#isOver || !this.#running.has(beside)) return
    if (this.#startNext()) this.#deps.onHedge()
  }

  #watch(one: Running): void {
    one.watch = setTimeout(() => void this.#look(one), watchMs)
  }

  /** Ends an attempt whose replica was twice found to answer nothing at all: waiting longer would only hold what others need. */
  async #look(one: Running): Promise<void> {
    const { check } = this.#deps
    const isHung = (await check(one.candidate)) === 'silent' && (await check(one.candidate)) === 'silent'
    if (!this.#running.has(one)) return
    if (!isHung) return this.#watch(one)
    one.candidate.client.breaker.trip()
    one.attempt.abort(hung)
  }

  #onResult(one: Running, result: Exchange | Failure): void {
    if (!this.#running.delete(one)) return
    clearTimeout(one.watch)
    const { candidate, startedAt, done } = one
    const { signal } = this.#deps
    if (!(result instanceof Exchange) && signal.aborted) {
      this.#givenUp(one)
      return this.#fail(signal.reason as Error)
    }
    done(record(candidate.client, result))
    if (result instanceof Exchange) {
      candidate.client.latency.observe(performance.now() - startedAt)
      this.#win({ exchange: result, candidate })
    } else if (!result.mayRetry) this.#fail(result.error)
    else if (this.#running.size === 0 && !this.#retry(result)) this.#fail(result.error)
  }

  /** Asks the next replica; after an answer that says no only within the allowance. */
  #retry({ isConnectionLost }: Failure): boolean {
    if (this.#waiting.length === 0) return false
    return (isConnectionLost === true || this.#deps.retries.take()) && this.#startNext()
  }

  #win(won: Won): void {
    this.#finish()
    this.#end.resolve(won)
  }

  #fail(reason: Error): void {
    this.#finish()
    this.#end.reject(reason)
  }

  /** Ends those that lost. */
  #finish(): void {
    this.#isOver = true
    clearTimeout(this.#timer)
    const { signal } = this.#deps
    for (const one of this.#running) {
      clearTimeout(one.watch)
      one.attempt.abort(lost)
      if (!signal.aborted) one.candidate.client.latency.observe(performance.now() - one.startedAt)
      this.#givenUp(one)
    }
    this.#running.clear()
  }

  /** One that was asked for a while and did not answer may hang: whether it does is found out behind. */
  #givenUp({ candidate, startedAt, done }: Running): void {
    done('canceled')
    const { check, signal, hedgeAfter } = this.#deps
    const { breaker } = candidate.client
    if (signal.aborted && performance.now() - startedAt < hedgeAfter) return breaker.unknown()
    void check(candidate).then((health) => (health === 'silent' ? breaker.trip() : breaker.unknown()))
  }
}
