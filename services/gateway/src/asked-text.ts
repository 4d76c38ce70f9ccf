import { lookupFingerprint } from '@gatehouse/query'
import type { QueryReader } from './cached/read-query.ts'
import type { Question } from './question.ts'

/** The text of a question, and its fingerprint, by which operators list and stop it. */
export interface AskedText {
  readonly text: string
  readonly fingerprint: string
}

/**
 * The query, or all `match[]` of a look-up or federation; undefined for what asks for neither.
 * @throws GatehouseError `bad_data` for what is no query.
 */
export function askedText(question: Question, read: QueryReader): AskedText | undefined {
  if ('query' in question) return { text: question.query, fingerprint: read(question.query).fingerprint }
  if (!('matches' in question)) return undefined
  const { kind, matches } = question
  const fingerprint = lookupFingerprint(
    kind,
    matches.map((match) => read(match).fingerprint),
  )
  return { text: matches.join(', '), fingerprint }
}
