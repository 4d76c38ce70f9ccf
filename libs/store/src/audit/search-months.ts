import type { EventClass } from '@gatehouse/audit'
import {
  alternativesOf,
  type AuditFilter,
  classesOf,
  filterValues,
  isSelective,
  valueIndex,
} from './filter.ts'
import { type FoundEvent, foundColumns } from './found.ts'
import type { AuditTransaction } from './scope.ts'

/** A page, with its cursor read. */
export interface SearchOptions {
  readonly limit: number
  readonly cursor: readonly [at: string, id: string] | undefined
  readonly first?: 'newest' | 'oldest' | undefined
}

type Order = 'asc' | 'desc'

// Keys are found by a function that may use every index; the rows themselves are read under row-level security.
const keysOf = (find: string): string =>
  `select to_char(at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as at, id::text as id, encode(hash, 'hex') as hash from ${find}`
const keys = keysOf('audit_find($1, $2, $3, $4, $5, $6)')
const recentKeys = keysOf('audit_find_recent($1, $2, $3, $4, $5, $6)')

const rowsOfKeys = (order: Order): string => `
  select ${foundColumns}
  from jsonb_to_recordset($1::jsonb) k (at timestamptz, id uuid, hash text)
  join audit_events e on e.at = k.at and e.id = k.id and e.hash = decode(k.hash, 'hex')
  left join audit_identities i on i.ref = e.actor_ref
  where e.at between $2::timestamptz and $3::timestamptz
  order by e.at ${order}, e.id ${order}`

interface Key {
  readonly at: string
  readonly id: string
  readonly hash: string
}

/**
 * Above so many matches in a partition, reading it in order of time soon finds a page of them; below, the indexes tell them all.
 */
const dense = 2_000

/**
 * So many events are looked at in order of time before the indexes are asked: what is as frequent as a page among them is found at once,
 * without a list of all that match.
 */
const lookedAt = 3_000

const inOrder = (order: Order, a: Key, b: Key): number => {
  const before = a.at === b.at ? a.id < b.id : a.at < b.at
  return before === (order === 'asc') ? -1 : 1
}

/**
 * Keys in one partition, or (asked in order) in a month. The planner cannot know whether a page of matches is at hand or whether there is
 * none at all, and a wrong guess reads millions of events. So the indexes are asked for all matches first; if those are few, they are the
 * answer.
 */
async function findKeys(
  tx: AuditTransaction,
  values: readonly unknown[],
  { order, limit, cursor, isSelective: ask }: MonthOptions,
): Promise<readonly Key[]> {
  const [at = null, id = null] = cursor ?? []
  const find = (byMatch: boolean, atMost: number): Promise<Key[]> =>
    tx.rows<Key>(keys, [JSON.stringify(values), byMatch, order === 'desc', at, id, atMost])
  if (ask) {
    const matches = await find(true, dense + 1)
    if (matches.length <= dense) return matches.slice(0, limit)
  }
  return find(false, limit)
}

async function findKeysOfMonth(
  tx: AuditTransaction,
  values: readonly unknown[],
  options: MonthOptions,
): Promise<readonly Key[]> {
  if (!options.isSelective) return findKeys(tx, values, options)
  // The same event may match by its words and by its actor's name.
  const found = new Map<string, Key>()
  for (const one of options.classes)
    for (const alternative of alternativesOf(values.with(valueIndex.classes, [one])))
      for (const key of await findKeys(tx, alternative, options)) found.set(`${key.id} ${key.hash}`, key)
  return [...found.values()].sort((a, b) => inOrder(options.order, a, b)).slice(0, options.limit)
}

/** A whole page among the first events in order; undefined if matches are not as frequent. */
async function findFrequent(
  tx: AuditTransaction,
  values: readonly unknown[],
  { order, limit, cursor }: MonthOptions,
): Promise<readonly Key[] | undefined> {
  const [at = null, id = null] = cursor ?? []
  const asked = [JSON.stringify(values), order === 'desc', at, id, limit, lookedAt]
  const found = await tx.rows<Key>(recentKeys, asked)
  return found.length < limit ? undefined : found
}

interface MonthOptions {
  readonly order: Order
  readonly limit: number
  readonly cursor: SearchOptions['cursor']
  readonly isSelective: boolean
  /** Not where the months before had too few. */
  readonly mayBeFrequent: boolean
  readonly classes: readonly EventClass[]
}

async function searchMonth(
  tx: AuditTransaction,
  values: readonly unknown[],
  options: MonthOptions,
): Promise<FoundEvent[]> {
  const frequent =
    options.isSelective && options.mayBeFrequent ? await findFrequent(tx, values, options) : undefined
  const found = frequent ?? (await findKeysOfMonth(tx, values, options))
  if (found.length === 0) return []
  const ends = [found[0]?.at, found.at(-1)?.at]
  const bounds = options.order === 'asc' ? ends : ends.toReversed()
  return tx.rows<FoundEvent>(rowsOfKeys(options.order), [JSON.stringify(found), ...bounds])
}

interface Month {
  /** Its first moment. */
  readonly start: string
  /** Classes that have events in it. */
  readonly classes: readonly EventClass[]
}

/** Months that have events, oldest first. Nothing is ever deleted from a partition, so that one without a page is empty. */
function listMonths(tx: AuditTransaction): Promise<Month[]> {
  return tx.rows<Month>(
    `select replace(substr(relname, 14, 7), '_', '-') || '-01T00:00:00.000Z' as start, array_agg(substr(relname, 22)) as classes
     from pg_class
     where relispartition and relkind = 'r' and relname ~ '^audit_events_\\d{4}_\\d{2}_[a-z]+$' and pg_relation_size(oid) > 0
     group by 1 order by 1`,
  )
}

function monthAfter(month: string): string {
  const date = new Date(month)
  return new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 1)).toISOString()
}

const later = (a: string, b: string | undefined): string =>
  b !== undefined && Date.parse(b) > Date.parse(a) ? b : a
const earlier = (a: string, b: string | undefined): string =>
  b !== undefined && Date.parse(b) < Date.parse(a) ? b : a

/** Matching events in order of time, month by month, until there are enough. */
export async function searchMonths(
  tx: AuditTransaction,
  filter: AuditFilter,
  { limit, cursor, first }: SearchOptions,
): Promise<FoundEvent[]> {
  const order = first === 'oldest' ? 'asc' : 'desc'
  const values = await filterValues(tx, filter)
  const [at] = cursor ?? []
  const how = { order, cursor, isSelective: isSelective(filter) } as const
  const asked = classesOf(filter)
  const months = await listMonths(tx)
  const found: FoundEvent[] = []
  for (const { start: month, classes: there } of order === 'asc' ? months : months.toReversed()) {
    const from = later(month, filter.from)
    const to = earlier(monthAfter(month), filter.to)
    const isPassed =
      at !== undefined &&
      (order === 'asc' ? Date.parse(to) <= Date.parse(at) : Date.parse(month) > Date.parse(at))
    if (Date.parse(from) >= Date.parse(to) || isPassed) continue
    const inMonth = values.with(valueIndex.from, from).with(valueIndex.to, to)
    const classes = asked.filter((one) => there.includes(one))
    const mayBeFrequent = found.length === 0
    const options = { ...how, classes, mayBeFrequent, limit: limit - found.length }
    found.push(...(await searchMonth(tx, inMonth, options)))
    if (found.length >= limit) break
  }
  return found
}
