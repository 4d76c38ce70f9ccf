import { type ErrorCode, GatehouseError, toGatehouseError } from '@gatehouse/errors'

/** The result of a shared piece of work, and whether this caller's own work made it. */
export interface Flown<T> {
  readonly value: T
  readonly isOwn: boolean
}

/** Collapses equal work that is asked for at the same time. */
export interface SingleFlight<T> {
  /**
   * Runs `work`, or waits for that of another caller with the same key. A caller whose own signal aborts leaves with its reason;
   * the others stay. While that work has not started, as its caller waits for something of its own party, callers of other parties
   * try for themselves after {@link patienceMs}; whose work is done first answers all.
   * @throws what the work threw, or the reason of the caller's signal.
   */
  run(key: string, caller: Caller, work: Work<T>): Promise<Flown<T>>
  has(key: string): boolean
  readonly inFlight: number
}

/** Who asks for work. */
export interface Caller {
  readonly signal: AbortSignal
  /** Callers of one party wait for the same things, and are refused for the same reasons. */
  readonly party: string
}

/** What work is told. */
export interface Flying {
  /** Aborts when nobody waits any more, or another's work has started first. */
  readonly signal: AbortSignal
  /** To be called when the work waits for nothing of its caller's own any more. */
  readonly started: () => void
}

export type Work<T> = (flying: Flying) => Promise<T>

interface Waiter<T> {
  readonly party: string
  readonly work: Work<T>
  readonly resolve: (flown: Flown<T>) => void
  readonly reject: (error: GatehouseError) => void
}

/** The work of one waiter, the pilot. */
interface Lane<T> {
  readonly pilot: Waiter<T>
  readonly controller: AbortController
  hasStarted: boolean
}

interface Flight<T> {
  readonly waiters: Set<Waiter<T>>
  readonly lanes: Set<Lane<T>>
  /** Handovers so far: of each party for its own limits, and of all for other reasons. */
  readonly handovers: Map<string | undefined, number>
  readonly timer: NodeJS.Timeout
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
/** How long callers of other parties wait for work that has not started, ms. */
export const patienceMs = 100
/** As many parties at most try for themselves at one time. */
const maxLanes = 3

/** The error a caller gets whose signal aborted. */
export function leavingError(signal: AbortSignal): GatehouseError {
  const reason: unknown = signal.reason
  if (reason instanceof GatehouseError) return reason
  const isTimeout = reason instanceof Error && reason.name === 'TimeoutError'
  return isTimeout
    ? new GatehouseError('timeout', 'the deadline has passed')
    : new GatehouseError('canceled', 'the client has gone', { cause: reason })
}

export interface SingleFlightOptions<T> {
  /** Called for each caller that joins a flight. */
  readonly onFollow?: () => void
  /** Called with a result that nobody waited for any more. */
  readonly onUnused?: (value: T) => void
}

const isOpen = <T>({ waiters }: Flight<T>): boolean => waiters.size > 0

/** Somebody whose party does not try yet. */
function nextPilot<T>({ waiters, lanes }: Flight<T>): Waiter<T> | undefined {
  const trying = new Set(Array.from(lanes, ({ pilot }) => pilot.party))
  for (const waiter of waiters) if (!trying.has(waiter.party)) return waiter
  return undefined
}

/** A lane's work has started: those that still wait for their turn would ask the shards once more. */
function start<T>({ lanes }: Flight<T>, lane: Lane<T>): void {
  lane.hasStarted = true
  for (const other of lanes) {
    if (other.hasStarted) continue
    lanes.delete(other)
    other.controller.abort(new GatehouseError('canceled', 'another caller was first'))
  }
}

/** A pilot that failed for reasons of its own leaves, with its party if that fails again and again. */
function dismiss<T>({ waiters, handovers }: Flight<T>, pilot: Waiter<T>, error: GatehouseError): void {
  const whose = error.code === 'too_many_requests' ? pilot.party : undefined
  const count = handovers.get(whose) ?? 0
  handovers.set(whose, count + 1)
  const isOver = count === maxHandovers
  for (const waiter of waiters) {
    const isMeant = isOver && (whose === undefined || waiter.party === whose)
    if (waiter !== pilot && !isMeant) continue
    waiters.delete(waiter)
    waiter.reject(error)
  }
}

/** Creates a {@link SingleFlight}. */
export function createSingleFlight<T>({ onFollow, onUnused }: SingleFlightOptions<T> = {}): SingleFlight<T> {
  const flights = new Map<string, Flight<T>>()

  const end = (key: string, flight: Flight<T>, reason: GatehouseError): void => {
    if (flights.get(key) === flight) flights.delete(key)
    clearInterval(flight.timer)
    flight.waiters.clear()
    for (const { controller } of flight.lanes) controller.abort(reason)
  }

  /** Runs a waiter's work to its end, or the next one's if it failed for reasons of its own. */
  const fly = async (key: string, flight: Flight<T>, first: Waiter<T>): Promise<void> => {
    for (let pilot: Waiter<T> | undefined = first; pilot !== undefined; pilot = nextPilot(flight)) {
      const lane: Lane<T> = { pilot, controller: new AbortController(), hasStarted: false }
      flight.lanes.add(lane)
      try {
        const { signal } = lane.controller
        const value = await pilot.work({ signal, started: () => start(flight, lane) })
        flight.lanes.delete(lane)
        if (!isOpen(flight)) return onUnused?.(value)
        for (const waiter of flight.waiters) waiter.resolve({ value, isOwn: waiter === pilot })
        return end(key, flight, new GatehouseError('canceled', 'another caller was first'))
      } catch (thrown) {
        // Another lane started first, or nobody waits any more.
        if (!flight.lanes.delete(lane) || !isOpen(flight)) return
        const error = toGatehouseError(thrown)
        if (personal.has(error.code)) dismiss(flight, pilot, error)
        else for (const waiter of flight.waiters) waiter.reject(error)
        if (!personal.has(error.code) || !isOpen(flight)) return end(key, flight, error)
      }
    }
  }

  /** Has another party try while none of those who do has started. */
  const tryMore = (key: string, flight: Flight<T>): void => {
    const { lanes } = flight
    if (lanes.size >= maxLanes || [...lanes].some(({ hasStarted }) => hasStarted)) return
    const pilot = nextPilot(flight)
    if (pilot !== undefined) void fly(key, flight, pilot)
  }

  const take = (key: string): Flight<T> => {
    const flight: Flight<T> = {
      waiters: new Set(),
      lanes: new Set(),
      handovers: new Map(),
      timer: setInterval(() => tryMore(key, flight), patienceMs).unref(),
    }
    flights.set(key, flight)
    return flight
  }

  return {
    async run(key, { signal, party }, work) {
      if (signal.aborted) throw leavingError(signal)
      const flying = flights.get(key)
      const flight = flying ?? take(key)
      const { promise, resolve, reject } = Promise.withResolvers<Flown<T>>()
      const waiter: Waiter<T> = { party, work, resolve, reject }
      flight.waiters.add(waiter)
      const leave = (): void => {
        const isLast = flight.waiters.delete(waiter) && !isOpen(flight)
        const error = leavingError(signal)
        reject(error)
        if (isLast) end(key, flight, error)
      }
      signal.addEventListener('abort', leave, { once: true })
      if (flying === undefined) void fly(key, flight, waiter)
      else onFollow?.()
      return promise.finally(() => signal.removeEventListener('abort', leave))
    },
    has: (key) => flights.has(key),
    get inFlight() {
      return flights.size
    },
  }
}
