import type { Matcher } from '@gatehouse/promql'
import type { Conjunction } from '../model.ts'
import { literalMatcher, literalValues } from './literal.ts'
import { matchOf } from './match.ts'

export function isSameMatcher(a: Matcher, b: Matcher): boolean {
  return a.name === b.name && a.op === b.op && a.value === b.value
}

/** The matcher that admits exactly the values the other does not. */
export function negate(matcher: Matcher): Matcher {
  const ops = { '=': '!=', '!=': '=', '=~': '!~', '!~': '=~' } as const
  return { ...matcher, op: ops[matcher.op] }
}

/** The values a conjunction leaves for a label, when it pins them; undefined when it does not. */
export function pinnedValues(conjunction: Conjunction, name: string): ReadonlySet<string> | undefined {
  const own = conjunction.filter((matcher) => matcher.name === name)
  let pinned: ReadonlySet<string> | undefined
  for (const matcher of own) {
    const values = literalValues(matcher)
    if (values !== undefined && (pinned === undefined || values.size < pinned.size)) pinned = values
  }
  if (pinned === undefined) return undefined
  const matches = own.map(matchOf)
  return new Set([...pinned].filter((value) => matches.every((match) => match?.(value) ?? true)))
}

/** Whether everything the conjunction admits, the matcher admits too, as far as literals show. */
export function implies(conjunction: Conjunction, matcher: Matcher): boolean {
  if (conjunction.some((own) => isSameMatcher(own, matcher))) return true
  const pinned = pinnedValues(conjunction, matcher.name)
  const match = matchOf(matcher)
  return pinned !== undefined && match !== undefined && [...pinned].every(match)
}

/** Whether no series can satisfy the conjunction, as far as literals show. */
export function isContradiction(conjunction: Conjunction): boolean {
  const names = new Set(conjunction.map((matcher) => matcher.name))
  return (
    [...names].some((name) => pinnedValues(conjunction, name)?.size === 0) ||
    conjunction.some((matcher) => conjunction.some((other) => isSameMatcher(negate(matcher), other)))
  )
}

/** The conjunction with a matcher added, and the label's pinned values written as one matcher. */
export function and(conjunction: Conjunction, matcher: Matcher): Conjunction {
  if (implies(conjunction, matcher)) return conjunction
  const joined = [...conjunction, matcher]
  const pinned = pinnedValues(joined, matcher.name)
  const readable = joined.every(
    ({ name, ...rest }) => name !== matcher.name || matchOf({ name, ...rest }) !== undefined,
  )
  if (pinned === undefined || pinned.size === 0 || !readable) return joined
  return [...joined.filter((own) => own.name !== matcher.name), literalMatcher(matcher.name, pinned)]
}
