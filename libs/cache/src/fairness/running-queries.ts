import { GatehouseError } from '@gatehouse/errors'
import type { FairnessMetrics } from './metrics.ts'

/** A query that runs, as operators see it. */
export interface RunningQuery {
  /** Of this run alone. */
  readonly uid: string
  /** Request id; clients choose it. */
  readonly id: string
  readonly orgUid: string
  readonly principalUid: string
  readonly dataSourceUid: string
  readonly endpoint: string
  /** As the caller wrote it; of a look-up its `match[]`. */
  readonly query: string
  readonly fingerprint: string
  /** ms since the epoch. */
  readonly startedAt: number
}

/** The queries that run in this process. */
export interface RunningQueries {
  /** Enters a query; `abort` is called with the reason if an operator cancels it. @returns the function that takes it out. */
  start(query: RunningQuery, abort: (reason: GatehouseError) => void): () => void
  /** Longest-running first; of one org, or of all. */
  list(orgUid?: string): readonly RunningQuery[]
  /** @returns whether it was still running here. */
  cancel(uid: string, reason: string): boolean
  /** Cancels every running query that matches. @returns how many. */
  cancelWhere(matches: (query: RunningQuery) => boolean, reason: string): number
}

/** Creates the register. */
export function createRunningQueries(metrics: FairnessMetrics): RunningQueries {
  const running = new Map<
    symbol,
    { readonly query: RunningQuery; readonly abort: (reason: GatehouseError) => void }
  >()

  const cancelWhere: RunningQueries['cancelWhere'] = (matches, reason) => {
    const found = [...running.values()].filter(({ query }) => matches(query))
    for (const { abort } of found) abort(new GatehouseError('canceled', `stopped by an operator: ${reason}`))
    return found.length
  }

  return {
    start(query, abort) {
      // Request ids come from clients and need not be unique.
      const entry = Symbol(query.id)
      running.set(entry, { query, abort })
      metrics.queries.set(running.size)
      return () => {
        running.delete(entry)
        metrics.queries.set(running.size)
      }
    },
    list(orgUid) {
      return [...running.values()]
        .map(({ query }) => query)
        .filter((query) => orgUid === undefined || query.orgUid === orgUid)
        .sort((a, b) => a.startedAt - b.startedAt)
    },
    cancel: (uid, reason) => cancelWhere((query) => query.uid === uid, reason) > 0,
    cancelWhere,
  }
}
