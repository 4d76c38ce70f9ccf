import type { Matcher } from '@gatehouse/promql'
import { RE2JS } from 're2js'
import { literalValues } from './literal.ts'

/** A predicate on a label's value; a missing label is the empty value. */
export type Match = (value: string) => boolean

/**
 * What a matcher admits, by Prometheus's rules: regexes are anchored and RE2. Undefined for a regex that this engine
 * cannot read: nothing may then be concluded from the matcher.
 */
export function matchOf(matcher: Matcher): Match | undefined {
  const { op, value } = matcher
  if (op === '=') return (text) => text === value
  if (op === '!=') return (text) => text !== value
  const matches = regexMatch(value)
  if (matches === undefined || op === '=~') return matches
  return (text) => !matches(text)
}

// A regex of a policy or a dashboard is asked for again and again, and always about the same tenants.
const maxRegexes = 500
const maxAnswers = 10_000
const regexes = new Map<string, Match | undefined>()

function regexMatch(regex: string): Match | undefined {
  if (regexes.has(regex)) return regexes.get(regex)
  const match = compile(regex)
  if (regexes.size >= maxRegexes) regexes.clear()
  regexes.set(regex, match)
  return match
}

function compile(regex: string): Match | undefined {
  const literals = literalValues({ name: '', op: '=~', value: regex })
  if (literals !== undefined) return (text) => literals.has(text)
  let compiled: RE2JS
  try {
    compiled = RE2JS.compile(regex, RE2JS.DOTALL)
  } catch {
    return undefined
  }
  const answers = new Map<string, boolean>()
  return (text) => {
    const known = answers.get(text)
    if (known !== undefined) return known
    const answer = compiled.matches(text)
    if (answers.size >= maxAnswers) answers.clear()
    answers.set(text, answer)
    return answer
  }
}
