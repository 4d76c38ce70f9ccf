import { GatehouseError } from '@gatehouse/errors'
import { type CacheFacts, lastTime, type TimeRange } from '@gatehouse/query'
import type { Fetch, Fetched } from '../model.ts'

/** A raw sample every 15 s, as scraped. */
const scrapeMs = 15_000
const lookbackMs = 300_000

/**
 * A source whose every sample follows from its series and time, and arrives some time after: mostly at once, sometimes late, at
 * most `latestArrivalMs`. It stands for shards in tests of what the cache may keep.
 */
export interface World {
  /** True time, ms since the epoch. */
  now: number
  /** Tenants whose shard is down: they are missing from answers, which say so; that of `b` only by a warning, that of `c` by none. */
  readonly down: Set<string>
  /** Whether answers carry the shards' clock. */
  hasDate: boolean
  /** Whether every shard is unreachable. */
  isDead: boolean
  calls: number
  /**
   * The body a range query gets now; `tenants` are what its enforced expression admits, `at` is the one time that it reads if it
   * names one with `@`.
   */
  answer(tenants: readonly string[], range: TimeRange, at?: number): Buffer
  /** `answer` as the path behind the cache. */
  fetch(tenants: readonly string[], whole: TimeRange, at?: number): Fetch<never>
}

export const plainFacts: CacheFacts = {
  isOfRange: false,
  hasNegativeOffset: false,
  isOrderDependent: false,
  latestAt: Number.NEGATIVE_INFINITY,
}

function hash(text: string): number {
  let h = 2166136261
  for (let i = 0; i < text.length; i += 1) h = Math.imul(h ^ text.charCodeAt(i), 16777619)
  return (h ^ (h >>> 13)) >>> 0
}

export function createWorld(start: number, latestArrivalMs: number): World {
  /** Age at which a sample arrives: one in four is late, one in sixteen is never scraped. */
  const arrival = (series: string, time: number): number => {
    const dice = hash(`${series}@${time}`) % 16
    if (dice === 0) return Number.POSITIVE_INFINITY
    return dice < 4 ? hash(`${time}/${series}`) % latestArrivalMs : dice * 100
  }

  const valueAt = (series: string, time: number): string | undefined => {
    const newest = Math.floor(time / scrapeMs) * scrapeMs
    for (let t = newest; t > time - lookbackMs; t -= scrapeMs) {
      if (t + arrival(series, t) > world.now) continue
      const dice = hash(`${series}=${t}`)
      // Stale markers, NaN and infinities among plain numbers.
      if (dice % 23 === 0) return undefined
      return dice % 29 === 0 ? 'NaN' : dice % 31 === 0 ? '+Inf' : String(dice / 1000)
    }
    return undefined
  }

  const seriesOf = (tenant: string, range: TimeRange, at?: number): string | undefined => {
    const samples: string[] = []
    for (let time = range.start; time <= lastTime(range); time += range.step) {
      const value = valueAt(tenant, at ?? time)
      if (value !== undefined) samples.push(`[${time / 1000},"${value}"]`)
    }
    return samples.length === 0
      ? undefined
      : `{"metric":{"__name__":"up","tenant":"${tenant}"},"values":[${samples.join(',')}]}`
  }

  const world: World = {
    now: start,
    down: new Set(),
    hasDate: true,
    isDead: false,
    calls: 0,
    answer(tenants, range, at) {
      const up = tenants.filter((tenant) => !world.down.has(tenant))
      const series = up.toSorted().flatMap((tenant) => seriesOf(tenant, range, at) ?? [])
      const note = tenants.some((tenant) => tenant !== 'c' && world.down.has(tenant))
        ? ',"warnings":["shard down"]'
        : ''
      return Buffer.from(
        `{"status":"success","data":{"resultType":"matrix","result":[${series.join(',')}]}${note}}`,
      )
    },
    fetch:
      (tenants, whole, at) =>
      async (demand): Promise<Fetched<never>> => {
        world.calls += 1
        demand.started?.()
        if (world.isDead) throw new GatehouseError('unavailable', 'the shards are down')
        return {
          kind: 'body',
          body: world.answer(tenants, demand.range ?? whole, at),
          isComplete: !tenants.some((tenant) => tenant !== 'b' && world.down.has(tenant)),
          asOf: world.hasDate ? Math.floor(world.now / 1000) * 1000 : undefined,
        }
      },
  }
  return world
}
