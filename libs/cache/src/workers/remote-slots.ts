import { GatehouseError } from '@gatehouse/errors'
import type { FairQueue, SlotRequest } from '../fairness/fair-queue.ts'
import type { Handlers, Parcel, Peer } from './peer.ts'

type Wanted = Omit<SlotRequest, 'signal'>

/** The slots of all processes, given out by one of them. */
export function createRemoteSlots(primary: () => Peer | undefined): FairQueue {
  let waiting = 0
  return {
    async acquire({ signal, ...wanted }) {
      const peer = primary()
      if (peer === undefined)
        throw new GatehouseError('unavailable', 'the gateway is starting', { retryAfter: 1 })
      waiting += 1
      try {
        const release = ({ value }: Parcel): void => void peer.call('release', { value }).catch(() => {})
        const slot = await peer.call('acquire', { value: wanted }, signal, release)
        return () => release(slot)
      } finally {
        waiting -= 1
      }
    },
    get waiting() {
      return waiting
    },
  }
}

/** Gives slots of `queue` to other processes; those of one that ends come back. */
export function slotHandlers(queue: FairQueue): Handlers {
  const held = new Map<number, () => void>()
  const ofPeer = new WeakMap<Peer, Set<number>>()
  let next = 1

  const slotsOf = (peer: Peer): Set<number> => {
    const known = ofPeer.get(peer)
    if (known !== undefined) return known
    const own = new Set<number>()
    ofPeer.set(peer, own)
    peer.onGone(() => {
      for (const slot of own) held.get(slot)?.()
      for (const slot of own) held.delete(slot)
    })
    return own
  }

  return {
    async acquire(value, { signal, peer }) {
      const release = await queue.acquire({ ...(value as Wanted), signal })
      if (signal.aborted || !peer.isUp) {
        release()
        throw new GatehouseError('canceled', 'nobody waits for the slot any more')
      }
      const slot = next
      next += 1
      held.set(slot, release)
      slotsOf(peer).add(slot)
      return { value: slot }
    },
    async release(value, { peer }) {
      const slot = Number(value)
      slotsOf(peer).delete(slot)
      held.get(slot)?.()
      held.delete(slot)
      return { value: undefined }
    },
  }
}
