/** Watches how late the event loop is. */
export interface LoopWatch {
  /** How late timers are lately, ms. */
  readonly delay: number
  close(): void
}

const tickMs = 100
const weight = 0.1
/** One long pause is over when it is noticed; it shall not count for long. */
const longestMs = 2_000

/** Starts to watch: a moving average over about a second. */
export function watchLoop(): LoopWatch {
  let delay = 0
  let expectedAt = performance.now() + tickMs
  const timer = setInterval(() => {
    const now = performance.now()
    const late = Math.min(Math.max(now - expectedAt, 0), longestMs)
    delay = delay * (1 - weight) + late * weight
    expectedAt = now + tickMs
  }, tickMs)
  timer.unref()
  return {
    get delay() {
      return delay
    },
    close: () => clearInterval(timer),
  }
}
