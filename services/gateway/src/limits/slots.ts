import type { FairQueue } from '@gatehouse/cache'
import type { Shard } from '@gatehouse/query'
import type { PlanStep } from '../plan.ts'
import type { Bounds } from './bounds.ts'

/** Takes a slot on every shard that is to be asked. @returns the function that gives them back. */
export type TakeSlots = (steps: readonly PlanStep[], signal: AbortSignal) => Promise<() => void>

const resources = new WeakMap<Shard, string>()

/** A shard by where it is: orgs whose data sources lie on the same servers share its slots. */
function resourceOf(shard: Shard): string {
  let resource = resources.get(shard)
  if (resource === undefined) {
    resource = shard.replicas
      .map(({ url }) => url)
      .toSorted()
      .join(' ')
    resources.set(shard, resource)
  }
  return resource
}

/**
 * Creates the taker of one request. However many requests it makes to a shard, it has one slot there; slots of several shards are
 * taken in one order, so that no two requests wait for each other.
 */
export function createTakeSlots(
  queue: FairQueue,
  orgUid: string,
  { caps, weight, member }: Bounds,
): TakeSlots {
  return async (steps, signal) => {
    const wanted = [...new Set(steps.map(({ shard }) => resourceOf(shard)))].toSorted()
    const held: (() => void)[] = []
    const giveBack = (): void => {
      for (const release of held.splice(0)) release()
    }
    try {
      // A request is counted once against what its caller may run at once.
      for (const [i, resource] of wanted.entries())
        held.push(
          await queue.acquire({ resource, orgUid, member, caps: i === 0 ? caps : [], weight, signal }),
        )
      return giveBack
    } catch (error) {
      giveBack()
      throw error
    }
  }
}
