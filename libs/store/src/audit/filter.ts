import { GatehouseError } from '@gatehouse/errors'
import {
  type AuditEvent,
  type EventClass,
  type EventCode,
  eventClass,
  eventClasses,
  eventCodes,
} from '@gatehouse/audit'
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
  /**
   * Words of the query, ids, addresses, reasons, from four letters on also beginnings of words; or a part of the actor's name (of
   * the latest 5,000 pseudonyms that have it). All words must be there, within the first 8,000 characters of them.
   */
  readonly text?: string | undefined
}

/** Codes of the table that begin with any of `beginnings`. */
export function codesLike(beginnings: readonly string[]): EventCode[] {
  return eventCodes.filter((code) => beginnings.some((beginning) => code.startsWith(beginning)))
}

/** Retention classes in which events can match: each is a partition of its own. */
export function classesOf({ classes = eventClasses, codes }: AuditFilter): readonly EventClass[] {
  if (codes === undefined) return classes
  const ofCodes = new Set(codesLike(codes).map(eventClass))
  return classes.filter((one) => ofCodes.has(one))
}

// Shorter beginnings match so many words that looking them up takes longer than reading the events.
const shortestPrefix = 4

function wordsOf(text: string): string[] {
  return text
    .toLowerCase()
    .split(/[^\p{L}\p{N}_]+/u)
    .filter((word) => word !== '' && word.length <= 64)
}

/**
 * A text-search query for all words of `text`; null if there is no word in it. Words of four letters and more are beginnings of
 * words, shorter ones whole words.
 */
export function wordsQuery(text: string): string | null {
  const words = wordsOf(text)
  if (words.length === 0) return null
  return words.map((word) => (word.length < shortestPrefix ? `'${word}'` : `'${word}':*`)).join(' & ')
}

/** Pseudonyms of the actor with this uid. */
async function refsOfActor(tx: AuditTransaction, uid: string): Promise<string[]> {
  const rows = await tx.rows<{ ref: string }>(
    'select ref from audit_identities where uid = $1 and ($2::text is null or org_uid = $2)',
    [uid, orgOf(tx)],
  )
  return rows.map(({ ref }) => ref)
}

/** The latest pseudonyms of actors whose name holds this text. */
async function refsOfName(tx: AuditTransaction, text: string): Promise<string[]> {
  const rows = await tx.rows<{ ref: string }>(
    `select ref from audit_identities where strpos(lower(name), lower($1)) > 0 and ($2::text is null or org_uid = $2)
     order by first_at desc limit 5000`,
    [text, orgOf(tx)],
  )
  return rows.map(({ ref }) => ref)
}

/** Whether an index can tell which events match, so that asking it first pays. */
export function isSelective(filter: AuditFilter): boolean {
  const { actor, action, codes, dataSource, metric, dashboard, token, address, text, results } = filter
  const named = [actor, action, codes, dataSource, metric, dashboard, token, address, text]
  return named.some((value) => value !== undefined) || (results !== undefined && !results.includes('allowed'))
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
  and ($6::text[] is null or 'allowed' = any($6) or e.result <> 'allowed')
  and ($7::text[] is null or e.class = any($7))
  and ($8::text[] is null or e.code = any($8))
  and ($9::text is null or e.data_source = $9)
  and ($10::text is null or e.metrics @> array[$10])
  and ($11::text is null or e.dashboard = $11)
  and ($12::text is null or e.token_id = $12)
  and ($13::text is null or audit_key(e.event #>> '{from,address}') = $13)
  and ($14::float8 is null or (e.event #>> '{outcome,durationMs}')::float8 >= $14)
  and ($15::bigint is null or (e.event #>> '{outcome,bytes}')::bigint >= $15)
  and ($16::tsquery is null or e.words @@ $16 or e.actor_ref = any($17::text[]))`

/** Where {@link filterValues} has the bounds of time, the actors, the classes, and the words or actors that a text stands for. */
export const valueIndex = { from: 1, to: 2, actors: 3, classes: 6, words: 15, named: 16 } as const

const listIn = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [])

/**
 * The values of {@link filterConditions} as alternatives without an "or" between words and names: each is found by one index, both
 * together by none. What matches any of them matches the filter.
 */
export function alternativesOf(values: readonly unknown[]): readonly (readonly unknown[])[] {
  const named = listIn(values[valueIndex.named])
  if (named.length === 0) return [values]
  const actors = values[valueIndex.actors]
  const both = actors === null ? named : named.filter((ref) => listIn(actors).includes(ref))
  const byName = values.with(valueIndex.words, null).with(valueIndex.actors, both)
  return [values, byName].map((one) => one.with(valueIndex.named, []))
}

/** How many values {@link filterConditions} takes. */
export const filterValueCount = 17

/** The values of {@link filterConditions}. @throws GatehouseError `bad_data` for a text without a word: it would match everything. */
export async function filterValues(tx: AuditTransaction, filter: AuditFilter): Promise<unknown[]> {
  const words = filter.text === undefined ? null : wordsQuery(filter.text)
  if (filter.text !== undefined && filter.text.trim() !== '' && words === null)
    throw new GatehouseError('bad_data', 'text: there is no word in it to search for')
  return [
    orgOf(tx),
    filter.from ?? null,
    filter.to ?? null,
    filter.actor === undefined ? null : await refsOfActor(tx, filter.actor),
    filter.action ?? null,
    filter.results ?? null,
    classesOf(filter),
    filter.codes === undefined ? null : codesLike(filter.codes),
    filter.dataSource ?? null,
    filter.metric ?? null,
    filter.dashboard ?? null,
    filter.token ?? null,
    // As the index keeps it.
    filter.address?.slice(0, 200) ?? null,
    filter.minDurationMs ?? null,
    filter.minBytes ?? null,
    words,
    words === null ? [] : await refsOfName(tx, filter.text ?? ''),
  ]
}
