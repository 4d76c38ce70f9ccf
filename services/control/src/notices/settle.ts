import { randomUUID } from 'node:crypto'
import { systemEvent } from '@gatehouse/audit'
import { type DueNotice, type OrgTransaction, type RecordChange, settleNotice } from '@gatehouse/store'

/** What settling a notice needs. */
export interface SettleDeps {
  readonly withOrg: <T>(orgUid: string, work: (tx: OrgTransaction) => Promise<T>) => Promise<T>
  readonly record: RecordChange
}

/** Whether the org's audit log tells how a notice fared: whoever opens break-glass access counts on nobody noticing. */
function isEvident({ message }: DueNotice): boolean {
  return typeof message['kind'] === 'string' && message['kind'].startsWith('break-glass-')
}

/** Creates what notes how an attempt to deliver a notice ended, with an audit event for those about break-glass access. */
export function createNoticeSettler({ withOrg, record }: SettleDeps) {
  return (notice: DueNotice, failure: string | undefined): Promise<void> =>
    withOrg(notice.orgUid, async (tx) => {
      const { orgUid, uid, channel, attempts } = notice
      if (!(await settleNotice(tx, uid, failure)) || !isEvident(notice)) return
      const event = systemEvent({
        code: failure === undefined ? 'X005I' : 'X005E',
        action: 'notices:deliver',
        process: 'gatehouse control',
        orgUid,
        result: failure === undefined ? 'allowed' : 'failed',
        detail: { kind: notice.message['kind'], channel, attempts },
        now: Date.now(),
        uuid: randomUUID(),
      })
      await record(tx, { ...event, resource: { kind: 'notices', uid } })
    })
}
