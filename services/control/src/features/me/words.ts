import type { Constraints } from '@gatehouse/authz'
import { type Matcher, printMatcher } from '@gatehouse/promql'

/** A regex that only lists values, as grants write "one of": its values; undefined for any other. */
function listedValues(regex: string): string[] | undefined {
  const values = regex.split('|')
  const isPlain = values.every((value) => /^([A-Za-z0-9_:/ -]|\\[\\.+*?()|[\]{}^$])+$/.test(value))
  return isPlain ? values.map((value) => value.replace(/\\(.)/g, '$1')) : undefined
}

function list(values: readonly string[], type: 'conjunction' | 'disjunction'): string {
  return new Intl.ListFormat('en-GB', { type }).format(values)
}

function matcherInWords({ name, op, value }: Matcher): string {
  const values = op === '=~' || op === '!~' ? listedValues(value) : [value]
  if (values === undefined) return `${name} ${op === '=~' ? 'matches' : 'does not match'} ${value}`
  const isPositive = op === '=' || op === '=~'
  return `${name} is ${isPositive ? '' : 'not '}${list(
    values.map((one) => (one === '' ? 'empty' : one)),
    'disjunction',
  )}`
}

/** One alternative as a selector, `{tenant="health",env="prod"}`. */
export function selectorOf(alternative: readonly Matcher[]): string {
  return `{${alternative.map(printMatcher).join(',')}}`
}

/** What the constraints let through, for people: one phrase per alternative. */
export function constraintsInWords({ alternatives }: Constraints): string[] {
  return alternatives.map((matchers) =>
    matchers.length === 0
      ? 'all series'
      : `series where ${list(matchers.map(matcherInWords), 'conjunction')}`,
  )
}
