import { GatehouseError } from '@gatehouse/errors'
import { z } from 'zod'
import type { AuditFilter } from './filter.ts'
import { type FoundEvent, foundColumns } from './found.ts'
import { type AuditTransaction, orgOf } from './scope.ts'
import { searchMonths } from './search-months.ts'

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

const cursorSchema = z.tuple([z.iso.datetime(), z.uuid()])

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
  const cursor = page.cursor === undefined ? undefined : readCursor(page.cursor)
  const found = await searchMonths(tx, filter, { ...page, limit: page.limit + 1, cursor })
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
const idSpan = `interval '1 hour'`
// Other ids than ours can hold any time, also one that Postgres cannot read.
const lastMoment = Date.UTC(2999, 11, 31)

/** The event with this id; undefined if there is none in the scope. */
export async function findEvent(tx: AuditTransaction, id: string): Promise<EventInContext | undefined> {
  const made = new Date(Math.min(lastMoment, Number.parseInt(id.replaceAll('-', '').slice(0, 12), 16)))
  const [event] = await tx.rows<FoundEvent>(
    `select ${foundColumns} from audit_events e left join audit_identities i on i.ref = e.actor_ref
     where e.id = $1 and ($2::text is null or e.org_uid = $2)
       and e.at between $3::timestamptz - ${idSpan} and $3::timestamptz + ${idSpan} limit 1`,
    [id, orgOf(tx), made],
  )
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
