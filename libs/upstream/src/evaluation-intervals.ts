import { isGatehouseError } from '@gatehouse/errors'
import { parseDuration } from '@gatehouse/promql'
import { configRequest, type Shard } from '@gatehouse/query'
import { readBody } from './read-body.ts'
import type { Upstream } from './upstream.ts'

/** What is known of the intervals at which shards evaluate: the step of sub-queries that name none. */
export interface EvaluationIntervals {
  /**
   * The interval that all the shards have in common, ms; undefined if one of them does not tell, or tells another. Shards that are out of
   * reach have no say. Only a shard's first probe is waited for.
   */
  common(shards: readonly Shard[]): Promise<number | undefined>
}

const freshMs = 60_000
const retryMs = 5_000
const probeTimeoutMs = 2_000
const maxBytes = 16_777_216

/** What a shard said: its interval, that it does not tell, or nothing. */
type Told = number | 'untold' | undefined

interface Entry {
  told: Told
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
  const [, interval = ''] = /^ {2}evaluation_interval: (\S+)$/m.exec(global) ?? []
  return parseDuration(interval)
}

/** Creates the memory of evaluation intervals. Replicas of a shard are taken to have one. */
export function createEvaluationIntervals(upstream: Upstream): EvaluationIntervals {
  const entries = new Map<string, Entry>()

  const probe = async (shard: Shard, entry: Entry): Promise<void> => {
    try {
      const { exchange } = await upstream.open(shard, configRequest(), AbortSignal.timeout(probeTimeoutMs))
      entry.told = intervalIn((await readBody(exchange, maxBytes)).toString('utf8')) ?? 'untold'
      entry.nextProbeAt = performance.now() + freshMs
    } catch (error) {
      if (isGatehouseError(error) && error.code !== 'unavailable') entry.told ??= 'untold'
      entry.nextProbeAt = performance.now() + retryMs
    } finally {
      entry.probe = undefined
    }
  }

  const toldBy = async (shard: Shard): Promise<Told> => {
    const key = shard.replicas.map(({ url }) => url).join(' ')
    const entry = entries.get(key) ?? {
      told: undefined,
      nextProbeAt: 0,
      probe: undefined,
      isFirst: true,
    }
    entries.set(key, entry)
    if (entry.probe === undefined && performance.now() >= entry.nextProbeAt) entry.probe = probe(shard, entry)
    if (entry.isFirst) await entry.probe
    entry.isFirst = false
    return entry.told
  }

  return {
    async common(shards) {
      const all = await Promise.all(shards.map(toldBy))
      const [interval, ...others] = new Set(all.filter((told) => told !== undefined))
      return others.length === 0 && interval !== 'untold' ? interval : undefined
    },
  }
}
