import * as z from 'zod/mini'

/** A query that was run. */
export interface PastQuery {
  readonly source: string
  readonly expr: string
  /** ms since the epoch. */
  readonly at: number
}

const kept = z.array(z.object({ source: z.string(), expr: z.string(), at: z.number() }))
const most = 50

function keyOf(user: string, org: string): string {
  return `gatehouse.history.${org}.${user}`
}

/** The queries this person ran in this browser, newest first. They never leave it. */
export function readHistory(user: string, org: string): readonly PastQuery[] {
  try {
    const parsed = kept.safeParse(JSON.parse(localStorage.getItem(keyOf(user, org)) ?? '[]'))
    return parsed.success ? parsed.data : []
  } catch {
    return []
  }
}

/** Adds a query at the front; one that was there moves up. */
export function addToHistory(history: readonly PastQuery[], query: PastQuery): readonly PastQuery[] {
  const others = history.filter(({ source, expr }) => source !== query.source || expr !== query.expr)
  return [query, ...others].slice(0, most)
}

export function saveHistory(user: string, org: string, history: readonly PastQuery[]): void {
  try {
    if (history.length === 0) localStorage.removeItem(keyOf(user, org))
    else localStorage.setItem(keyOf(user, org), JSON.stringify(history))
  } catch {
    // Without storage there is no history.
  }
}
