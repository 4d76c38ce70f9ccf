import { type EventClass, type EventCode, eventCodes } from '@gatehouse/audit'
import type { AuditEvent } from '@gatehouse/audit'
import { type AuditTransaction, orgOf } from './scope.ts'

/** Which events; every member narrows. */
export interface AuditFilter {
  /** RFC 3339; inclusive. */
  readonly from?: string | undefined
  /** RFC 3339; exclusive. */
  readonly to?: string | undefined
  /** Uid of a user or service account, in any org of the scope. */
  readonly actor?: string | undefined
  readonly action?: string | undefined
  readonly results?: readonly AuditEvent['outcome']['result'][] | undefined
  readonly classes?: readonly EventClass[] | undefined
  /** Codes, or beginnings of codes: `Q`, `Q001`, `Q001D`. */
  readonly codes?: readonly string[] | undefined
  readonly dataSource?: string | undefined
  readonly metric?: string | undefined
  readonly dashboard?: string | undefined
  /** Id of a service-account token. */
  readonly token?: string | undefined
  /** Address the request came from. */
  readonly address?: string | undefined
  readonly minDurationMs?: number | undefined
  readonly minBytes?: number | undefined
  /** Words (or beginnings of words) of the query, ids, addresses, reasons; or of the actor's name. All must be there. */
  readonly text?: string | undefined
}

/** Codes of the table that begin with any of `beginnings`. */
export function codesLike(beginnings: readonly string[]): EventCode[] {
  return eventCodes.filter((code) => beginnings.some((beginning) => code.startsWith(beginning)))
}

/** A text-search query for all words of `text`, each as a beginning; null if there is no word in it. */
export function wordsQuery(text: string): string | null {
  const words = text
    .toLowerCase()
    .split(/[^\p{L}\p{N}_]+/u)
    .filter((word) => word !== '' && word.length <= 64)
  return words.length === 0 ? null : words.map((word) => `'${word}':*`).join(' & ')
}

/** Pseudonyms of the actor with this uid. */
async function refsOfActor(tx: AuditTransaction, uid: string): Promise<string[]> {
  const rows = await tx.rows<{ ref: string }>(
    'select ref from audit_identities where uid = $1 and ($2::text is null or org_uid = $2)',
    [uid, orgOf(tx)],
  )
  return rows.map(({ ref }) => ref)
}

/** Pseudonyms of actors whose name holds this text. */
async function refsOfName(tx: AuditTransaction, text: string): Promise<string[]> {
  const rows = await tx.rows<{ ref: string }>(
    `select ref from audit_identities where strpos(lower(name), lower($1)) > 0 and ($2::text is null or org_uid = $2)
     limit 1000`,
    [text, orgOf(tx)],
  )
  return rows.map(({ ref }) => ref)
}

/**
 * The conditions of {@link filterValues} over `audit_events e`. A value that is null drops its condition when the
 * statement is planned, so each search is planned for what it really asks.
 */
export const filterConditions = `
  ($1::text is null or e.org_uid = $1)
  and ($2::timestamptz is null or e.at >= $2)
  and ($3::timestamptz is null or e.at < $3)
  and ($4::text[] is null or e.actor_ref = any($4))
  and ($5::text is null or e.action = $5)
  and ($6::text[] is null or e.result = any($6))
  and ($7::text[] is null or e.class = any($7))
  and ($8::text[] is null or e.code = any($8))
  and ($9::text is null or e.data_source = $9)
  and ($10::text is null or e.metrics @> array[$10])
  and ($11::text is null or e.dashboard = $11)
  and ($12::text is null or e.token_id = $12)
  and ($13::text is null or e.event #>> '{from,address}' = $13)
  and ($14::float8 is null or (e.event #>> '{outcome,durationMs}')::float8 >= $14)
  and ($15::bigint is null or (e.event #>> '{outcome,bytes}')::bigint >= $15)
  and ($16::tsquery is null or e.words @@ $16 or e.actor_ref = any($17::text[]))`

/** How many values {@link filterConditions} takes. */
export const filterValueCount = 17

/** The values of {@link filterConditions}. */
export async function filterValues(tx: AuditTransaction, filter: AuditFilter): Promise<unknown[]> {
  const words = filter.text === undefined ? null : wordsQuery(filter.text)
  return [
    orgOf(tx),
    filter.from ?? null,
    filter.to ?? null,
    filter.actor === undefined ? null : await refsOfActor(tx, filter.actor),
    filter.action ?? null,
    filter.results ?? null,
    filter.classes ?? null,
    filter.codes === undefined ? null : codesLike(filter.codes),
    filter.dataSource ?? null,
    filter.metric ?? null,
    filter.dashboard ?? null,
    filter.token ?? null,
    filter.address ?? null,
    filter.minDurationMs ?? null,
    filter.minBytes ?? null,
    words,
    words === null ? [] : await refsOfName(tx, filter.text ?? ''),
  ]
}
