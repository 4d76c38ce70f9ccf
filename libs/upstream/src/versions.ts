import { buildinfoRequest, type Shard } from '@gatehouse/query'
import { readBody } from './read-body.ts'
import type { Upstream } from './upstream.ts'

/** What is known of the versions the shards run. */
export interface Versions {
  /**
   * The lowest version among the shards that answered since start; undefined if none ever did. Only a shard's first probe is waited
   * for, two seconds at most; later ones run behind.
   */
  lowest(shards: readonly Shard[]): Promise<string | undefined>
}

/** Of what others than Prometheus know of PromQL; their own version numbers say nothing of it. */
const nativeVersion = '3.0.0'
const freshMs = 60_000
const retryMs = 5_000
const rememberMs = 1_000
const probeTimeoutMs = 2_000
const maxBytes = 65_536

interface Entry {
  version: string | undefined
  nextProbeAt: number
  probe: Promise<void> | undefined
  /** Whether nothing is known yet, so that it is worth waiting. */
  isFirst: boolean
}

/** Reads `2.53.3+ds1` as `2.53.3`; undefined if it does not start with three numbers. */
export function parseVersion(text: string): string | undefined {
  return /^v?(\d+\.\d+\.\d+)/.exec(text)?.[1]
}

/** Whether version `a` is older than `b`. */
export function isOlder(a: string, b: string): boolean {
  const [x, y] = [a.split('.').map(Number), b.split('.').map(Number)]
  const differing = x.findIndex((part, i) => part !== y[i])
  return differing !== -1 && (x[differing] ?? 0) < (y[differing] ?? 0)
}

function versionIn(body: string): string | undefined {
  const parsed = JSON.parse(body) as { data?: { version?: unknown } }
  const text = parsed.data?.version
  return typeof text === 'string' ? parseVersion(text) : undefined
}

/** Creates the memory of versions. Replicas of a shard are taken to run one version. */
export function createVersions(upstream: Upstream): Versions {
  const entries = new Map<string, Entry>()

  const probe = async (shard: Shard, entry: Entry): Promise<void> => {
    try {
      const signal = AbortSignal.timeout(probeTimeoutMs)
      const { exchange } = await upstream.open(shard, buildinfoRequest(), signal)
      entry.version = versionIn((await readBody(exchange, maxBytes)).toString('utf8')) ?? entry.version
      entry.nextProbeAt = performance.now() + freshMs
    } catch {
      entry.nextProbeAt = performance.now() + retryMs
    } finally {
      entry.probe = undefined
    }
  }

  const versionOf = async (shard: Shard): Promise<string | undefined> => {
    if (shard.backend !== undefined) return nativeVersion
    const key = shard.replicas.map((replica) => replica.url).join(' ')
    let entry = entries.get(key)
    if (entry === undefined) {
      entry = { version: undefined, nextProbeAt: 0, probe: undefined, isFirst: true }
      entries.set(key, entry)
    }
    if (entry.probe === undefined && performance.now() >= entry.nextProbeAt) entry.probe = probe(shard, entry)
    if (entry.isFirst) await entry.probe
    entry.isFirst = false
    return entry.version
  }

  // Shards are the same array as long as their data source is unchanged.
  const answers = new WeakMap<readonly Shard[], { lowest: string | undefined; until: number }>()
  return {
    async lowest(shards) {
      const recent = answers.get(shards)
      if (recent !== undefined && performance.now() < recent.until) return recent.lowest
      const known = (await Promise.all(shards.map(versionOf))).filter((version) => version !== undefined)
      const lowest = known.toSorted((a, b) => (isOlder(a, b) ? -1 : 1))[0]
      answers.set(shards, { lowest, until: performance.now() + rememberMs })
      return lowest
    },
  }
}
