import type { Variable } from './variable.ts'

/** A place in a compiled query that may carry any of a variable's values. */
export interface Hole {
  readonly variable: Variable
  readonly format: string | undefined
}

/** Where in the query the value stands; it decides which forms of a value are the same set of series. */
export type StringContext = 'literal' | 'regex'

// Private-use characters cannot be typed into a dashboard by accident and mean themselves in a regular expression.
const open = '\u{F0000}'
const close = '\u{F0001}'

/** The text that stands for hole `index` inside a PromQL string. */
export function holeText(index: number): string {
  return `${open}${index}${close}`
}

/** Whether a text could be mistaken for a hole. */
export function hasHoleText(text: string): boolean {
  return text.includes(open) || text.includes(close)
}

/** Literal texts and hole indexes of a compiled string, in order. */
export function segments(template: string): (string | number)[] {
  const parts = template.split(/\u{F0000}(\d+)\u{F0001}/u)
  return parts.map((part, i) => (i % 2 === 1 ? Number(part) : part)).filter((part) => part !== '')
}

/** A hole with the value found in it. */
export interface Filled {
  readonly hole: number
  readonly value: string
  /** A list without parentheses means the same here: nothing else of the regular expression binds to its ends. */
  readonly delimited: boolean
}

// Characters of values looked at: far more than any value needs, and still some milliseconds.
const maxWork = 2_000_000

/**
 * Whether `actual` is `template` with an allowed value in every hole. Literal parts must stand exactly.
 * Backtracks over where a hole ends, up to a bound; what takes longer to compare is refused.
 */
export function fillsHoles(template: string, actual: string, allowed: (filled: Filled) => boolean): boolean {
  const parts = segments(template)
  let work = maxWork
  const isAllowed = (filled: Filled): boolean => {
    work -= filled.value.length + 1
    return work > 0 && allowed(filled)
  }
  const dead = new Set<string>()
  const fits = (part: number, from: number): boolean => {
    const segment = parts[part]
    if (segment === undefined) return from === actual.length
    const key = `${part}:${from}`
    if (dead.has(key)) return false
    const ok =
      typeof segment === 'string'
        ? actual.startsWith(segment, from) && fits(part + 1, from + segment.length)
        : fitsHole(part, from, segment)
    if (!ok) dead.add(key)
    return ok
  }
  const fitsHole = (part: number, from: number, hole: number): boolean => {
    const delimited = isDelimited(parts[part - 1], parts[part + 1])
    if (part === parts.length - 1) return isAllowed({ hole, value: actual.slice(from), delimited })
    for (let end = actual.length; end >= from; end--) {
      if (fits(part + 1, end) && isAllowed({ hole, value: actual.slice(from, end), delimited })) return true
    }
    return false
  }
  return fits(0, 0)
}

function isDelimited(before: string | number | undefined, after: string | number | undefined): boolean {
  const opens = before === undefined || (typeof before === 'string' && /(^|[^\\])[(|]$/.test(before))
  const closes = after === undefined || (typeof after === 'string' && /^[)|]/.test(after))
  return opens && closes
}

// With these, Grafana puts values into a query as they are.
const plainFormats: readonly (string | undefined)[] = [
  'csv',
  'pipe',
  'raw',
  'text',
  'singlequote',
  'doublequote',
]

/** Whether a string value is one that Grafana would put into this hole. */
export function isAllowedValue(hole: Hole, context: StringContext, { value, delimited }: Filled): boolean {
  const { variable, format } = hole
  if (variable.includeAll && variable.allValue !== undefined && value === variable.allValue) return true
  const several = variable.multi || variable.includeAll
  const dots = !several || plainFormats.includes(format)
  const choices = context === 'regex' ? regexLiterals(value, dots) : literalChoices(value, several)
  if (choices === undefined) return false
  if (choices.length > 1 && !(several && (delimited || value.startsWith('(')))) return false
  // No series has an empty value, so no look-up lists one: a matcher on it would find the series without the label.
  if (choices.includes('') && (choices.length > 1 || variable.kind === 'query')) return false
  return (
    variable.options === undefined || choices.every((choice) => isOption(variable, choice, context, several))
  )
}

function isOption(variable: Variable, choice: string, context: StringContext, several: boolean): boolean {
  const { options = [] } = variable
  // Unescaped single values reach a regular expression as they are written in the list.
  return (
    options.includes(choice) ||
    (context === 'regex' && !several && options.some((o) => regexLiterals(o, true)?.[0] === choice))
  )
}

// Behind = a multi-value variable arrives in its regex form but still names exactly one text.
function literalChoices(value: string, several: boolean): string[] {
  return several ? (regexLiterals(value, false) ?? [value]) : [value]
}

/**
 * The texts a regular expression lists, if it is nothing but a list: `a`, `a|b`, `(a|b)` with every special
 * character escaped. With `dots`, an unescaped dot passes as itself: Grafana sends single values unescaped.
 * @returns undefined if it is anything wider.
 */
export function regexLiterals(pattern: string, dots: boolean): string[] | undefined {
  const grouped = pattern.startsWith('(') && pattern.endsWith(')')
  const body = grouped ? pattern.slice(1, -1) : pattern
  const literals: string[] = ['']
  for (let i = 0; i < body.length; i++) {
    let char = body.charAt(i)
    if (char === '|') {
      literals.push('')
      continue
    }
    if (char === '\\') {
      char = body.charAt(++i)
      // A backslash before a letter or digit is a class or an escape, not the character itself.
      if (char === '' || /[0-9A-Za-z]/.test(char)) return undefined
    } else if ('^$*+?()[]{}'.includes(char) || (char === '.' && !dots)) {
      return undefined
    }
    literals[literals.length - 1] += char
  }
  return literals
}
