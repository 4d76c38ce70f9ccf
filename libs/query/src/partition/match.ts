import type { Matcher } from '@gatehouse/promql'
import { RE2JS } from 're2js'

/** A predicate on a label's value; a missing label is the empty value. */
export type Match = (value: string) => boolean

/**
 * What a matcher admits, by Prometheus's rules: regexes are anchored and RE2. Undefined for a regex that this engine
 * cannot read: nothing may then be concluded from the matcher.
 */
export function matchOf({ op, value }: Matcher): Match | undefined {
  if (op === '=') return (text) => text === value
  if (op === '!=') return (text) => text !== value
  let regex: RE2JS
  try {
    regex = RE2JS.compile(value, RE2JS.DOTALL)
  } catch {
    return undefined
  }
  return op === '=~' ? (text) => regex.matches(text) : (text) => !regex.matches(text)
}
