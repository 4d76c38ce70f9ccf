import { GatehouseError } from '@gatehouse/errors'
import { z } from 'zod'

/** A whole number among query parameters, in decimal digits: JavaScript takes `0x10` and `1e1` for numbers, the API's document does not. */
export function wholeNumber(min: number, max: number) {
  const fromDigits = (text: unknown): unknown =>
    typeof text === 'string' && /^-?\d{1,15}$/.test(text) ? Number(text) : text
  return z.preprocess(fromDigits, z.number().int().min(min).max(max))
}

/** Query parameters of a list. */
export const pageQuery = {
  limit: wholeNumber(1, 1_000).default(100),
  cursor: z.string().max(500).optional(),
}

/** One page of a list, and where the next begins. */
export interface Page<T> {
  readonly items: T[]
  readonly next: string | null
}

/** A page as an answer. */
export function pageOf<T extends z.ZodType>(item: T) {
  return z.strictObject({
    items: z.array(item),
    next: z.string().nullable().describe('Cursor of the next page; null on the last'),
  })
}

function keyFrom(cursor: string): string {
  const key = Buffer.from(cursor, 'base64url').toString()
  if (key === '' || Buffer.from(key).toString('base64url') !== cursor)
    throw new GatehouseError('bad_data', 'invalid cursor')
  return key
}

interface PageAsked {
  readonly limit: number
  readonly cursor?: string | undefined
}

/** The page of a list after a cursor, ordered by `keyOf`, so that items added or gone meanwhile shift nothing. */
export function paginate<T>(all: readonly T[], keyOf: (item: T) => string, asked: PageAsked): Page<T> {
  return pageIn(all, { keyOf, comesAfter: (key, other) => key > other }, asked)
}

/** As {@link paginate}, but the greatest first: `keyOf` is a time (ISO 8601) and what tells items of one time apart. */
export function newestFirst<T>(
  all: readonly T[],
  keyOf: (item: T) => readonly string[],
  asked: PageAsked,
): Page<T> {
  return pageIn(
    all,
    { keyOf: (item) => keyOf(item).join(' '), comesAfter: (key, other) => key < other },
    asked,
  )
}

function pageIn<T>(
  all: readonly T[],
  { keyOf, comesAfter }: { keyOf: (item: T) => string; comesAfter: (key: string, other: string) => boolean },
  { limit, cursor }: PageAsked,
): Page<T> {
  const after = cursor === undefined ? undefined : keyFrom(cursor)
  const sorted = all
    .filter((item) => after === undefined || comesAfter(keyOf(item), after))
    .toSorted((a, b) => (comesAfter(keyOf(b), keyOf(a)) ? -1 : 1))
  const items = sorted.slice(0, limit)
  const last = items.at(-1)
  const isMore = sorted.length > limit && last !== undefined
  return { items, next: isMore ? Buffer.from(keyOf(last)).toString('base64url') : null }
}
