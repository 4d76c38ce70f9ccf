import { buildinfoRequest } from '@gatehouse/query'
import type { Candidate } from './race.ts'
import type { ReplicaClient } from './replica.ts'

const patienceMs = 500

async function probe(client: ReplicaClient): Promise<boolean> {
  try {
    const exchange = await client.send(buildinfoRequest(), AbortSignal.timeout(patienceMs)).head
    exchange.abort(new Error('heard enough'))
    return true
  } catch {
    return false
  }
}

/** Creates the check whether a replica answers anything within half a second; one at a time for each. */
export function createLiveness() {
  const probes = new WeakMap<ReplicaClient, Promise<boolean>>()
  return {
    async isAlive({ client }: Candidate): Promise<boolean> {
      const running = probes.get(client) ?? probe(client)
      probes.set(client, running)
      try {
        return await running
      } finally {
        probes.delete(client)
      }
    },
  }
}
