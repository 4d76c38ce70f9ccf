const failuresToOpen = 5
const firstRestMs = 1_000
const longestRestMs = 30_000

/** Circuit breaker of one replica: after five failures in a row it rests, then lets one probe through (half-open). */
export interface Breaker {
  /** Whether a request may go out now. In the half-open state only the first caller gets true. */
  tryEnter(): boolean
  succeeded(): void
  failed(): void
  /** The replica does not answer at all: opens at once. */
  trip(): void
  /** The request ended without saying anything about the replica (the client went away). */
  unknown(): void
  readonly isOpen: boolean
  /** Whether it is open, has rested and lets a probe through. */
  readonly isDue: boolean
  /** A check beside the requests found it still unwell: it rests again, twice as long. */
  restLonger(): void
}

/** Creates a closed breaker. `now` is a monotonic clock in ms. The rest doubles with each failed probe, from 1 s to 30 s. */
export function createBreaker(now: () => number): Breaker {
  let failures = 0
  let restMs = firstRestMs
  let openUntil: number | undefined
  let isProbing = false
  const failed = (): void => {
    failures += 1
    if (openUntil !== undefined && !isProbing) return
    if (isProbing) restMs = Math.min(restMs * 2, longestRestMs)
    isProbing = false
    if (failures >= failuresToOpen) openUntil = now() + restMs
  }
  return {
    get isOpen() {
      return openUntil !== undefined
    },
    get isDue() {
      return openUntil !== undefined && !isProbing && now() >= openUntil
    },
    restLonger() {
      restMs = Math.min(restMs * 2, longestRestMs)
      openUntil = now() + restMs
    },
    tryEnter() {
      if (openUntil === undefined) return true
      if (isProbing || now() < openUntil) return false
      isProbing = true
      return true
    },
    succeeded() {
      failures = 0
      restMs = firstRestMs
      openUntil = undefined
      isProbing = false
    },
    failed,
    trip() {
      failures = Math.max(failures, failuresToOpen - 1)
      failed()
    },
    unknown() {
      isProbing = false
    },
  }
}
