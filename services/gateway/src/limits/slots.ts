import type { FairQueue } from '@gatehouse/cache'
import type { PlanStep } from '../plan.ts'
import type { Bounds } from './bounds.ts'

/** Slots that a request holds. */
export interface HeldSlots {
  giveBack(): void
  /** How long the request has waited for slots so far, ms. */
  readonly queued: number
}

/** Takes a slot on every shard that is to be asked; `waited` is what its caller waited for others before, ms. */
export type TakeSlots = (
  steps: readonly PlanStep[],
  signal: AbortSignal,
  waited?: number,
) => Promise<HeldSlots>

/** Every server that may be asked, by where it is: whose data sources lie on the same servers share their slots. */
function serversOf(steps: readonly PlanStep[]): readonly string[] {
  const urls = steps.flatMap(({ shard }) => shard.replicas.map(({ url }) => url))
  return [...new Set(urls)].toSorted()
}

/** Measures the time in which something of several goes on. */
function createStopwatch() {
  let total = 0
  let running = 0
  let since = 0
  const read = (): number => total + (running > 0 ? performance.now() - since : 0)
  return {
    read,
    async during<T>(work: Promise<T>): Promise<T> {
      if (running === 0) since = performance.now()
      running += 1
      try {
        return await work
      } finally {
        const now = read()
        running -= 1
        if (running === 0) total = now
      }
    },
  }
}

/**
 * Creates the taker of one request. However many requests it makes to a shard, it has one slot of each of its replicas, as any may be
 * asked; slots are taken in one order, so that no two requests wait for each other. All its waiting together is bounded.
 */
export function createTakeSlots(
  queue: FairQueue,
  orgUid: string,
  { caps, weight, member }: Bounds,
): TakeSlots {
  const queueing = createStopwatch()
  return async (steps, signal, waited = 0) => {
    const wanted = serversOf(steps)
    const held: (() => void)[] = []
    const giveBack = (): void => {
      for (const release of held.splice(0)) release()
    }
    try {
      // A request is counted once against what its caller may run at once.
      for (const [i, resource] of wanted.entries()) {
        const who = { orgUid, member, caps: i === 0 ? caps : [], weight }
        const request = { resource, ...who, waited: waited + queueing.read(), signal }
        held.push(await queueing.during(queue.acquire(request)))
      }
      return { giveBack, queued: queueing.read() }
    } catch (error) {
      giveBack()
      throw error
    }
  }
}
