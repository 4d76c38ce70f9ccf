import { print } from '@gatehouse/promql'
import { type CacheFacts, cacheFacts } from '@gatehouse/query'
import { createTextMemo } from '../memo.ts'
import { createExpressionParser } from '../parse.ts'

/** What is known of a query's text, whoever asks it and for which time. */
export interface ReadQuery {
  /** The expression in canonical form. */
  readonly canonical: string
  readonly facts: CacheFacts
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
      read = { canonical: print(expr), facts: cacheFacts(expr) }
      known.set(query, read)
    }
    return read
  }
}
