import { type AuditEvent, type EventCode } from '@gatehouse/audit'
import type { Trail } from '@gatehouse/http'
import type { OrgTransaction, RecordChange } from '@gatehouse/store'
import { auditEventOf } from './audit-event.ts'

/** What a change did, for its audit event. Name people by uid in `detail`. */
export interface ChangeNote {
  readonly code: EventCode
  /** `kind` as in API paths: `dashboards`, `folders`. */
  readonly resource: NonNullable<AuditEvent['resource']>
  readonly detail?: NonNullable<AuditEvent['detail']>
}

/** Reads and changes of one org's rows on behalf of requests. */
export interface Changes {
  /** Runs `work` in a transaction that entered the org. */
  read<T>(orgUid: string, work: (tx: OrgTransaction) => Promise<T>): Promise<T>
  /**
   * Runs a change in the org of the request and writes its audit event in the same transaction: both are there, or neither. The
   * request then writes no event of its own.
   */
  change<T>(trail: Trail, work: (tx: OrgTransaction) => Promise<Changed<T>>): Promise<T>
  /** As {@link Changes.change}, in an org the caller's platform manages; the event is in that org's audit log. */
  changeIn<T>(orgUid: string, trail: Trail, work: (tx: OrgTransaction) => Promise<Changed<T>>): Promise<T>
}

/** What a change gives the caller and notes for the audit log. */
export interface Changed<T> {
  readonly result: T
  readonly note: ChangeNote
}

/** What changes are made with. */
export interface ChangesDeps {
  readonly withOrg: Changes['read']
  readonly record: RecordChange
}

/** Creates the changes of one process. */
export function createChanges({ withOrg, record }: ChangesDeps): Changes {
  const changeIn: Changes['changeIn'] = async (orgUid, trail, work) => {
    const result = await withOrg(orgUid, async (tx) => {
      // Rows that keep whose hand made them take it from here.
      await tx.rows(`select set_config('app.actor', $1, true)`, [trail.actor?.uid ?? ''])
      const changed = await work(tx)
      const event = auditEventOf(trail, { status: trail.successStatus, errorCode: undefined }, Date.now())
      const { code, resource, detail } = changed.note
      // In the log of an org, uids are its own people's: a hand from outside is named with the org it belongs to.
      const from = trail.orgUid ?? orgUid
      const noted = from === orgUid ? detail : { ...detail, actorOrg: from }
      await record(tx, {
        ...event,
        orgUid,
        code,
        resource,
        ...(noted === undefined ? {} : { detail: noted }),
      })
      return changed.result
    })
    trail.isRecorded = true
    return result
  }
  return {
    read: withOrg,
    change: (trail, work) => changeIn(trail.orgUid ?? '', trail, work),
    changeIn,
  }
}
