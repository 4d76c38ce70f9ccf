import type { Lease } from '../fairness/rate-limiter.ts'
import type { Rate } from '../fairness/rate-limiter.ts'
import { createLeases } from '../fairness/leases.ts'
import type { Handlers, Peer } from './peer.ts'

interface Wanted {
  readonly key: string
  readonly rate: Rate
  readonly want: number
}

/** Leases tokens of the process that counts for all; undefined while it cannot be reached. */
export function createRemoteLease(primary: () => Peer | undefined): Lease {
  return async (key, rate, want) => {
    const reply = await primary()
      ?.call('lease', { value: { key, rate, want } satisfies Wanted })
      .catch(() => undefined)
    return reply?.value as Awaited<ReturnType<Lease>>
  }
}

/** Counts for other processes. `now` is monotonic, ms. */
export function leaseHandlers(now: () => number): Handlers {
  const lease = createLeases(now)
  return {
    async lease(value) {
      const { key, rate, want } = value as Wanted
      return { value: lease(key, rate, want) }
    },
  }
}
