import { GatehouseError } from '@gatehouse/errors'
import { posixClassNames, unicodeClassNames } from './regex-names.ts'

/** The error for a pattern that is not RE2 syntax. */
export function regexFailure(reason: string): GatehouseError {
  return new GatehouseError('bad_data', reason)
}

/** A character read from a pattern: its code point and where the rest begins. */
interface Read {
  readonly code: number
  readonly end: number
}

const simpleEscapes: Readonly<Record<string, number>> = { a: 7, f: 12, n: 10, r: 13, t: 9, v: 11 }

function readHexEscape(pattern: string, at: number): Read | undefined {
  const braced = pattern[at] === '{'
  const digits = braced ? /[0-9a-fA-F]+(?=\})/y : /[0-9a-fA-F]{2}/y
  digits.lastIndex = braced ? at + 1 : at
  const found = digits.exec(pattern)?.[0]
  if (found === undefined) return undefined
  const code = Number.parseInt(found, 16)
  return code <= 0x10ffff ? { code, end: digits.lastIndex + (braced ? 1 : 0) } : undefined
}

function readOctalEscape(pattern: string, at: number): Read | undefined {
  const octal = /0[0-7]{0,2}|[1-7][0-7]{1,2}/y // a single digit but 0 would be a backreference
  octal.lastIndex = at
  const found = octal.exec(pattern)?.[0]
  return found === undefined ? undefined : { code: Number.parseInt(found, 8), end: octal.lastIndex }
}

/** Reads the escape of a single character whose backslash is at `at`. */
export function readEscape(pattern: string, at: number): Read {
  const kind = pattern[at + 1]
  if (kind === undefined) throw regexFailure('trailing backslash at end of expression')
  const simple = simpleEscapes[kind]
  let read: Read | undefined
  if (simple !== undefined) read = { code: simple, end: at + 2 }
  else if (kind === 'x') read = readHexEscape(pattern, at + 2)
  else if (/[0-7]/.test(kind)) read = readOctalEscape(pattern, at + 1)
  else if (kind < '\x80' && !/[a-zA-Z0-9]/.test(kind)) read = { code: kind.charCodeAt(0), end: at + 2 }
  if (read === undefined) throw regexFailure(`invalid escape sequence: \`\\${kind}\``)
  return read
}

/** End of a `\p{Greek}`, `\pL`, `\d` or the like at `at`; undefined when there is none. */
export function skipClassEscape(pattern: string, at: number): number | undefined {
  if (pattern[at] !== '\\') return undefined
  const kind = pattern[at + 1] ?? ''
  if ('dDsSwW'.includes(kind) && kind !== '') return at + 2
  if (kind !== 'p' && kind !== 'P') return undefined
  const braced = pattern[at + 2] === '{'
  const close = braced ? pattern.indexOf('}', at) : at + 2
  const name = braced ? pattern.slice(at + 3, close).replace(/^\^/, '') : (pattern[at + 2] ?? '')
  if (close === -1 || !unicodeClassNames.has(name)) {
    throw regexFailure('invalid character class range: unknown Unicode class')
  }
  return close + 1
}

/** End of a `[:alpha:]` at `at`; undefined when there is none. `lastClose` is where the pattern's last `:]` is. */
function skipPosixClass(pattern: string, at: number, lastClose: number): number | undefined {
  if (!pattern.startsWith('[:', at) || lastClose < at + 2) return undefined
  const close = pattern.indexOf(':]', at + 2)
  if (!posixClassNames.has(pattern.slice(at + 2, close).replace(/^\^/, ''))) {
    throw regexFailure('invalid character class range: unknown POSIX class')
  }
  return close + 2
}

function readClassCharacter(pattern: string, at: number): Read {
  const code = pattern.codePointAt(at)
  if (code === undefined) throw regexFailure('missing closing ]')
  if (code === 0x5c) return readEscape(pattern, at)
  return { code, end: at + (code > 0xffff ? 2 : 1) }
}

/**
 * Checks the bracketed class that begins at `at` and returns where it ends. `lastClose` is where the pattern's last `:]`
 * is: searching for it each time would take quadratic time.
 */
export function skipClass(pattern: string, at: number, lastClose: number): number {
  let next = at + (pattern[at + 1] === '^' ? 2 : 1)
  for (let first = true; first || pattern[next] !== ']'; first = false) {
    const skipped = skipPosixClass(pattern, next, lastClose) ?? skipClassEscape(pattern, next)
    if (skipped !== undefined) {
      next = skipped
      continue
    }
    const low = readClassCharacter(pattern, next)
    next = low.end
    if (pattern[next] !== '-' || pattern[next + 1] === ']' || next + 1 >= pattern.length) continue
    const high = readClassCharacter(pattern, next + 1)
    if (high.code < low.code) throw regexFailure('invalid character class range')
    next = high.end
  }
  return next + 1
}
