import { GatehouseError } from '@gatehouse/errors'

/** Many callers, one write: what is added while a write is under way goes into the next one together. */
export interface GroupCommit<T> {
  /** Resolves when the item is committed. @throws GatehouseError `audit_unavailable` */
  add(item: T): Promise<void>
  /** Resolves when nothing is waiting or being written. */
  idle(): Promise<void>
  /** Writes so far. */
  commits(): number
}

interface Waiter<T> {
  readonly item: T
  readonly resolve: () => void
  readonly reject: (error: GatehouseError) => void
}

/** The refusal of an event that could not be recorded. */
export function auditUnavailable(detail: string, cause?: unknown): GatehouseError {
  return new GatehouseError('audit_unavailable', 'The audit log cannot take this request at the moment', {
    detail,
    retryAfter: 1,
    ...(cause === undefined ? {} : { cause }),
  })
}

/**
 * Runs `commit` over what has been added since the last one. If it takes longer than `maxWaitMs`, everything waiting is
 * refused, and so is what comes until it returns: a disk that hangs must not hang the callers.
 */
export function createGroupCommit<T>(
  commit: (items: readonly T[]) => Promise<void>,
  maxWaitMs: number,
): GroupCommit<T> {
  let queue: Waiter<T>[] = []
  let running: Promise<void> | undefined
  let stalled = false
  let commits = 0

  function refuse(waiters: readonly Waiter<T>[], error: GatehouseError): void {
    for (const { reject } of waiters) reject(error)
  }

  async function commitOnce(): Promise<void> {
    const batch = queue
    queue = []
    const watchdog = setTimeout(() => {
      stalled = true
      refuse([...batch, ...queue], auditUnavailable(`the spool's disk has not answered for ${maxWaitMs} ms`))
      queue = []
    }, maxWaitMs)
    try {
      await commit(batch.map(({ item }) => item))
      commits += 1
      for (const { resolve } of batch) resolve()
    } catch (error) {
      refuse(batch, error instanceof GatehouseError ? error : auditUnavailable(String(error), error))
    } finally {
      clearTimeout(watchdog)
      stalled = false
    }
  }

  async function run(): Promise<void> {
    // What else this turn of the event loop brings joins the first write.
    await new Promise((resolve) => setImmediate(resolve))
    while (queue.length > 0) await commitOnce()
    running = undefined
  }

  return {
    add(item) {
      if (stalled) return Promise.reject(auditUnavailable('the disk of the spool hangs'))
      return new Promise((resolve, reject) => {
        queue.push({ item, resolve, reject })
        running ??= run()
      })
    },
    idle: async () => {
      while (running !== undefined) await running
    },
    commits: () => commits,
  }
}
