import type { AuditRecord } from './chain.ts'
import { eventTitle } from './codes.ts'
import type { StoredEvent } from './stored.ts'

/** A cell as RFC 4180 wants it, and harmless to a spreadsheet: text that it would run as a formula gets an apostrophe. */
export function csvCell(value: string | number | null | undefined): string {
  if (value === null || value === undefined) return ''
  if (typeof value === 'number') return String(value)
  const safe = /^[\s]*[=+\-@|%\t\r]/.test(value) ? `'${value}` : value
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}

type Row = AuditRecord & {
  readonly event: StoredEvent
  readonly identity: { readonly uid: string; readonly name: string } | null
}

const columns: readonly (readonly [string, (row: Row) => string | number | null | undefined])[] = [
  ['time', ({ event }) => event.at],
  ['id', ({ event }) => event.id],
  ['code', ({ event }) => event.code],
  ['meaning', ({ event }) => eventTitle(event.code)],
  ['org', ({ org }) => org],
  ['actor', ({ event, identity }) => identity?.uid ?? event.actor?.ref],
  ['actor_name', ({ identity }) => identity?.name],
  ['actor_kind', ({ event }) => event.actor?.kind],
  ['credential', ({ event }) => event.actor?.credential.id],
  ['address', ({ event }) => event.from.address],
  ['action', ({ event }) => event.action],
  ['resource', ({ event }) => event.resource && `${event.resource.kind}/${event.resource.uid}`],
  ['query', ({ event }) => event.request.query ?? event.request.matches?.join('\n')],
  ['enforced', ({ event }) => event.enforced.join('\n')],
  ['metrics', ({ event }) => event.metrics.join(' ')],
  ['result', ({ event }) => event.outcome.result],
  ['http_status', ({ event }) => event.outcome.httpStatus],
  ['error', ({ event }) => event.outcome.errorCode],
  ['reason', ({ event }) => event.decision.reason],
  ['grants', ({ event }) => event.decision.because.map(({ grantUid }) => grantUid).join(' ')],
  ['policy_version', ({ event }) => event.decision.policyVersion],
  ['data_source', ({ event }) => event.plan?.dataSource],
  ['cache', ({ event }) => event.plan?.cache],
  ['duration_ms', ({ event }) => event.outcome.durationMs],
  ['bytes', ({ event }) => event.outcome.bytes],
  ['request_id', ({ event }) => event.requestId],
  ['trace_id', ({ event }) => event.traceId],
  ['writer', ({ writer }) => writer],
  ['seq', ({ seq }) => seq],
  ['hash', ({ hash }) => hash],
]

/** First line of a CSV view. */
export const csvHeader = `${columns.map(([name]) => name).join(',')}\r\n`

/** One event of a CSV view: to look at, not evidence (the NDJSON is). */
export function csvRow(row: Row): string {
  return `${columns.map(([, value]) => csvCell(value(row))).join(',')}\r\n`
}
