import type { ShardCounts, SystemStatus } from './status.ts'

/** One reading of the state, ms since the epoch. */
export interface Reading {
  readonly at: number
  readonly status: SystemStatus
}

/** How a replica or shard is, in a word that stands beside its numbers. */
export type Health = 'answering' | 'slow' | 'failing' | 'not asked'

export interface ReplicaRow {
  readonly name: string
  readonly requests: number
  readonly failed: number
  /** Seconds within which 95 of 100 answers began; undefined without one. */
  readonly p95: number | undefined
  readonly health: Health
}

/** A shard over the time that was watched. */
export interface ShardRow {
  readonly name: string
  readonly sources: readonly string[]
  readonly replicas: readonly ReplicaRow[]
  readonly requests: number
  readonly failed: number
  /** Seconds within which 95 of 100 answers began; undefined without one. */
  readonly p95: number | undefined
  /** Mean seconds between readings, oldest first; NaN where none was asked. */
  readonly trend: readonly number[]
  readonly health: Health
}

type Buckets = ShardCounts['seconds']['buckets']

/** A quantile of a histogram with cumulative buckets, as `histogram_quantile` does it; undefined without observations. */
export function quantile(q: number, buckets: Buckets): number | undefined {
  const sorted = buckets
    .map(({ le, count }) => ({ le: le === '+Inf' ? Number.POSITIVE_INFINITY : Number(le), count }))
    .toSorted((a, b) => a.le - b.le)
  const total = sorted.at(-1)?.count ?? 0
  if (total <= 0) return undefined
  const rank = q * total
  const i = sorted.findIndex(({ count }) => count >= rank)
  const [bucket, below] = [sorted[i], sorted[i - 1]]
  if (bucket === undefined) return undefined
  if (!Number.isFinite(bucket.le)) return below?.le
  const from = below?.le ?? 0
  const inBucket = bucket.count - (below?.count ?? 0)
  return inBucket === 0 ? bucket.le : from + (bucket.le - from) * ((rank - (below?.count ?? 0)) / inBucket)
}

type Histogram = ShardCounts['seconds']

function less(after: Histogram, before: Histogram | undefined): Histogram {
  const earlier = new Map(before?.buckets.map(({ le, count }) => [le, count]))
  return {
    count: after.count - (before?.count ?? 0),
    sum: after.sum - (before?.sum ?? 0),
    buckets: after.buckets.map(({ le, count }) => ({ le, count: count - (earlier.get(le) ?? 0) })),
  }
}

/** What happened from `before` to `after`; all of it if there is no before, or the gateway began anew meanwhile. */
function since(after: ShardCounts, before: ShardCounts | undefined): ShardCounts {
  if (before === undefined || before.seconds.count > after.seconds.count) return after
  return {
    name: after.name,
    seconds: less(after.seconds, before.seconds),
    replicas: after.replicas.map(({ name, seconds, outcomes }) => {
      const old = before.replicas.find((one) => one.name === name)
      const counts = Object.entries(outcomes).map(
        ([key, count]) => [key, count - (old?.outcomes[key] ?? 0)] as const,
      )
      return { name, seconds: less(seconds, old?.seconds), outcomes: Object.fromEntries(counts) }
    }),
  }
}

function shardIn({ status }: Reading, name: string): ShardCounts | undefined {
  return status.gateway.shards.find((shard) => shard.name === name)
}

function trendOf(readings: readonly Reading[], name: string): number[] {
  return readings.slice(1).map((reading, i) => {
    const [after, before] = [shardIn(reading, name), readings[i] && shardIn(readings[i], name)]
    if (after === undefined) return Number.NaN
    const { count, sum } = since(after, before).seconds
    return count > 0 ? sum / count : Number.NaN
  })
}

const slowSeconds = 1
const failingShare = 0.05

function healthOf(requests: number, failed: number, p95: number | undefined): Health {
  if (requests === 0) return 'not asked'
  if (failed / requests > failingShare) return 'failing'
  return p95 !== undefined && p95 >= slowSeconds ? 'slow' : 'answering'
}

function replicaRow({ name, seconds, outcomes }: ShardCounts['replicas'][number]): ReplicaRow {
  const failed = (outcomes['failed'] ?? 0) + (outcomes['refused'] ?? 0)
  const requests = (outcomes['answered'] ?? 0) + failed
  const p95 = quantile(0.95, seconds.buckets)
  return { name, requests, failed, p95, health: healthOf(requests, failed, p95) }
}

/**
 * Every shard of every data source, and each that the gateway asked besides: over the time of the readings if they are `enough`, else
 * since the gateway started.
 */
export function shardRows(readings: readonly Reading[], isEnough: boolean): ShardRow[] {
  const [first, last] = [readings[0], readings.at(-1)]
  if (last === undefined) return []
  const { dataSources, gateway } = last.status
  const known = dataSources.flatMap((source) =>
    source.shards.map((shard) => ({ ...shard, source: source.name })),
  )
  const names = [
    ...new Set([...known.map(({ name }) => name), ...gateway.shards.map(({ name }) => name)]),
  ].toSorted()
  return names.map((name) => {
    const declared = known.filter((shard) => shard.name === name)
    const now = shardIn(last, name)
    const before = first === undefined || !isEnough ? undefined : shardIn(first, name)
    const counts = now && since(now, before)
    const asked = (counts?.replicas ?? []).map(replicaRow)
    const idle = declared
      .flatMap(({ replicas }) => replicas)
      .filter((replica) => !asked.some((one) => one.name === replica))
      .map(
        (replica): ReplicaRow => ({
          name: replica,
          requests: 0,
          failed: 0,
          p95: undefined,
          health: 'not asked',
        }),
      )
    const replicas = [...asked, ...new Map(idle.map((row) => [row.name, row])).values()]
    const requests = replicas.reduce((sum, row) => sum + row.requests, 0)
    const failed = replicas.reduce((sum, row) => sum + row.failed, 0)
    const p95 = counts && quantile(0.95, counts.seconds.buckets)
    const sources = [...new Set(declared.map(({ source }) => source))]
    const trend = trendOf(readings, name)
    return { name, sources, replicas, requests, failed, p95, trend, health: healthOf(requests, failed, p95) }
  })
}

/** Share of requests that the cache answered, wholly or in part; undefined before the first. */
export function cacheShare(byResult: Readonly<Record<string, number>>): number | undefined {
  const total = Object.values(byResult).reduce((sum, count) => sum + count, 0)
  const kept = ['hit', 'extended', 'stale', 'follower'].reduce((sum, key) => sum + (byResult[key] ?? 0), 0)
  return total === 0 ? undefined : kept / total
}
