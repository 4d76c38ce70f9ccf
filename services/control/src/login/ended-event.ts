import { randomUUID } from 'node:crypto'
import { type AuditEvent, systemEvent } from '@gatehouse/audit'
import type { EndedSession } from '@gatehouse/store'

/** The event, in its own org, of a session that its identity provider ended. @param because Why, for people. */
export function endedEvent({ orgUid, uid, userUid }: EndedSession, because: string): AuditEvent {
  const event = systemEvent({
    code: 'L003I',
    action: 'sessions:revoke',
    process: 'gatehouse control',
    detail: { userUid, because },
    now: Date.now(),
    uuid: randomUUID(),
  })
  return { ...event, orgUid, resource: { kind: 'sessions', uid } }
}
