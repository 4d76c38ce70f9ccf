import { GatehouseError } from '@gatehouse/errors'

/*
 * PromQL strings are byte strings. Here they are JavaScript strings: valid UTF-8 decoded, every byte that is not part of
 * a valid sequence kept as a lone surrogate U+DC80…U+DCFF. That is one-to-one, so comparing texts compares bytes.
 */

const simpleEscapes: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
  "'": "'",
  '"': '"',
}

/** Length of the valid UTF-8 sequence that starts at `at`, or 0. */
function sequenceLength(bytes: readonly number[], at: number): number {
  const lead = bytes[at] ?? 0
  const length = lead < 0x80 ? 1 : lead < 0xc2 ? 0 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : lead < 0xf5 ? 4 : 0
  for (let i = 1; i < length; i++) {
    const next = bytes[at + i] ?? 0
    if ((next & 0xc0) !== 0x80) return 0
  }
  const second = bytes[at + 1] ?? 0
  const outOfRange =
    (lead === 0xe0 && second < 0xa0) || // overlong
    (lead === 0xed && second > 0x9f) || // surrogate
    (lead === 0xf0 && second < 0x90) || // overlong
    (lead === 0xf4 && second > 0x8f) // above U+10FFFF
  return outOfRange ? 0 : length
}

/** Decodes bytes as described at the top of this file. */
export function decodeBytes(bytes: readonly number[]): string {
  let text = ''
  for (let at = 0; at < bytes.length; ) {
    const byte = bytes[at] ?? 0
    const length = sequenceLength(bytes, at)
    if (length === 0) text += String.fromCharCode(0xdc00 + byte)
    else if (length === 1) text += String.fromCharCode(byte)
    else {
      let code = byte & (0x7f >> length)
      for (let i = 1; i < length; i++) code = (code << 6) | ((bytes[at + i] ?? 0) & 0x3f)
      text += String.fromCodePoint(code)
    }
    at += Math.max(1, length)
  }
  return text
}

/**
 * The text of a string literal, its quotes included, that the lexer accepted: Go's escapes in `"…"` and `'…'`, none in
 * backquotes.
 */
export function unquote(literal: string): string {
  const inner = literal.slice(1, -1)
  if (literal[0] === '`' || !inner.includes('\\')) return inner
  let text = ''
  let bytes: number[] = [] // escaped bytes not yet decoded: several may make one character
  let from = 0
  const take = (upTo: number): void => {
    if (upTo === from) return
    text += decodeBytes(bytes) + inner.slice(from, upTo)
    bytes = []
  }
  for (let at = inner.indexOf('\\'); at !== -1; at = inner.indexOf('\\', from)) {
    take(at)
    const kind = inner[at + 1] ?? ''
    const simple = simpleEscapes[kind]
    const digits = kind === 'x' ? 2 : kind === 'u' ? 4 : kind === 'U' ? 8 : 0
    if (simple !== undefined) {
      bytes.push(simple.charCodeAt(0))
      from = at + 2
    } else if (digits === 0) {
      bytes.push(Number.parseInt(inner.slice(at + 1, at + 4), 8))
      from = at + 4
    } else {
      const code = Number.parseInt(inner.slice(at + 2, at + 2 + digits), 16)
      from = at + 2 + digits
      if (kind === 'x') bytes.push(code)
      else {
        text += decodeBytes(bytes) + String.fromCodePoint(code)
        bytes = []
      }
    }
  }
  take(inner.length)
  return text + decodeBytes(bytes)
}

const plainText = /^[\x20\x21\x23-\x5b\x5d-\x7e]*$/
const invisible = /[\p{C}\p{Z}]/u

function hex(code: number, digits: number): string {
  return code.toString(16).padStart(digits, '0')
}

function escapeCharacter(character: string, code: number): string {
  if (character === '"' || character === '\\') return `\\${character}`
  if (character === '\n') return '\\n'
  if (character === '\r') return '\\r'
  if (character === '\t') return '\\t'
  if (code >= 0xd800 && code <= 0xdfff) {
    if (code >= 0xdc80 && code <= 0xdcff) return `\\x${hex(code - 0xdc00, 2)}`
    throw new GatehouseError('bad_data', `a PromQL string cannot hold the lone surrogate U+${hex(code, 4)}`)
  }
  if (code < 0x20 || code === 0x7f) return `\\x${hex(code, 2)}`
  // Prometheus refuses a literal U+FFFD; the invisible ones are escaped so that an audit log shows what was asked.
  if (code === 0xfffd || (code > 0x7f && invisible.test(character))) {
    return code > 0xffff ? `\\U${hex(code, 8)}` : `\\u${hex(code, 4)}`
  }
  return character
}

/** A text as a double-quoted PromQL string literal; the inverse of {@link unquote}. Throws `bad_data` for surrogates that stand for no byte. */
export function quote(text: string): string {
  if (plainText.test(text)) return `"${text}"`
  let literal = '"'
  for (const character of text) literal += escapeCharacter(character, character.codePointAt(0) ?? 0)
  return `${literal}"`
}

/** Whether the text stands for valid UTF-8, that is, holds no undecodable byte. */
export function isValidUtf8(text: string): boolean {
  return text.isWellFormed()
}
