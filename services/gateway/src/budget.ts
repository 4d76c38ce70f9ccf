import { GatehouseError } from '@gatehouse/errors'

/** The time and patience one request has: aborted by its deadline or by its client going away. */
export interface Budget {
  /** Aborts with a GatehouseError, `timeout` or `canceled`. */
  readonly signal: AbortSignal
  /** Time left, ms. */
  left(): number
  /** Brings the deadline forward to `ms` after the start; a later one changes nothing. */
  shorten(ms: number): void
  cancel(reason: GatehouseError): void
  /** Has something done when the request is over. */
  onEnd(work: () => void): void
  /** Stops the clock: the request is over. */
  end(): void
}

/** Starts the clock of a request. */
export function createBudget(ms: number): Budget {
  const controller = new AbortController()
  const started = performance.now()
  const atEnd: (() => void)[] = []
  let total = ms
  const expire = (): void => {
    controller.abort(
      new GatehouseError('timeout', `the request took longer than its deadline of ${total} ms`),
    )
  }
  let timer = setTimeout(expire, total)
  const left = (): number => total - (performance.now() - started)
  return {
    signal: controller.signal,
    left,
    shorten(wanted) {
      if (wanted >= total) return
      total = wanted
      clearTimeout(timer)
      timer = setTimeout(expire, Math.max(0, left()))
    },
    cancel: (reason) => controller.abort(reason),
    onEnd: (work) => void atEnd.push(work),
    end() {
      clearTimeout(timer)
      for (const work of atEnd.splice(0)) work()
    },
  }
}
