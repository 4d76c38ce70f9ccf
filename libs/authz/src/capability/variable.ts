import { formats } from './formats.ts'

/** A dashboard variable, reduced to what decides which values a query may carry. */
export interface Variable {
  readonly name: string
  readonly kind: 'query' | 'custom' | 'interval' | 'constant' | 'textbox' | 'datasource' | 'adhoc'
  /** Several values may be chosen at once. */
  readonly multi: boolean
  /** "All" is offered; then `allValue`, if set, is what it sends. */
  readonly includeAll: boolean
  readonly allValue: string | undefined
  /** Every value it can have, where the dashboard itself lists them (custom, interval, constant). */
  readonly options: readonly string[] | undefined
  /** What picks its values from what its query returns. */
  readonly regex?: string
}

/** Grafana's built-in variables that stand for a duration, such as `5m0s`. */
export const durationBuiltins: readonly string[] = ['__interval', '__rate_interval', '__range']
/** Grafana's built-in variables that stand for a number. */
export const numberBuiltins: readonly string[] = [
  '__interval_ms',
  '__rate_interval_ms',
  '__range_s',
  '__range_ms',
  '__from',
  '__to',
]

/** One place in a text where a variable stands: `$name`, `${name}`, `${name:format}` or `[[name:format]]`. */
export interface Occurrence {
  readonly start: number
  readonly end: number
  readonly name: string
  readonly format: string | undefined
}

const pattern = /\$(\w+)|\$\{(\w+)(?::([^}]+))?\}|\[\[(\w+)(?::(\w+))?\]\]/g

/** Every place in `text` where a variable that `isKnown` stands; `$1` of a replacement text is not one. */
export function occurrences(text: string, isKnown: (name: string) => boolean): Occurrence[] {
  return [...text.matchAll(pattern)].flatMap((match) => {
    const name = match[1] ?? match[2] ?? match[4] ?? ''
    const format = match[3] ?? match[5]
    return isKnown(name) ? [{ start: match.index, end: match.index + match[0].length, name, format }] : []
  })
}

/** Values a viewer chose: one, or several of a multi-value variable. */
export type Values = Readonly<Record<string, string | readonly string[]>>

/**
 * Puts values into a query as Grafana's Prometheus data source does: several values, and every value of a variable that
 * may have several, are regex-escaped inside a PromQL string; others are escaped for the string only.
 * A variable without a value stays as it is written.
 */
export function interpolate(text: string, variables: readonly Variable[], values: Values): string {
  const byName = new Map(variables.map((variable) => [variable.name, variable]))
  let result = ''
  let from = 0
  for (const { start, end, name, format } of occurrences(text, (known) => Object.hasOwn(values, known))) {
    result += text.slice(from, start) + render(values[name] ?? '', byName.get(name), format)
    from = end
  }
  return result + text.slice(from)
}

function render(
  value: string | readonly string[],
  variable: Variable | undefined,
  format: string | undefined,
): string {
  const list = typeof value === 'string' ? [value] : value
  // What stands for "All" is sent as it is.
  if (variable?.includeAll === true && value === variable.allValue) return value
  if (format === 'regex')
    return list.length === 1 ? escapeRegex(list[0] ?? '') : `(${list.map(escapeRegex).join('|')})`
  return formats[format ?? '']?.render(list, variable?.name ?? '') ?? renderDefault(value, variable)
}

function renderDefault(value: string | readonly string[], variable: Variable | undefined): string {
  if (variable === undefined) return String(value)
  if (typeof value === 'string') {
    return variable.multi || variable.includeAll
      ? escapeTwice(value)
      : value.replace(/\\/g, '\\\\').replace(/"/g, '\\"')
  }
  const escaped = value.map(escapeTwice)
  return escaped.length === 1 ? (escaped[0] ?? '') : `(${escaped.join('|')})`
}

function escapeRegex(value: string): string {
  return value.replace(/[\\^$*+?.()|[\]{}/]/g, '\\$&')
}

// Once for the regular expression and once more for the PromQL string around it.
function escapeTwice(value: string): string {
  return value
    .replace(/\\/g, '\\\\\\\\')
    .replace(/[$^*{}[\]'+?.()|]/g, '\\\\$&')
    .replace(/"/g, '\\"')
}
