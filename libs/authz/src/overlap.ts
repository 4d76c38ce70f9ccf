import type { Matcher } from '@gatehouse/promql'
import { RE2JS } from 're2js'
import { negate } from './constraints.ts'
import type { Constraints } from './model.ts'

type Conjunction = readonly Matcher[]

/** How much of what a selector asks for the constraints admit. `some` is also the answer where it cannot be told. */
export type Overlap = 'all' | 'some' | 'none'

/** Compiling takes time that grows with the pattern; nothing is concluded from longer ones. */
const maxPattern = 1_000
const maxProduct = 512

/** The texts a pattern stands for if it is a plain list such as `a|b\.c`, else undefined. */
function literalsOf(pattern: string): readonly string[] | undefined {
  const literals = ['']
  for (let i = 0; i < pattern.length; i++) {
    let char = pattern[i] ?? ''
    if (char === '|') {
      literals.push('')
      continue
    }
    if (char === '\\') {
      char = pattern[++i] ?? ''
      if (!/^[^A-Za-z0-9]$/.test(char)) return undefined
    } else if (/[.+*?()[\]{}^$]/.test(char)) return undefined
    literals[literals.length - 1] += char
  }
  return literals
}

/** Whether a matcher admits a value; undefined for a pattern that cannot be evaluated here. */
function admits({ op, value }: Matcher, text: string): boolean | undefined {
  if (op === '=' || op === '!=') return (text === value) === (op === '=')
  const literals = literalsOf(value)
  if (literals !== undefined) return literals.includes(text) === (op === '=~')
  if (value.length > maxPattern) return undefined
  try {
    return RE2JS.compile(value, RE2JS.DOTALL).matches(text) === (op === '=~')
  } catch {
    return undefined
  }
}

/** The only values that can satisfy all matchers of a label, if they are few. */
function possibleValues(matchers: Conjunction): readonly string[] | undefined {
  for (const { op, value } of matchers) {
    if (op === '=') return [value]
    const literals = op === '=~' ? literalsOf(value) : undefined
    if (literals !== undefined) return literals
  }
  return undefined
}

/** Values worth trying where all are possible: those that are spoken of, none at all, and one that nobody speaks of. */
function witnesses(matchers: Conjunction): readonly string[] {
  const spoken = matchers.flatMap(({ op, value }) =>
    op === '=' || op === '!=' ? [value] : (literalsOf(value) ?? []),
  )
  const unheard = spoken.reduce((longest, text) => (text.length > longest.length ? text : longest), 'x')
  return ['', ...spoken, `${unheard}x`]
}

/** Whether two matchers of one label are each other's opposite, whatever their pattern. */
function areOpposed(a: Matcher, b: Matcher): boolean {
  return a.value === b.value && negate(a).op === b.op
}

/** Whether some value of one label satisfies all of its matchers; undefined if that cannot be told. */
function isLabelSatisfiable(matchers: Conjunction): boolean | undefined {
  if (matchers.some((one, i) => matchers.slice(i + 1).some((other) => areOpposed(one, other)))) return false
  const possible = possibleValues(matchers)
  let isSure = possible !== undefined
  for (const value of possible ?? witnesses(matchers)) {
    const results = matchers.map((matcher) => admits(matcher, value))
    if (results.every((result) => result === true)) return true
    if (results.includes(undefined) && !results.includes(false)) isSure = false
  }
  return isSure ? false : undefined
}

/** Whether some series satisfies all matchers. Labels are independent of each other, so each is looked at alone. */
export function isSatisfiable(matchers: Conjunction): boolean | undefined {
  const byLabel = new Map<string, Matcher[]>()
  for (const matcher of matchers) {
    const own = byLabel.get(matcher.name)
    if (own === undefined) byLabel.set(matcher.name, [matcher])
    else own.push(matcher)
  }
  const results = [...byLabel.values()].map(isLabelSatisfiable)
  if (results.includes(false)) return false
  return results.includes(undefined) ? undefined : true
}

/** Whether every series of `inner` is one of `outer`; undefined if that cannot be told. */
export function isWithin(inner: Conjunction, outer: Conjunction): boolean | undefined {
  const escapes = outer.map((matcher) => isSatisfiable([...inner, negate(matcher)]))
  if (escapes.includes(true)) return false
  return escapes.includes(undefined) ? undefined : true
}

/** Whether no series of `selector` is outside all alternatives; false also if that cannot be told. */
export function isCovered(selector: Conjunction, alternatives: readonly Conjunction[]): boolean {
  let open: readonly Conjunction[] = [selector]
  for (const alternative of alternatives) {
    open = open
      .flatMap((part) => alternative.map((matcher) => [...part, negate(matcher)]))
      .filter((part) => isSatisfiable(part) !== false)
    if (open.length > maxProduct) return false
  }
  return open.length === 0
}

/** How much of what `selector` asks for `constraints` admit, going by the matchers alone, whatever series there are. */
export function overlapOf(selector: Conjunction, { alternatives }: Constraints): Overlap {
  const meeting = alternatives.filter((alternative) => isSatisfiable([...selector, ...alternative]) !== false)
  if (meeting.length === 0) return 'none'
  return isCovered(selector, meeting) ? 'all' : 'some'
}

/** What a pattern's texts begin with, by alternative; undefined where it has groups or classes that could hold an alternative. */
function beginningsOf({ op, value }: Matcher): readonly { text: string; isWhole: boolean }[] | undefined {
  if (op === '=') return [{ text: value, isWhole: true }]
  if (op !== '=~' || /[\\()[\]^$]/.test(value)) return undefined
  return value.split('|').map((alternative) => {
    const [literal = ''] = /^[^.+*?{}]*/.exec(alternative) ?? []
    if (literal === alternative) return { text: literal, isWhole: true }
    // A quantifier is about the character before it.
    const isQuantified = /^[+*?{]/.test(alternative.slice(literal.length))
    return { text: isQuantified ? literal.slice(0, -1) : literal, isWhole: false }
  })
}

function beginApart(a: Matcher, b: Matcher): boolean {
  const [left, right] = [beginningsOf(a), beginningsOf(b)]
  if (a.name !== b.name || left === undefined || right === undefined) return false
  return left.every((one) =>
    right.every((other) => {
      const length = Math.min(one.text.length, other.text.length)
      if (one.text.slice(0, length) !== other.text.slice(0, length)) return true
      return (
        (one.isWhole && one.text.length < other.text.length) ||
        (other.isWhole && other.text.length < one.text.length)
      )
    }),
  )
}

/** Whether no series satisfies both; false also if that cannot be told. */
export function areDisjoint(a: Conjunction, b: Conjunction): boolean {
  const opposed = (one: Matcher) => {
    const opposite = negate(one)
    return b.some(
      (other) =>
        (other.name === opposite.name && other.op === opposite.op && other.value === opposite.value) ||
        beginApart(one, other),
    )
  }
  return a.some(opposed) || isSatisfiable([...a, ...b]) === false
}
