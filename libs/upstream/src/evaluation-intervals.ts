import { parseDuration } from '@gatehouse/promql'
import { configRequest, type Shard } from '@gatehouse/query'
import { readBody } from './read-body.ts'
import type { Upstream } from './upstream.ts'

/** What is known of the intervals at which shards evaluate: the step of sub-queries that name none. */
export interface EvaluationIntervals {
  /**
   * The interval that all the shards have in common, ms; undefined while one of them has not told, or tells another. Only a shard's first
   * probe is waited for.
   */
  common(shards: readonly Shard[]): Promise<number | undefined>
}

const freshMs = 60_000
const retryMs = 5_000
const probeTimeoutMs = 2_000
const maxBytes = 16_777_216

interface Entry {
  interval: number | undefined
  nextProbeAt: number
  probe: Promise<void> | undefined
  isFirst: boolean
}

/** The `evaluation_interval` of the answer of `status/config`, which always names it; ms. */
export function intervalIn(body: string): number | undefined {
  const parsed = JSON.parse(body) as { data?: { yaml?: unknown } }
  const yaml = parsed.data?.yaml
  if (typeof yaml !== 'string') return undefined
  const [, global = ''] = /^global:\n((?:[ \t].*\n?)*)/m.exec(yaml) ?? []
  const [, interval = ''] = /^[ \t]+evaluation_interval:[ \t]*(\S+)[ \t]*$/m.exec(global) ?? []
  return parseDuration(interval)
}

/** Creates the memory of evaluation intervals. Replicas of a shard are taken to have one. */
export function createEvaluationIntervals(upstream: Upstream): EvaluationIntervals {
  const entries = new Map<string, Entry>()

  const probe = async (shard: Shard, entry: Entry): Promise<void> => {
    try {
      const { exchange } = await upstream.open(shard, configRequest(), AbortSignal.timeout(probeTimeoutMs))
      entry.interval = intervalIn((await readBody(exchange, maxBytes)).toString('utf8'))
      entry.nextProbeAt = performance.now() + freshMs
    } catch {
      entry.nextProbeAt = performance.now() + retryMs
    } finally {
      entry.probe = undefined
    }
  }

  const intervalOf = async (shard: Shard): Promise<number | undefined> => {
    const key = shard.replicas.map(({ url }) => url).join(' ')
    const entry = entries.get(key) ?? {
      interval: undefined,
      nextProbeAt: 0,
      probe: undefined,
      isFirst: true,
    }
    entries.set(key, entry)
    if (entry.probe === undefined && performance.now() >= entry.nextProbeAt) entry.probe = probe(shard, entry)
    if (entry.isFirst) await entry.probe
    entry.isFirst = false
    return entry.interval
  }

  return {
    async common(shards) {
      const intervals = new Set(await Promise.all(shards.map(intervalOf)))
      return intervals.size === 1 ? [...intervals][0] : undefined
    },
  }
}
