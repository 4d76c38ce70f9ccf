import { allValueMark } from './variable.ts'

/** A value of a variable as a dashboard shows and sends it. */
export interface VariableValue {
  /** One value, or several of a variable that may have several. */
  readonly value: string | readonly string[]
  /** The same as people read it. */
  readonly text: string | readonly string[]
  /** Several values may be chosen, or all: values are escaped for a regular expression then. */
  readonly isRegex: boolean
  /** Everything there is was chosen, which addresses say shorter than by naming it. */
  readonly isAll?: boolean
  /** Sent as it is written: the dashboard's own text for "all". */
  readonly isCustomAll?: boolean
}

export type Values = ReadonlyMap<string, VariableValue>

/** Where the text goes: into a query, or to people. */
export type Purpose = 'query' | 'text' | 'url'

const pattern = /\$(\w+)|\[\[(\w+?)(?::(\w+))?\]\]|\$\{(\w+)(?:\.([^:^}]+))?(?::([^}]+))?\}/g

/** Names of the variables a text mentions, also of those that are unknown. */
export function mentions(text: string): readonly string[] {
  return [...text.matchAll(pattern)].map((match) => match[1] ?? match[2] ?? match[4] ?? '')
}

/** Puts values into a text as Grafana does; what is no known variable stays as it is written. */
export function interpolate(text: string, values: Values, purpose: Purpose): string {
  return text.replace(pattern, (whole: string, ...groups: (string | undefined)[]) => {
    const [plain, bracketed, bracketFormat, braced, , bracedFormat] = groups
    const name = plain ?? bracketed ?? braced ?? ''
    const value = values.get(name)
    const format = bracketFormat ?? bracedFormat
    if (value === undefined) return whole
    return format === 'queryparam' ? addressOf(name, value) : render(value, format, purpose)
  })
}

/** A variable with its choice as it stands in the address of a dashboard. */
export function addressOf(name: string, { value, isAll }: VariableValue): string {
  const list = isAll === true ? [allValueMark] : typeof value === 'string' ? [value] : value
  return new URLSearchParams(list.map((one) => [`var-${name}`, one])).toString()
}

function render(value: VariableValue, format: string | undefined, purpose: Purpose): string {
  const list = typeof value.value === 'string' ? [value.value] : value.value
  const texts = typeof value.text === 'string' ? [value.text] : value.text
  if (format === 'text') return texts.join(' + ')
  if (value.isCustomAll === true) return purpose === 'text' ? texts.join(' + ') : (list[0] ?? '')
  switch (format) {
    case undefined:
    case '':
      return purpose === 'query' ? forQuery(value) : purpose === 'text' ? texts.join(' + ') : list.join(',')
    case 'csv':
    case 'raw':
      return list.join(',')
    case 'pipe':
      return list.join('|')
    case 'regex':
      return list.length === 1 ? escapeRegex(list[0] ?? '') : `(${list.map(escapeRegex).join('|')})`
    case 'glob':
      return list.length === 1 ? (list[0] ?? '') : `{${list.join(',')}}`
    case 'json':
      return JSON.stringify(value.value)
    case 'doublequote':
      return list.map((one) => `"${one.replaceAll('"', '\\"')}"`).join(',')
    case 'singlequote':
      return list.map((one) => `'${one.replaceAll("'", "\\'")}'`).join(',')
    case 'percentencode':
      return encodeURIComponent(list.length === 1 ? (list[0] ?? '') : `{${list.join(',')}}`)
    case 'date':
    case 'date:iso':
      return new Date(Number(list[0])).toISOString()
    case 'date:seconds':
      return String(Math.floor(Number(list[0]) / 1_000))
    default:
      return list.join(',')
  }
}

// Grafana's Prometheus data source: a regular expression inside a PromQL string wherever there may be several values.
function forQuery({ value, isRegex }: VariableValue): string {
  if (typeof value === 'string')
    return isRegex ? escapeTwice(value) : value.replace(/\\/g, '\\\\').replace(/"/g, '\\"')
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

/** A value that is not chosen: an interval, a number or a name. */
export function fixedValue(value: string): VariableValue {
  return { value, text: value, isRegex: false }
}
