import type { Matcher } from './ast.ts'
import { regexMatchesEmpty } from './regex.ts'

/** Label that holds a series' metric name. */
export const metricNameLabel = '__name__'

/** A regex that matches exactly this text: RE2's own quoting (Go's QuoteMeta). */
export function escapeRegex(text: string): string {
  return text.replace(/[\\.+*?()|[\]{}^$]/g, '\\$&')
}

/** Whether a matcher accepts the empty value, that is, series without the label. */
export function matchesEmpty({ op, value }: Matcher): boolean {
  switch (op) {
    case '=':
      return value === ''
    case '!=':
      return value !== ''
    case '=~':
      return regexMatchesEmpty(value)
    case '!~':
      return !regexMatchesEmpty(value)
  }
}
