import { buildinfoRequest } from '@gatehouse/query'
import type { Candidate } from './race.ts'
import type { ReplicaClient } from './replica.ts'

/** How a replica answers a request that costs it nothing: with success, with something, or not within half a second. */
export type Health = 'well' | 'unwell' | 'silent'

const patienceMs = 500

async function probe(client: ReplicaClient): Promise<Health> {
  try {
    const exchange = await client.sendBeside(buildinfoRequest(), AbortSignal.timeout(patienceMs)).head
    exchange.abort(new Error('heard enough'))
    return exchange.status === 200 ? 'well' : 'unwell'
  } catch {
    return 'silent'
  }
}

/** Finds out how replicas are, beside the requests. */
export interface Liveness {
  check(candidate: Candidate): Promise<Health>
  /**
   * Whether a replica whose breaker is open may be asked again. While others are there it is no caller's request that finds out whether it
   * is well.
   */
  mayReturn(candidate: Candidate): boolean
}

/** Creates the check; one at a time for each replica. */
export function createLiveness(): Liveness {
  const probes = new WeakMap<ReplicaClient, Promise<Health>>()
  const recovered = new WeakSet<ReplicaClient>()
  const check = async ({ client }: Candidate): Promise<Health> => {
    const running = probes.get(client) ?? probe(client)
    probes.set(client, running)
    try {
      return await running
    } finally {
      probes.delete(client)
    }
  }
  const look = async (candidate: Candidate): Promise<void> => {
    const { client } = candidate
    if ((await check(candidate)) === 'well') {
      recovered.add(client)
      client.latency.forget()
    } else client.breaker.restLonger()
  }
  return {
    check,
    mayReturn(candidate) {
      const { client } = candidate
      if (!client.breaker.isDue) {
        recovered.delete(client)
        return false
      }
      if (recovered.has(client)) return true
      if (!probes.has(client)) void look(candidate)
      return false
    },
  }
}
