import type { PrometheusVersion } from '@gatehouse/local'

/** An expression of the corpus. */
export interface Entry {
  readonly family: string
  readonly query: string
  /** The series of an instant answer have an order. */
  readonly ordered?: boolean
  /** Only an instant query can have it: its value is a range vector or a string. */
  readonly instantOnly?: boolean
  /** The version that has it; both unless given. */
  readonly only?: PrometheusVersion
}

type Options = Omit<Entry, 'family' | 'query'>

export function entries(family: string, queries: readonly string[], options: Options = {}): Entry[] {
  return queries.map((query) => ({ family, query, ...options }))
}
