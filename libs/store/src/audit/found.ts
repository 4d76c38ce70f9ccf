import type { AuditRecord, StoredEvent } from '@gatehouse/audit'

/** Who an event's actor is, as far as that has not been erased. */
export interface ActorIdentity {
  readonly uid: string
  readonly name: string
  readonly issuer: string | null
  readonly subject: string | null
}

/** A found event: the record as it was hashed, and its actor's identity. */
export interface FoundEvent extends AuditRecord {
  readonly event: StoredEvent
  /** Null when there is no actor, or the identity was erased. */
  readonly identity: ActorIdentity | null
}

/** Columns of a {@link FoundEvent} from `audit_events e` and `audit_identities i`. */
export const foundColumns = `
  e.writer, e.org_uid as org, e.seq::float8 as seq, encode(e.prev, 'hex') as prev, encode(e.hash, 'hex') as hash, e.event,
  case when i.erased_at is null and i.ref is not null then
    jsonb_build_object('uid', i.uid, 'name', i.name, 'issuer', i.issuer, 'subject', i.subject) end as identity`
