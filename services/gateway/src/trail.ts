import type { IncomingMessage } from 'node:http'
import type { AuditEvent } from '@gatehouse/audit'
import { requestIdFrom } from '@gatehouse/telemetry'
import { type Answered, auditEventOf, type Ending, type Notes } from './audit-event.ts'
import type { Route } from './endpoints.ts'

/** The evidence of one request, gathered on its way; becomes the audit event of its answer. */
export interface Trail {
  readonly requestId: string
  /** Where the request comes from. */
  readonly address: string | undefined
  /** ms since the epoch. */
  readonly startedAt: number
  readonly endpoint: Route['endpoint'] | undefined
  /** What is known of it so far. */
  readonly notes: Partial<Notes>
  /** Whether it is known who sent the request. */
  readonly isAttributed: boolean
  /** Notes a fact and hands it on. */
  note<K extends keyof Notes>(key: K, value: Notes[K]): Notes[K]
  /** Notes which replica answered for a shard. */
  answered(shard: string, replica: string): void
  elapsedMs(): number
  toEvent(ending: Omit<Ending, 'requestId' | 'address' | 'startedAt' | 'elapsedMs'>): AuditEvent
}

/** Starts the trail of a request. */
export function createTrail(message: IncomingMessage, address: string | undefined): Trail {
  const startedAt = Date.now()
  const started = performance.now()
  const requestId = requestIdFrom(message.headers['x-request-id'])
  const notes: Partial<Notes> = {}
  const answered: Answered[] = []
  const elapsedMs = (): number => performance.now() - started
  return {
    requestId,
    address,
    startedAt,
    notes,
    get endpoint() {
      return notes.route?.endpoint
    },
    get isAttributed() {
      return notes.principal !== undefined
    },
    note(key, value) {
      notes[key] = value
      return value
    },
    answered: (shard, replica) => answered.push({ shard, replica }),
    elapsedMs,
    toEvent: (ending) =>
      auditEventOf(
        message,
        { notes, answered },
        { ...ending, requestId, address, startedAt, elapsedMs: elapsedMs() },
      ),
  }
}
