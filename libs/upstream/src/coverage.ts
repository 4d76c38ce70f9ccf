import { coverageRequest } from '@gatehouse/query'
import { readBody } from './read-body.ts'
import type { ReplicaClient } from './replica.ts'

/** What is known of how complete the replicas of one shard are. */
export interface Coverage {
  /** Asks the replicas again, behind, if that was long enough ago. */
  refresh(replicas: ReadonlyMap<string, ReplicaClient>): void
  /** Minutes of the last half hour that another replica has and this one has not; 0 if nothing is known. */
  missing(url: string): number
}

const everyMs = 30_000
const firstAfterMs = 1_000
const patienceMs = 5_000
const maxBytes = 65_536
/** Scrapes of two replicas do not fall on the same moments, so that a minute more or less says nothing. */
const toleratedMinutes = 1

type Counts = ReadonlyMap<number, number>

function isPair(value: unknown): value is [number, string] {
  return Array.isArray(value) && typeof value[0] === 'number' && typeof value[1] === 'string'
}

/** Scrapes by minute in the answer to a `coverageRequest`. */
function countsIn(body: string): Counts {
  const { data } = JSON.parse(body) as { data?: { result?: { values?: unknown[] }[] } }
  const values = data?.result?.[0]?.values ?? []
  return new Map(values.filter(isPair).map(([time, value]) => [time, Number(value)]))
}

async function countsOf(client: ReplicaClient, now: number): Promise<Counts | undefined> {
  try {
    const exchange = await client.send(coverageRequest(now), AbortSignal.timeout(patienceMs)).head
    if (exchange.status === 200) return countsIn((await readBody(exchange, maxBytes)).toString('utf8'))
    exchange.abort(new Error('not an answer'))
  } catch {
    // Whether it answers at all is the breaker's business.
  }
  return undefined
}

/** Minutes in which a replica has less than half of what the best one has. */
function compare(all: ReadonlyMap<string, Counts>): Map<string, number> {
  const best = new Map<number, number>()
  for (const counts of all.values())
    for (const [minute, count] of counts) best.set(minute, Math.max(best.get(minute) ?? 0, count))
  return new Map(
    [...all].map(([url, counts]) => {
      const lacking = [...best].filter(([minute, most]) => (counts.get(minute) ?? 0) < most / 2).length
      return [url, lacking > toleratedMinutes ? lacking : 0]
    }),
  )
}

/** Creates what knows how complete replicas are; nothing is asked until it is used. */
export function createCoverage(): Coverage {
  let nextAt = performance.now() + firstAfterMs
  let missing = new Map<string, number>()
  const ask = async (replicas: ReadonlyMap<string, ReplicaClient>): Promise<void> => {
    const now = Math.floor(Date.now() / 60_000) * 60_000
    const answers = await Promise.all(
      [...replicas].map(async ([url, client]) => [url, await countsOf(client, now)] as const),
    )
    const known = answers.flatMap(([url, counts]) => (counts === undefined ? [] : [[url, counts] as const]))
    missing = compare(new Map(known))
  }
  return {
    refresh(replicas) {
      if (performance.now() < nextAt) return
      nextAt = performance.now() + everyMs
      void ask(replicas)
    },
    missing: (url) => missing.get(url) ?? 0,
  }
}
