import { type ErrorCode, GatehouseError, toGatehouseError } from '@gatehouse/errors'

/** The result of a shared piece of work, and whether this caller's own work made it. */
export interface Flown<T> {
  readonly value: T
  readonly isOwn: boolean
}

/** Collapses equal work that is asked for at the same time. */
export interface SingleFlight<T> {
  /**
   * Runs `work`, or waits for that of another caller with the same key. `work` gets a signal that aborts when nobody waits
   * any more. A caller whose own signal aborts leaves with its reason; the others stay.
   * @throws what the work threw, or the reason of `signal`.
   */
  run(key: string, signal: AbortSignal, work: Work<T>): Promise<Flown<T>>
  has(key: string): boolean
  readonly inFlight: number
}

export type Work<T> = (signal: AbortSignal) => Promise<T>

interface Waiter<T> {
  readonly work: Work<T>
  readonly resolve: (flown: Flown<T>) => void
  readonly reject: (error: GatehouseError) => void
}

interface Flight<T> {
  readonly controller: AbortController
  readonly waiters: Set<Waiter<T>>
}

/** Failures that concern the caller whose work it was, not the answer: the next caller tries for itself. */
const personal: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'canceled',
  // Each caller has a deadline of its own.
  'timeout',
  'too_many_requests',
  'unauthenticated',
  'forbidden',
  'audit_unavailable',
])
/** More than a few in a row is no accident: then all get the error, and the shards no stampede. */
const maxHandovers = 3

/** The error a caller gets whose signal aborted. */
export function leavingError(signal: AbortSignal): GatehouseError {
  const reason: unknown = signal.reason
  if (reason instanceof GatehouseError) return reason
  const isTimeout = reason instanceof Error && reason.name === 'TimeoutError'
  return isTimeout
    ? new GatehouseError('timeout', 'the deadline has passed')
    : new GatehouseError('canceled', 'the client has gone', { cause: reason })
}

/** Creates a {@link SingleFlight}. `onFollow` is called for each caller that joins a flight. */
export function createSingleFlight<T>(onFollow: () => void = () => {}): SingleFlight<T> {
  const flights = new Map<string, Flight<T>>()

  /** Runs the first waiter's work to its end, or the next one's if it failed for reasons of its own. */
  const drive = async (key: string, flight: Flight<T>, first: Waiter<T>): Promise<void> => {
    const end = (each: (waiter: Waiter<T>) => void): void => {
      if (flights.get(key) === flight) flights.delete(key)
      for (const waiter of flight.waiters) each(waiter)
    }
    let pilot = first
    for (let handovers = 0; ; handovers += 1) {
      try {
        const value = await pilot.work(flight.controller.signal)
        return end((waiter) => waiter.resolve({ value, isOwn: waiter === pilot }))
      } catch (thrown) {
        const error = toGatehouseError(thrown)
        if (!personal.has(error.code) || handovers === maxHandovers) {
          return end((waiter) => waiter.reject(error))
        }
        pilot.reject(error)
        flight.waiters.delete(pilot)
        const [next] = flight.waiters
        if (next === undefined) return end(() => {})
        pilot = next
      }
    }
  }

  const join = (key: string, flight: Flight<T>, signal: AbortSignal, work: Work<T>) => {
    const { promise, resolve, reject } = Promise.withResolvers<Flown<T>>()
    const waiter: Waiter<T> = { work, resolve, reject }
    const leave = (): void => {
      flight.waiters.delete(waiter)
      reject(leavingError(signal))
      if (flight.waiters.size > 0) return
      if (flights.get(key) === flight) flights.delete(key)
      flight.controller.abort(leavingError(signal))
    }
    flight.waiters.add(waiter)
    signal.addEventListener('abort', leave, { once: true })
    const settled = promise.finally(() => signal.removeEventListener('abort', leave))
    return { waiter, settled }
  }

  return {
    async run(key, signal, work) {
      if (signal.aborted) throw leavingError(signal)
      const flying = flights.get(key)
      if (flying !== undefined) {
        onFollow()
        return join(key, flying, signal, work).settled
      }
      const flight: Flight<T> = { controller: new AbortController(), waiters: new Set() }
      flights.set(key, flight)
      const { waiter, settled } = join(key, flight, signal, work)
      void drive(key, flight, waiter)
      return settled
    },
    has: (key) => flights.has(key),
    get inFlight() {
      return flights.size
    },
  }
}
