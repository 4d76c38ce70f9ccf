import type { RunningQueries } from '@gatehouse/cache'
import { type OrgTransaction, writeRunning } from '@gatehouse/store'

export interface ShowRunningDeps {
  readonly running: RunningQueries
  readonly withOrg: <T>(orgUid: string, work: (tx: OrgTransaction) => Promise<T>) => Promise<T>
  /** Name of this process, its own among all gateways. */
  readonly process: string
  readonly onError: (error: unknown) => void
}

const everyMs = 1_000
/** Shorter queries end before anybody could look at them. */
const longMs = 1_000

/** Shows operators what runs for long, as long as it does. @returns the function that stops it. */
export function showRunning({ running, withOrg, process, onError }: ShowRunningDeps): () => Promise<void> {
  let shown = new Set<string>()
  let isStopped = false
  let timer: NodeJS.Timeout | undefined

  const write = async (): Promise<void> => {
    const since = Date.now() - longMs
    const long = isStopped ? [] : running.list().filter(({ startedAt }) => startedAt < since)
    const orgs = new Set(long.map(({ orgUid }) => orgUid))
    for (const orgUid of new Set([...orgs, ...shown])) {
      const rows = long
        .filter((query) => query.orgUid === orgUid)
        .map(({ id, uid, ...query }) => ({ ...query, uid, requestId: id }))
      await withOrg(orgUid, (tx) => writeRunning(tx, process, rows)).catch(onError)
    }
    shown = orgs
  }
  const again = async (): Promise<void> => {
    await write()
    if (!isStopped) timer = setTimeout(() => void again(), everyMs).unref()
  }
  timer = setTimeout(() => void again(), everyMs).unref()
  return async () => {
    isStopped = true
    clearTimeout(timer)
    await write()
  }
}
