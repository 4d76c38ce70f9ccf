import { isGatehouseError } from '@gatehouse/errors'
import type { Connections } from './connections.ts'
import { type ConnectionOptions, createReplicaClient, type ReplicaClient } from './replica.ts'

/** Clients of replicas by URL. */
export interface Clients {
  /** The client of a URL; undefined if its address is not allowed. */
  of(url: string): ReplicaClient | undefined
  close(): Promise<void>
}

const unusedAfterMs = 600_000

interface Known {
  readonly client: ReplicaClient
  usedAt: number
}

/** Creates the clients' memory. Those of replicas no data source names any more are closed after ten minutes. */
export function createClients(connections: Connections, options: ConnectionOptions): Clients {
  const known = new Map<string, Known>()
  const dropUnused = (): void => {
    for (const [url, { client, usedAt }] of known) {
      if (performance.now() - usedAt < unusedAfterMs || client.inFlight > 0) continue
      known.delete(url)
      void client.close()
    }
  }
  const make = (url: string): Known | undefined => {
    try {
      return { client: createReplicaClient(url, connections, options), usedAt: 0 }
    } catch (error) {
      if (isGatehouseError(error) && error.code === 'unavailable') return undefined
      throw error
    }
  }
  return {
    of(url) {
      let entry = known.get(url)
      if (entry === undefined) {
        dropUnused()
        entry = make(url)
        if (entry === undefined) return undefined
        known.set(url, entry)
      }
      entry.usedAt = performance.now()
      return entry.client
    },
    async close() {
      await Promise.all([...known.values()].map(({ client }) => client.close()))
    },
  }
}
