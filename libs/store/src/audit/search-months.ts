import type { EventClass } from '@gatehouse/audit'
import { type AuditFilter, classesOf, filterValues, isSelective, valueIndex } from './filter.ts'
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
const keys = `select to_char(at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as at, id::text as id, encode(hash, 'hex') as hash from audit_find($1, $2, $3, $4, $5, $6)`

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
  const found: Key[] = []
  for (const one of options.classes)
    found.push(...(await findKeys(tx, values.with(valueIndex.classes, [one]), options)))
  return found.sort((a, b) => inOrder(options.order, a, b)).slice(0, options.limit)
}

interface MonthOptions {
  readonly order: Order
  readonly limit: number
  readonly cursor: SearchOptions['cursor']
  readonly isSelective: boolean
  readonly classes: readonly EventClass[]
}

async function searchMonth(
  tx: AuditTransaction,
  values: readonly unknown[],
  options: MonthOptions,
): Promise<FoundEvent[]> {
  const found = await findKeysOfMonth(tx, values, options)
  if (found.length === 0) return []
  const ends = [found[0]?.at, found.at(-1)?.at]
  const bounds = options.order === 'asc' ? ends : ends.toReversed()
  return tx.rows<FoundEvent>(rowsOfKeys(options.order), [JSON.stringify(found), ...bounds])
}

/** Months that have partitions, oldest first, as the first moments of them. */
async function listMonths(tx: AuditTransaction): Promise<string[]> {
  const rows = await tx.rows<{ month: string }>(
    `select distinct replace(substr(relname, 14, 7), '_', '-') as month from pg_class
     where relispartition and relname ~ '^audit_events_\\d{4}_\\d{2}$' order by month`,
  )
  return rows.map(({ month }) => `${month}-01T00:00:00.000Z`)
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
  const how = { order, cursor, isSelective: isSelective(filter), classes: classesOf(filter) } as const
  const months = await listMonths(tx)
  const found: FoundEvent[] = []
  for (const month of order === 'asc' ? months : months.toReversed()) {
    const from = later(month, filter.from)
    const to = earlier(monthAfter(month), filter.to)
    const isPassed =
      at !== undefined &&
      (order === 'asc' ? Date.parse(to) <= Date.parse(at) : Date.parse(month) > Date.parse(at))
    if (Date.parse(from) >= Date.parse(to) || isPassed) continue
    const inMonth = values.with(valueIndex.from, from).with(valueIndex.to, to)
    const options = { ...how, limit: limit - found.length }
    found.push(...(await searchMonth(tx, inMonth, options)))
    if (found.length >= limit) break
  }
  return found
}
