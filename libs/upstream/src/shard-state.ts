import type { Shard } from '@gatehouse/query'
import { type Allowance, createAllowance } from './allowance.ts'
import { type Coverage, createCoverage } from './coverage.ts'
import { createPercentile, type Percentile } from './latency.ts'

/** What is known of a shard, whichever data sources name it. */
export interface ShardState {
  readonly coverage: Coverage
  /** Time to the head of its answers, ms. */
  readonly heads: Percentile
  readonly retries: Allowance
  readonly hedges: Allowance
}

const hedgedShare = 0.95
const most = 1_000

function createState(): ShardState {
  return {
    coverage: createCoverage(),
    heads: createPercentile(hedgedShare),
    retries: createAllowance(),
    hedges: createAllowance(),
  }
}

/** Creates the memory of shards, by the URLs of their replicas. */
export function createShardStates() {
  const byShard = new WeakMap<Shard, ShardState>()
  const byUrls = new Map<string, ShardState>()
  return {
    of(shard: Shard): ShardState {
      const known = byShard.get(shard)
      if (known !== undefined) return known
      const key = shard.replicas.map(({ url }) => url).join(' ')
      const state = byUrls.get(key) ?? createState()
      if (byUrls.size >= most) byUrls.clear()
      byUrls.set(key, state)
      byShard.set(shard, state)
      return state
    },
  }
}
