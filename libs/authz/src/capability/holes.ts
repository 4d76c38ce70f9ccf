import type { Around } from './spelled-out.ts'
import type { Variable } from './variable.ts'

/** A place in a compiled query that may carry any of a variable's values. */
export interface Hole {
  readonly variable: Variable
  readonly format: string | undefined
}

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

/** A hole with the value found in it, and what of the template stands around it. */
export interface Filled extends Around {
  readonly hole: number
  readonly value: string
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
    const around = { before: literalAt(parts, part - 1), after: literalAt(parts, part + 1) }
    if (part === parts.length - 1) return isAllowed({ hole, value: actual.slice(from), ...around })
    for (let end = actual.length; end >= from; end--) {
      if (fits(part + 1, end) && isAllowed({ hole, value: actual.slice(from, end), ...around })) return true
    }
    return false
  }
  return fits(0, 0)
}

/** The text of a part, empty beyond the ends; undefined for a hole. */
function literalAt(parts: readonly (string | number)[], index: number): string | undefined {
  const part = parts[index] ?? ''
  return typeof part === 'string' ? part : undefined
}
