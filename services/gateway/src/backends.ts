import type { Constraints } from '@gatehouse/authz'
import {
  type DataSource,
  nativeRequest,
  policyProbe,
  pruneShards,
  type Replica,
  type Shard,
} from '@gatehouse/query'
import { readBody, type Upstream } from '@gatehouse/upstream'
import { listOf } from './merge-lists.ts'
import { readEnvelope } from './upstream-envelope.ts'

/** The upstream of one request: every backend is told who asks, in its own way, whatever is asked of it. */
export function tellBackends(
  upstream: Upstream,
  constraints: Constraints,
  { tenantLabel }: DataSource,
): Upstream {
  const told = { alternatives: constraints.alternatives, tenantLabel }
  return {
    open: (shard, request, signal) => upstream.open(shard, nativeRequest(request, shard, told), signal),
    close: upstream.close,
  }
}

/** What is known of backends that say they enforce what they are told. */
export interface PolicyChecks {
  /**
   * Whether every replica that may be asked leaves out what the policy it is handed leaves out. A server that ignores the policy, or a
   * proxy before it that drops it, would show everything that a selector alone admits. Only a replica's first check is waited for.
   */
  hold(source: DataSource, constraints: Constraints): Promise<boolean>
}

const freshMs = 60_000
const retryMs = 5_000
const probeTimeoutMs = 2_000
const maxBytes = 1_048_576

interface Entry {
  holds: boolean
  nextProbeAt: number
  probe: Promise<void> | undefined
}

/** Creates the memory of checks. */
export function createPolicyChecks(upstream: Upstream): PolicyChecks {
  const entries = new Map<string, Entry>()

  const probe = async (shard: Shard, source: DataSource, entry: Entry): Promise<void> => {
    const signal = AbortSignal.timeout(probeTimeoutMs)
    const { open, closed } = policyProbe(shard, source)
    const count = async (request: typeof open): Promise<number> => {
      const { exchange } = await upstream.open(shard, request, signal)
      return listOf(readEnvelope(await readBody(exchange, maxBytes))).length
    }
    try {
      // Of what has no series it cannot be told.
      entry.holds = (await count(closed)) === 0 && (await count(open)) > 0
      entry.nextProbeAt = performance.now() + (entry.holds ? freshMs : retryMs)
    } catch {
      entry.holds = false
      entry.nextProbeAt = performance.now() + retryMs
    } finally {
      entry.probe = undefined
    }
  }

  const holdsOf = async (shard: Shard, replica: Replica, source: DataSource): Promise<boolean> => {
    const key = `${shard.backend} ${replica.url}`
    const known = entries.get(key)
    const entry = known ?? { holds: false, nextProbeAt: 0, probe: undefined }
    entries.set(key, entry)
    if (entry.probe === undefined && performance.now() >= entry.nextProbeAt)
      entry.probe = probe({ ...shard, replicas: [replica] }, source, entry)
    if (known === undefined) await entry.probe
    return entry.holds
  }

  return {
    async hold(source, { alternatives }) {
      // One alternative stands in the selectors as a whole.
      if (alternatives.length < 2) return false
      const shards = pruneShards(alternatives, source)
      if (!shards.every(({ backend }) => backend === 'mimir' || backend === 'victoriametrics')) return false
      const checks = shards.flatMap((shard) =>
        shard.replicas.map((replica) => holdsOf(shard, replica, source)),
      )
      return (await Promise.all(checks)).every(Boolean)
    },
  }
}
