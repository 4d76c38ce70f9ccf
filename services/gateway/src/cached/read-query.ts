import { print, selectors } from '@gatehouse/promql'
import {
  type CacheFacts,
  type Conjunction,
  cacheFacts,
  fingerprint,
  type Measured,
  measureExpr,
  type TimeRange,
} from '@gatehouse/query'
import { createTextMemo } from '../memo.ts'
import { createExpressionParser, matchersOf } from '../parse.ts'

/** What is known of a query's text, whoever asks it and for which time. */
export interface ReadQuery {
  /** The expression in canonical form. */
  readonly canonical: string
  readonly facts: CacheFacts
  /** The matchers of each selector. */
  readonly selectors: readonly Conjunction[]
  /** Its shape without values, numbers and durations, hashed. */
  readonly fingerprint: string
  readonly measure: (range: TimeRange) => Measured
}

/** Reads a query's text. @throws GatehouseError `bad_data` */
export type QueryReader = (query: string) => ReadQuery

/** Creates a reader that remembers what it read. */
export function createQueryReader(): QueryReader {
  const parse = createExpressionParser()
  const known = createTextMemo<ReadQuery>()
  return (query) => {
    let read = known.get(query)
    if (read === undefined) {
      const { expr } = parse(query)
      read = {
        canonical: print(expr),
        facts: cacheFacts(expr),
        selectors: selectors(expr).map(matchersOf),
        fingerprint: fingerprint(expr),
        measure: measureExpr(query, expr),
      }
      known.set(query, read)
    }
    return read
  }
}
