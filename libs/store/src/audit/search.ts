import type { AuditRecord, StoredEvent } from '@gatehouse/audit'
import { GatehouseError } from '@gatehouse/errors'
import { z } from 'zod'
import { type AuditFilter, filterConditions, filterValueCount, filterValues } from './filter.ts'
import { type AuditTransaction, orgOf } from './scope.ts'

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

/** One page of a search. */
export interface AuditPage {
  readonly events: readonly FoundEvent[]
  /** Where the next page begins; undefined on the last. */
  readonly next: string | undefined
}

/** Which page, in which order. */
export interface PageOptions {
  /** 1 to 1,000. */
  readonly limit: number
  readonly cursor?: string | undefined
  /** `newest` (default) or `oldest` first. */
  readonly first?: 'newest' | 'oldest' | undefined
}

const cursorSchema = z.tuple([z.string(), z.uuid()])

function readCursor(cursor: string): readonly [at: string, id: string] {
  try {
    return cursorSchema.parse(JSON.parse(Buffer.from(cursor, 'base64url').toString()))
  } catch (error) {
    throw new GatehouseError('bad_data', 'invalid cursor', { cause: error })
  }
}

function cursorAfter({ event }: FoundEvent): string {
  return Buffer.from(JSON.stringify([event.at, event.id])).toString('base64url')
}

/** Columns of a {@link FoundEvent} from `audit_events e` and `audit_identities i`. */
export const foundColumns = `
  e.writer, e.org_uid as org, e.seq::float8 as seq, encode(e.prev, 'hex') as prev, encode(e.hash, 'hex') as hash, e.event,
  case when i.erased_at is null and i.ref is not null then
    jsonb_build_object('uid', i.uid, 'name', i.name, 'issuer', i.issuer, 'subject', i.subject) end as identity`

const statement = (comparison: '<' | '>', order: 'asc' | 'desc'): string => `
  select ${foundColumns}
  from (
    select * from audit_events e where ${filterConditions}
      and ($${filterValueCount + 1}::timestamptz is null or (e.at, e.id) ${comparison} ($${filterValueCount + 1}, $${filterValueCount + 2}::uuid))
    order by e.at ${order}, e.id ${order}
    limit $${filterValueCount + 3}) e
  left join audit_identities i on i.ref = e.actor_ref
  order by e.at ${order}, e.id ${order}`
const newestFirst = statement('<', 'desc')
const oldestFirst = statement('>', 'asc')

/**
 * Events of the scope that match, by time. Pages stay in step while events are added: one that arrives late has its
 * place by its own time.
 * @throws GatehouseError `bad_data` for a cursor that is none
 */
export async function searchEvents(
  tx: AuditTransaction,
  filter: AuditFilter,
  page: PageOptions,
): Promise<AuditPage> {
  const [at, id] = page.cursor === undefined ? [null, null] : readCursor(page.cursor)
  const values = [...(await filterValues(tx, filter)), at, id, page.limit + 1]
  const found = await tx.rows<FoundEvent>(page.first === 'oldest' ? oldestFirst : newestFirst, values)
  const events = found.slice(0, page.limit)
  const last = events.at(-1)
  return { events, next: found.length > page.limit && last !== undefined ? cursorAfter(last) : undefined }
}

/** An event and the ones before and after it in its chain. */
export interface EventInContext {
  readonly event: FoundEvent
  readonly before: FoundEvent | undefined
  readonly after: FoundEvent | undefined
}

// An id's own clock narrows the search to one partition; an event's time is that of its request.
const idSpan = `interval '10 minutes'`

/** The event with this id; undefined if there is none in the scope. */
export async function findEvent(tx: AuditTransaction, id: string): Promise<EventInContext | undefined> {
  const made = new Date(Number.parseInt(id.replaceAll('-', '').slice(0, 12), 16))
  const find = (condition: string): string => `
    select ${foundColumns} from audit_events e left join audit_identities i on i.ref = e.actor_ref
    where e.id = $1 and ($2::text is null or e.org_uid = $2) and ${condition} limit 1`
  const near = await tx.rows<FoundEvent>(
    find(`e.at between $3::timestamptz - ${idSpan} and $3::timestamptz + ${idSpan}`),
    [id, orgOf(tx), made],
  )
  const [event] = near.length > 0 ? near : await tx.rows<FoundEvent>(find('true'), [id, orgOf(tx)])
  if (event === undefined) return undefined
  const [before, after] = await Promise.all([
    eventAt(tx, event, event.seq - 1),
    eventAt(tx, event, event.seq + 1),
  ])
  return { event, before, after }
}

async function eventAt(
  tx: AuditTransaction,
  { writer, org }: FoundEvent,
  seq: number,
): Promise<FoundEvent | undefined> {
  const rows = await tx.rows<FoundEvent>(
    `select ${foundColumns} from audit_events e left join audit_identities i on i.ref = e.actor_ref
     where e.writer = $1 and e.org_uid is not distinct from $2 and e.seq = $3 limit 1`,
    [writer, org, seq],
  )
  return rows[0]
}

/** The record without what a query can reveal, for those who run the system but may not read an org's questions. */
export function withoutQueries(found: FoundEvent): FoundEvent {
  const { hints: _hints, detail: _detail, ...event } = found.event
  const { query: _query, matches: _matches, ...request } = event.request
  return { ...found, event: { ...event, request, enforced: [], constraints: [], metrics: [] } }
}
