import { hostname } from 'node:os'
import type { RunningQueries } from '@gatehouse/cache'
import { createStopStore, type OrgTransaction, type Pool, withOrg } from '@gatehouse/store'
import type { Logger } from '@gatehouse/telemetry'
import { createStops, type Stops } from './limits/stops.ts'
import { createStatistics, type Statistics } from './statistics/collect.ts'
import { showRunning } from './statistics/show-running.ts'

/** What operators see of this process, and what they order it. */
export interface Operators {
  readonly stops: Stops
  readonly statistics: Statistics
  close(): Promise<void>
}

export interface OperatorsDeps {
  readonly pool: Pool
  readonly running: RunningQueries
  readonly slowSeconds: number
  readonly log: Logger
}

/** Opens both ways between this process and operators: over Postgres, which all gateways share. */
export function openOperators({ pool, running, slowSeconds, log }: OperatorsDeps): Operators {
  const onError = (error: unknown): void => log.warn({ detail: String(error) }, 'background fault')
  const inOrg = <T>(orgUid: string, work: (tx: OrgTransaction) => Promise<T>): Promise<T> =>
    withOrg(pool, orgUid, work)
  const stops = createStops()
  const store = createStopStore({
    pool,
    onChange: stops.set,
    onCancel: ({ uid, reason }) => running.cancel(uid, reason),
    onError,
  })
  const statistics = createStatistics({ withOrg: inOrg, slowSeconds, onError })
  const process_ = `${hostname().slice(0, 48)}-${process.pid}`
  const stopShowing = showRunning({ running, withOrg: inOrg, process: process_, onError })
  return {
    stops,
    statistics,
    async close() {
      await store.close()
      await stopShowing()
      await statistics.close()
    },
  }
}
