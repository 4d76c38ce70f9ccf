import type { EventCode } from './codes.ts'
import type { AuditEvent } from './event.ts'
import { eventTime, uuidV7 } from './time.ts'

/** What a process records about itself. */
export interface SystemEvent {
  readonly code: EventCode
  /** `resource:verb`, for example `audit:refuse`. */
  readonly action: string
  /** Name of the process, for example the gateway's writer. */
  readonly process: string
  readonly detail?: Readonly<Record<string, unknown>>
  /** The org it is about; of no org unless given. */
  readonly orgUid?: string | undefined
  readonly result?: 'allowed' | 'denied' | 'failed'
  /** Milliseconds since the epoch. */
  readonly now: number
  /** A random UUID of version 4. */
  readonly uuid: string
}

/** An event that no request caused: start and stop, configuration, the audit log's own condition. */
export function systemEvent(event: SystemEvent): AuditEvent {
  const result = event.result ?? 'allowed'
  return {
    schema: 1,
    id: uuidV7(event.now, event.uuid),
    at: eventTime(event.now),
    code: event.code,
    requestId: '',
    orgUid: event.orgUid ?? null,
    actor: {
      kind: 'system',
      uid: event.process,
      name: event.process,
      teams: [],
      credential: { kind: 'none', id: '' },
    },
    from: { address: '' },
    action: event.action,
    resource: null,
    request: { method: '', route: '' },
    enforced: [],
    constraints: [],
    metrics: [],
    decision: { allowed: result === 'allowed', because: [], policyVersion: '' },
    plan: null,
    outcome: { result, httpStatus: 0, durationMs: 0 },
    ...(event.detail === undefined ? {} : { detail: { ...event.detail } }),
  }
}
