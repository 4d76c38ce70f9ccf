import { type Expr, functionSpec, walk } from '@gatehouse/promql'

/** What of an expression decides whether its answers can be cut by time. Memoise it beside the printed text. */
export interface CacheFacts {
  /** A value depends on the start, end or step of the whole query: `@ start()`, `@ end()`, `range()`, … */
  readonly isOfRange: boolean
  /** A selector or subquery reads the time after the evaluation time. */
  readonly hasNegativeOffset: boolean
  /** It picks series by the order in which the server happens to read them. */
  readonly isOrderDependent: boolean
  /** Latest fixed time read through `@`, offset applied; ms, -Infinity without one. */
  readonly latestAt: number
}

const orderDependent: readonly string[] = ['limitk', 'limit_ratio']

/**
 * Reads the facts off a tree. A subquery needs no rule of its own: its evaluation times are multiples of its step, whatever
 * the query's start; only its own `@` and offset count, and those of what is inside.
 */
export function cacheFacts(expr: Expr): CacheFacts {
  let isOfRange = false
  let hasNegativeOffset = false
  let isOrderDependent = false
  let latestAt = Number.NEGATIVE_INFINITY
  walk(expr, (node) => {
    if (node.kind === 'VectorSelector' || node.kind === 'SubqueryExpr') {
      if (node.offsetMs < 0) hasNegativeOffset = true
      if (node.at?.kind === 'timestamp') latestAt = Math.max(latestAt, node.at.ms - node.offsetMs)
      else if (node.at !== undefined) isOfRange = true
    } else if (node.kind === 'Call') {
      isOfRange ||= isRangeFunction(node.func)
    } else if (node.kind === 'AggregateExpr') isOrderDependent ||= orderDependent.includes(node.op)
  })
  return { isOfRange, hasNegativeOffset, isOrderDependent, latestAt }
}

function isRangeFunction(name: string): boolean {
  const spec = functionSpec(name)
  // A function the table does not know is treated as the worst kind.
  return spec === undefined || spec.ofRange === true
}

/** The facts of an answer made of several expressions: what holds for one holds for all. */
export function allFacts(facts: readonly CacheFacts[]): CacheFacts {
  return {
    isOfRange: facts.some((one) => one.isOfRange),
    hasNegativeOffset: facts.some((one) => one.hasNegativeOffset),
    isOrderDependent: facts.some((one) => one.isOrderDependent),
    latestAt: Math.max(Number.NEGATIVE_INFINITY, ...facts.map((one) => one.latestAt)),
  }
}

/** Why a range answer by-passes the cache, with the sentence *explain* shows. The names are stable. */
export const bypassReasons = {
  no_store: 'the request asks for a fresh answer',
  query_range_bounds: 'the expression depends on the start, end or step of the whole query',
  negative_offset: 'a negative offset reads samples after the evaluation time',
  at_beyond_freshness: 'an @ modifier reads samples that may still change',
  order_dependent: 'limitk and limit_ratio pick series in an order that may change',
  limit: 'a limit on the number of series cannot be applied to parts of a range',
  stats: 'query statistics describe one evaluation',
  endpoint: 'answers of this endpoint are not cached',
} as const

/** Stable name of a reason for by-passing the cache. */
export type BypassReason = keyof typeof bypassReasons

/** How old samples must be before they are kept; ms. */
export interface Freshness {
  /** Age below which nothing is kept: scrapes and remote writes arrive late. */
  readonly freshnessMs: number
  /** Out-of-order window of the data source's shards: how old a sample may be when it arrives. */
  readonly outOfOrderMs: number
}

/** The latest time whose samples are final at `now`. */
export function settledUntil(now: number, { freshnessMs, outOfOrderMs }: Freshness): number {
  return now - Math.max(freshnessMs, outOfOrderMs)
}

/** What of a range request, besides its expression, decides about caching. */
export interface RangeDemand {
  readonly noStore: boolean
  readonly limit: number | undefined
  readonly stats: string | undefined
}

/**
 * Why the answer of a range query cannot be kept in extents; undefined if it can. It can when the value at an evaluation time
 * depends on nothing but that time and on samples that are final at `settled`.
 */
export function bypassReason(
  facts: CacheFacts,
  demand: RangeDemand,
  settled: number,
): BypassReason | undefined {
  if (demand.noStore) return 'no_store'
  if (demand.stats !== undefined) return 'stats'
  if (demand.limit !== undefined && demand.limit > 0) return 'limit'
  if (facts.isOfRange) return 'query_range_bounds'
  if (facts.hasNegativeOffset) return 'negative_offset'
  if (facts.isOrderDependent) return 'order_dependent'
  return facts.latestAt > settled ? 'at_beyond_freshness' : undefined
}
