import { randomUUID } from 'node:crypto'
import { systemEvent } from '@gatehouse/audit'
import {
  type EndedGrant,
  noteEndedGrants,
  noteUsedBreakGlass,
  type OrgTransaction,
  type RecordChange,
  type UsedBreakGlass,
} from '@gatehouse/store'

/** What the watch needs of the store. */
export interface EndingsStore {
  /** Orgs with something to note. */
  readonly orgs: () => Promise<readonly string[]>
  readonly withOrg: <T>(orgUid: string, work: (tx: OrgTransaction) => Promise<T>) => Promise<T>
  readonly record: RecordChange
}

/** Notes what ends or is used without anybody doing anything. */
export interface EndingsWatch {
  /** Finishes what is under way. */
  close(): Promise<void>
}

const everyMs = 5_000
const by = 'gatehouse control'

function base(orgUid: string) {
  return { process: by, orgUid, now: Date.now(), uuid: randomUUID() }
}

function endedEvent(orgUid: string, grant: EndedGrant): Parameters<RecordChange>[1] {
  const { uid, subject, role, origin, expiresAt, breakGlassUid } = grant
  const detail = { grantUid: uid, subject, role, origin, expiresAt: new Date(expiresAt).toISOString() }
  if (breakGlassUid !== undefined) {
    const event = systemEvent({ ...base(orgUid), code: 'X002W', action: 'break-glass:expire', detail })
    return { ...event, resource: { kind: 'break-glass', uid: breakGlassUid } }
  }
  const event = systemEvent({ ...base(orgUid), code: 'A021W', action: 'grants:expire', detail })
  return { ...event, resource: { kind: 'grants', uid } }
}

function usedEvent(orgUid: string, { access, requests, total }: UsedBreakGlass): Parameters<RecordChange>[1] {
  const { openedBy, where, grantUid } = access
  const detail = { openedBy, where, grantUid, requests, total }
  const event = systemEvent({ ...base(orgUid), code: 'X003W', action: 'break-glass:use', detail })
  return { ...event, resource: { kind: 'break-glass', uid: access.uid } }
}

/** Starts the watch of one process; several share the work, and each ending becomes one audit event. */
export function watchEndings(
  { orgs, withOrg, record }: EndingsStore,
  onError: (error: unknown) => void,
): EndingsWatch {
  let running: Promise<void> = Promise.resolve()
  let isClosed = false

  const noteOrg = (orgUid: string): Promise<void> =>
    withOrg(orgUid, async (tx) => {
      for (const used of await noteUsedBreakGlass(tx)) await record(tx, usedEvent(orgUid, used))
      for (const grant of await noteEndedGrants(tx)) await record(tx, endedEvent(orgUid, grant))
    })
  const look = async (): Promise<void> => {
    for (const orgUid of await orgs()) {
      if (isClosed) return
      await noteOrg(orgUid)
    }
  }
  const timer = setInterval(() => {
    running = running.then(() => (isClosed ? undefined : look().catch(onError)))
  }, everyMs)
  return {
    async close() {
      isClosed = true
      clearInterval(timer)
      await running
    },
  }
}
