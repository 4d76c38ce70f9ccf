import type { Decision, Principal, Resource } from '@gatehouse/authz'
import type { ErrorCode } from '@gatehouse/errors'

/** Who made a request, as far as it is known. */
export type TrailActor = Omit<Principal, 'orgUid'>

/** What becomes known of a request while it is answered; the audit event is made of it. */
export interface Trail {
  readonly requestId: string
  readonly method: string
  /** As sent, without its query: evidence of what is asked for where nothing is declared. */
  readonly path: string
  /** The declared path, or `unmatched`. */
  route: string
  /** What stands in the variable segments of the declared path. */
  params?: Readonly<Record<string, string>>
  /** The action for the audit log, such as `me:read`. */
  action: string
  readonly address: string
  readonly userAgent: string | undefined
  /** ms since the epoch. */
  readonly startedAt: number
  actor: TrailActor | undefined
  orgUid: string | null
  resource: Resource | undefined
  decision: Decision | undefined
  /** More for the audit event, such as what was searched for. Name people by uid. */
  detail?: Readonly<Record<string, unknown>>
  /** What a success is answered with, for events that are written before the answer. */
  successStatus: number
  /** Set by a change that wrote its own event together with itself. */
  isRecorded?: boolean
}

/** How a request ended. */
export interface Ending {
  /** As sent. */
  readonly status: number
  /** Undefined for a success; the status may be a redirect all the same. */
  readonly errorCode: ErrorCode | undefined
  /** For the audit log only, where there is more to say than the code. */
  readonly reason?: string
}
