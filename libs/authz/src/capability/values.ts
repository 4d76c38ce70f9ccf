import { formats } from './formats.ts'
import type { Filled, Hole } from './holes.ts'
import { isDelimited, isSpelledOut } from './spelled-out.ts'
import type { Variable } from './variable.ts'
import { picksValue } from './variable-regex.ts'

/** Where in the query the value stands; it decides which forms of a value are the same set of series. */
export type StringContext = 'literal' | 'regex'

/** Whether a string value is one that Grafana would put into this hole. */
export function isAllowedValue(hole: Hole, context: StringContext, filled: Filled): boolean {
  const { variable, format } = hole
  const { value } = filled
  if (isAll(hole, value)) return true
  const isSeveral = variable.multi || variable.includeAll
  if (format === 'regex' || (format === undefined && isSeveral)) return isEscapedList(hole, context, filled)
  // The dashboard's own list may hold a wildcard.
  if (variable.options?.includes(value) === true && !isSeveral) return true
  if (context === 'regex' && !isSpelledOut(value, filled)) return false
  const readings =
    format === undefined
      ? // Grafana writes a single quote with a backslash, which stays in the string.
        [[value], [value.replaceAll("\\'", "'")]]
      : (formats[format]?.read(value, variable.name) ?? [])
  return readings.some((choices) => isChoosable(variable, choices))
}

function isAll({ variable, format }: Hole, value: string): boolean {
  const { includeAll, allValue } = variable
  return (
    includeAll && ((allValue !== undefined && value === allValue) || (format === 'text' && value === 'All'))
  )
}

function isEscapedList({ variable }: Hole, context: StringContext, filled: Filled): boolean {
  const { value } = filled
  const isSeveral = variable.multi || variable.includeAll
  const choices = regexLiterals(value)
  // Where no regular expression is expected, whatever stands there is one text.
  if (context === 'literal' && isChoosable(variable, [value])) return true
  if (choices === undefined) return false
  if (choices.length > 1 && context === 'regex' && !value.startsWith('(') && !isDelimited(filled))
    return false
  if (choices.length > 1 && !isSeveral) return false
  return isChoosable(variable, choices)
}

/** Whether these are values that the variable can have at once. */
function isChoosable(variable: Variable, choices: readonly string[]): boolean {
  const { multi, includeAll, options } = variable
  if (choices.length > 1 && !multi && !includeAll) return false
  if (choices.length === 1 && choices[0] === '') return options === undefined || isOption(options, '')
  // A look-up lists no empty value: with others, it would add the series without the label.
  return choices.every((choice) => {
    if (choice === '') return false
    return options === undefined ? picksValue(variable.regex, choice) : options.includes(choice)
  })
}

function isOption(options: readonly string[], choice: string): boolean {
  return options.length === 0 || options.includes(choice)
}

/**
 * The texts a regular expression lists, if it is nothing but a list: `a`, `a|b`, `(a|b)` with every special character escaped.
 * @returns undefined if it is anything wider.
 */
export function regexLiterals(pattern: string): string[] | undefined {
  const isGrouped = pattern.startsWith('(') && pattern.endsWith(')')
  const body = isGrouped ? pattern.slice(1, -1) : pattern
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
    } else if ('^$*+?()[]{}.'.includes(char)) {
      return undefined
    }
    literals[literals.length - 1] += char
  }
  return literals
}
