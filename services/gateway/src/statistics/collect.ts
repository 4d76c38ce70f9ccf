import { randomUUID } from 'node:crypto'
import {
  addSlowQueries,
  addStatistics,
  type OrgTransaction,
  type QueryCost,
  type QueryKind,
  type SlowQuery,
} from '@gatehouse/store'
import type { QueryFact } from './fact.ts'

/** Collects what queries cost and writes it every few seconds. */
export interface Statistics {
  note(fact: QueryFact): void
  /** Writes what is left. */
  close(): Promise<void>
}

export interface StatisticsDeps {
  readonly withOrg: <T>(orgUid: string, work: (tx: OrgTransaction) => Promise<T>) => Promise<T>
  /** Queries that took longer are listed; seconds. */
  readonly slowSeconds: number
  readonly onError: (error: unknown) => void
}

const flushMs = 5_000
const hourMs = 3_600_000
/** Kinds of queries of an org between two flushes; beyond, queries are counted without dashboard and shape. */
const maxKinds = 500
const maxSlow = 20

interface Mutable {
  queries: number
  failed: number
  fromCache: number
  samples: number
  seconds: number
  bytes: number
}

interface OfOrg {
  readonly costs: Map<string, QueryKind & Mutable>
  slow: SlowQuery[]
}

const fromCache: ReadonlySet<string> = new Set(['hit', 'stale', 'follower'])

function kindOf({ principalUid, dashboardUid, dataSourceUid, fingerprint }: QueryFact): QueryKind {
  return { principalUid, dashboardUid, dataSourceUid, fingerprint }
}

function add(cost: Mutable, fact: QueryFact): void {
  cost.queries += 1
  cost.failed += fact.hasFailed ? 1 : 0
  cost.fromCache += fromCache.has(fact.cache) ? 1 : 0
  cost.samples += fact.samples
  cost.seconds += fact.seconds
  cost.bytes += fact.bytes
}

/** Creates the collector of one process. What cannot be written is lost: it is no evidence. */
export function createStatistics({ withOrg, slowSeconds, onError }: StatisticsDeps): Statistics {
  let orgs = new Map<string, OfOrg>()

  const costOf = ({ costs }: OfOrg, fact: QueryFact): Mutable => {
    const whole = kindOf(fact)
    const isRoom = costs.size < maxKinds || costs.has(JSON.stringify(whole))
    const kind = isRoom ? whole : { ...whole, dashboardUid: '', fingerprint: '' }
    const key = JSON.stringify(kind)
    let cost = costs.get(key)
    if (cost === undefined) {
      cost = { ...kind, queries: 0, failed: 0, fromCache: 0, samples: 0, seconds: 0, bytes: 0 }
      costs.set(key, cost)
    }
    return cost
  }

  const noteSlow = (org: OfOrg, fact: QueryFact): void => {
    const { requestId, startedAt: at, endpoint, query, seconds, samples, bytes, cache } = fact
    org.slow.push({
      ...kindOf(fact),
      uid: randomUUID(),
      at,
      requestId,
      endpoint,
      query,
      seconds,
      samples,
      bytes,
      cache,
    })
    if (org.slow.length > 2 * maxSlow)
      org.slow = org.slow.toSorted((a, b) => b.seconds - a.seconds).slice(0, maxSlow)
  }

  const write = async (orgUid: string, { costs, slow }: OfOrg): Promise<void> => {
    const hour = Math.floor(Date.now() / hourMs) * hourMs
    const all: readonly (QueryKind & QueryCost)[] = [...costs.values()]
    const slowest = slow.toSorted((a, b) => b.seconds - a.seconds).slice(0, maxSlow)
    await withOrg(orgUid, async (tx) => {
      await addStatistics(tx, hour, all)
      await addSlowQueries(tx, slowest)
    })
  }

  const flush = async (): Promise<void> => {
    const collected = orgs
    orgs = new Map()
    for (const [orgUid, org] of collected) await write(orgUid, org).catch(onError)
  }

  const timer = setInterval(() => void flush(), flushMs).unref()
  return {
    note(fact) {
      const org = orgs.get(fact.orgUid) ?? { costs: new Map(), slow: [] }
      orgs.set(fact.orgUid, org)
      add(costOf(org, fact), fact)
      if (fact.fingerprint !== '' && fact.seconds > slowSeconds) noteSlow(org, fact)
    },
    async close() {
      clearInterval(timer)
      await flush()
    },
  }
}
