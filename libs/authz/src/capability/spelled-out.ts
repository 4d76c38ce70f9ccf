import { regexMatchesEmpty } from '@gatehouse/promql'

/** What stands before and after a value in a regular expression; undefined for another value. */
export interface Around {
  readonly before: string | undefined
  readonly after: string | undefined
}

/** Whether nothing else of the regular expression binds to the ends of what stands there. */
export function isDelimited({ before, after }: Around): boolean {
  const opens = before !== undefined && (before === '' || /(^|[^\\])[(|]$/.test(before))
  return opens && after !== undefined && (after === '' || /^[)|]/.test(after))
}

// Texts that the character classes of a value may tell apart.
const maxTexts = 16
const repetition = /^\{\d+(,\d*)?\}/
const charClass = /^\[([^\\^\-[\]]+)\]/

/** A run through a pattern; what the last piece was decides whether a repetition or a dot may follow. */
interface Scan {
  readonly pattern: string
  readonly around: Around
  at: number
  depth: number
  texts: number
  last: 'start' | 'literal' | 'dot' | 'other' | 'open'
}

/** Whether a value at an end can be told from a wildcard: no repetition, dot or other value touches it. */
function isQuiet(text: string | undefined, side: 'before' | 'after'): boolean {
  if (text === undefined) return false
  return side === 'after' ? !/^[*+?{.]/.test(text) : !text.endsWith('.')
}

/** A dot means itself beside a character that does: a host name or a version, but neither `..` nor `.*`. */
function dot(scan: Scan): boolean {
  const { pattern, at, last, around } = scan
  const next = pattern.slice(at + 1)
  const isBeforeLiteral = /^(\\.|[^\\.*+?()[\]{}|^$])/s.test(next)
  const left =
    last === 'literal' || pattern[at - 1] === '|' || (last === 'start' && isQuiet(around.before, 'before'))
  const right = next === '' ? isQuiet(around.after, 'after') : isBeforeLiteral || next.startsWith('|')
  scan.last = 'dot'
  scan.at += 1
  return left && right && (last === 'literal' || isBeforeLiteral)
}

function repeat(scan: Scan, length: number): boolean {
  const isOfOne = scan.last === 'literal'
  scan.last = 'other'
  scan.at += length
  return isOfOne
}

function choice(scan: Scan): boolean {
  const next = scan.pattern.charAt(scan.at + 1)
  const isEmpty = scan.last === 'start' || scan.last === 'open' || next === '' || next === '|' || next === ')'
  scan.last = 'open'
  scan.at += 1
  return !isEmpty && (scan.depth > 0 || isDelimited(scan.around))
}

function group(scan: Scan, char: string): boolean {
  const isEmpty = char === ')' && scan.last === 'open'
  scan.depth += char === '(' ? 1 : -1
  scan.last = char === '(' ? 'open' : 'other'
  scan.at += 1
  return scan.depth >= 0 && !isEmpty
}

function oneOf(scan: Scan): boolean {
  const [whole = '', chars = ''] = charClass.exec(scan.pattern.slice(scan.at)) ?? []
  scan.texts *= chars.length
  scan.last = 'other'
  scan.at += whole.length
  return whole !== '' && scan.texts <= maxTexts
}

function literal(scan: Scan, length: number): boolean {
  scan.last = 'literal'
  scan.at += length
  return true
}

function step(scan: Scan): boolean {
  const { pattern, at } = scan
  const char = pattern.charAt(at)
  switch (char) {
    case '\\':
      // Before a letter or digit it makes a class or an escape, not the character itself.
      return /^\\[^0-9A-Za-z]/.test(pattern.slice(at)) && literal(scan, 2)
    case '.':
      return dot(scan)
    case '*':
    case '+':
    case '?':
      return repeat(scan, 1)
    case '{': {
      const [found] = repetition.exec(pattern.slice(at, at + 20)) ?? []
      return found === undefined ? literal(scan, 1) : repeat(scan, found.length)
    }
    case '[':
      return oneOf(scan)
    case '(':
    case ')':
      return group(scan, char)
    case '|':
      return choice(scan)
    case '^':
    case '$':
      scan.last = 'other'
      scan.at += 1
      return true
    default:
      return literal(scan, 1)
  }
}

/**
 * Whether a value that Grafana puts into a regular expression as it is (it escapes only what may be several) still names texts that can
 * be read off it, such as `10.0.0.7:8080`, `/users/{id}` or `(z)`, and holds no wildcard: `..`, `.*`, `[^x]`, `\w` or a choice with
 * nothing in it. The empty value names the series without the label, as Grafana sends it where there is none.
 */
export function isSpelledOut(pattern: string, around: Around): boolean {
  if (pattern === '') return true
  const scan: Scan = { pattern, around, at: 0, depth: 0, texts: 1, last: 'start' }
  while (scan.at < pattern.length) if (!step(scan)) return false
  const isEnded = scan.last === 'literal' || scan.last === 'dot' || isQuiet(around.after, 'after')
  return scan.depth === 0 && isEnded && !matchesEmptyText(pattern)
}

function matchesEmptyText(pattern: string): boolean {
  try {
    return regexMatchesEmpty(pattern)
  } catch {
    // Not a regular expression: whoever evaluates it will say so.
    return false
  }
}
