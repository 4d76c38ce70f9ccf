import { isPortFree, nextFreePort } from '../process/ports.ts'
import { shardPlans } from '../demo/shards.ts'

const services = ['gateway', 'control', 'identity provider', 'exporter']
const replicas = shardPlans.flatMap((plan) => plan.replicas)

/** The ports of one start, by what listens there, and what to say about those that were taken. */
export interface Ports {
  of(name: string): number
  readonly taken: readonly { readonly name: string; readonly wanted: number; readonly port: number }[]
}

/**
 * Chooses the ports from `base` upwards, one a listener; for one that is taken the next free one after the whole range, so that
 * the others stay where they are expected.
 */
export async function choosePorts(base: number): Promise<Ports> {
  const names = [...services, ...replicas]
  const chosen = new Map<string, number>()
  const used = new Set<number>()
  const taken: { name: string; wanted: number; port: number }[] = []
  for (const [i, name] of names.entries()) {
    const wanted = base + i
    const isFree = await isPortFree(wanted)
    const port = isFree ? wanted : await nextFreePort(base + names.length, used)
    if (!isFree) taken.push({ name, wanted, port })
    used.add(port)
    chosen.set(name, port)
  }
  return {
    taken,
    of: (name) => {
      const port = chosen.get(name)
      if (port === undefined) throw new Error(`no port was chosen for ${name}`)
      return port
    },
  }
}
