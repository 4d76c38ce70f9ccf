import { capsOnly, type FairQueue } from '@gatehouse/cache'
import { GatehouseError } from '@gatehouse/errors'
import { compareBytes, type Shard } from '@gatehouse/query'
import type { PlanStep } from '../plan.ts'
import type { Bounds } from './bounds.ts'

/** The slots of one fetch. */
export interface Slots {
  /**
   * Waits for a slot of a shard, the same for all that ask it at one time.
   * @returns the function that says that the part of the answer has been read: with the last one the slot goes back, whatever goes on
   *   elsewhere.
   * @throws GatehouseError as `FairQueue.acquire` does.
   */
  enter(shard: Shard): Promise<() => void>
  /** Gives back what is held, and waits for nothing any more. */
  end(): void
  /** How long the request has waited for slots so far, ms. */
  readonly queued: number
}

/** What slots are wanted for. */
export interface Taking {
  readonly steps: readonly PlanStep[]
  readonly signal: AbortSignal
  /** How long the caller has waited for others before, ms. */
  readonly waited?: number | undefined
  /** Called when all shards of the steps have been entered. */
  readonly started?: (() => void) | undefined
}

export type TakeSlots = (taking: Taking) => Slots

/** Every server that may be asked for a shard, by where it is: whose data sources lie on the same servers share their slots. */
function serversOf({ replicas }: Shard): readonly string[] {
  return [...new Set(replicas.map(({ url }) => url))].toSorted(compareBytes)
}

const keyOf = (shard: Shard): string => serversOf(shard).join(' ')

/** A shard that was entered, by so many at this time. */
interface Place {
  users: number
  readonly leave: Promise<() => void>
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
 * asked. It waits for each shard by itself, and for none while it holds another's for nothing: a shard that hangs keeps no slot of the
 * others. All its waiting together is bounded.
 */
export function createTakeSlots(
  queue: FairQueue,
  orgUid: string,
  { caps, weight, team, member }: Bounds,
): TakeSlots {
  const queueing = createStopwatch()
  return ({ steps, signal, waited = 0, started }) => {
    const wanted = new Set(steps.map(({ shard }) => keyOf(shard)))
    const places = new Map<string, Place>()
    const entered = new Set<string>()
    const ending = new AbortController()
    const abort = (): void => ending.abort(signal.reason)
    if (signal.aborted) abort()
    signal.addEventListener('abort', abort)

    const acquire = (resource: string, own: Bounds['caps']): Promise<() => void> => {
      const who = { orgUid, team, member, caps: own, weight }
      const request = { resource, ...who, waited: waited + queueing.read(), signal: ending.signal }
      return queueing.during(queue.acquire(request))
    }

    // A request is counted once against what its caller may run at once: as long as it runs, if on several shards.
    const isWide = wanted.size > 1 && caps.length > 0
    let capped: Promise<() => void> | undefined
    const take = async (shard: Shard): Promise<() => void> => {
      const held: (() => void)[] = []
      const leave = (): void => {
        for (const release of held.splice(0)) release()
      }
      try {
        if (isWide) await (capped ??= acquire(capsOnly, caps))
        // In one order, so that no two requests wait for each other.
        for (const [i, server] of serversOf(shard).entries())
          held.push(await acquire(server, isWide || i > 0 ? [] : caps))
        ending.signal.throwIfAborted()
        return leave
      } catch (error) {
        leave()
        throw error
      }
    }

    const leaveAll = (): void => {
      for (const { leave } of places.values())
        leave.then(
          (release) => release(),
          () => undefined,
        )
      places.clear()
      capped?.then(
        (release) => release(),
        () => undefined,
      )
    }

    return {
      async enter(shard) {
        const key = keyOf(shard)
        const place = places.get(key) ?? { users: 0, leave: take(shard) }
        places.set(key, place)
        place.users += 1
        const release = await place.leave
        if (!entered.has(key)) {
          entered.add(key)
          if (entered.size === wanted.size) started?.()
        }
        let isIn = true
        return () => {
          if (isIn) place.users -= 1
          isIn = false
          if (place.users > 0) return
          if (places.get(key) === place) places.delete(key)
          release()
        }
      },
      end() {
        signal.removeEventListener('abort', abort)
        ending.abort(new GatehouseError('canceled', 'the request has ended'))
        leaveAll()
      },
      get queued() {
        return queueing.read()
      },
    }
  }
}
