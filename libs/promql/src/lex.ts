import { wordKind } from './keywords.ts'
import type { GatehouseError } from '@gatehouse/errors'
import { parseError, quoteForMessage } from './parse-error.ts'
import type { Token, TokenKind } from './token.ts'

// Character classes by code unit: the language outside strings and comments is ASCII.
const space = 1
const digit = 2
const alpha = 4
const classes = new Uint8Array(128)
for (const character of ' \t\n\r') classes[character.charCodeAt(0)] = space
for (const character of '0123456789') classes[character.charCodeAt(0)] = digit
for (let code = 0; code < 128; code++) {
  if (/[a-zA-Z_]/.test(String.fromCharCode(code))) classes[code] = alpha
}

function classOf(code: number): number {
  return code < 128 ? (classes[code] ?? 0) : 0
}

function show(text: string, at: number): string {
  return at < text.length ? JSON.stringify(String.fromCodePoint(text.codePointAt(at) ?? 0)) : 'end of input'
}

function skipComment(text: string, at: number): number {
  // As in Prometheus, CR ends a comment as well as LF: what follows it is query text.
  for (let i = at; ; i++) {
    const code = text.charCodeAt(i)
    if (i >= text.length || code === 0x0a || code === 0x0d) return i
  }
}

const escapeDigits: Readonly<Record<string, readonly [digits: number, pattern: RegExp]>> = {
  x: [2, /[0-9a-fA-F]{2}/y],
  u: [4, /[0-9a-fA-F]{4}/y],
  U: [8, /[0-9a-fA-F]{8}/y],
}
const octalEscape = /[0-3][0-7]{2}/y

/** End of the escape whose backslash is at `at`. */
function skipEscape(text: string, at: number, start: number): number {
  const kind = text[at + 1] ?? ''
  if (kind === text[start] || (kind !== '' && 'abfnrtv\\'.includes(kind))) return at + 2
  if (kind >= '0' && kind <= '7') {
    octalEscape.lastIndex = at + 1
    if (octalEscape.test(text)) return at + 4
    throw parseError(text, start, 'invalid octal escape sequence')
  }
  const hex = escapeDigits[kind]
  if (hex === undefined)
    throw parseError(text, start, `unknown escape sequence: backslash and ${show(text, at + 1)}`)
  const [digits, pattern] = hex
  pattern.lastIndex = at + 2
  if (!pattern.test(text)) throw parseError(text, start, `malformed escape sequence \\${kind}`)
  const code = Number.parseInt(text.slice(at + 2, at + 2 + digits), 16)
  if (code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) {
    throw parseError(text, start, 'escape sequence is an invalid Unicode code point')
  }
  return at + 2 + digits
}

function scanString(text: string, start: number): number {
  const open = text.charCodeAt(start)
  const raw = open === 0x60
  let at = start + 1
  while (at < text.length) {
    const code = text.charCodeAt(at)
    if (code === open) return at + 1
    if (code === 0x5c && !raw) at = skipEscape(text, at, start)
    else if (code === 0x0a && !raw) break
    else if (code === 0xfffd) throw parseError(text, start, 'invalid UTF-8 in string')
    else at++
  }
  throw parseError(text, start, 'unterminated string')
}

/** Whether what ends at `end` is not followed by more letters or digits. */
function endsWord(text: string, end: number): boolean {
  return (classOf(text.charCodeAt(end)) & (alpha | digit)) === 0
}

const hexNumber = /0[xX]_?[0-9a-fA-F]*(?:_[0-9a-fA-F]+)*/y
const decimalNumber = /(?:[0-9][0-9_]*\.?[0-9_]*|\.[0-9][0-9_]*)(?:[eE][+-]?[0-9_]+)?/y
const durationRest = /[smhdwy]s?(?:[0-9]+[smhdw]s?)*/y

/** Scans a number, or a duration: a number followed by units. What is malformed inside is refused when it is read. */
function scanNumber(text: string, start: number): { kind: TokenKind; end: number } {
  let end = start
  for (const pattern of [hexNumber, decimalNumber]) {
    pattern.lastIndex = start
    const match = pattern.exec(text)
    if (match === null) continue
    end = pattern.lastIndex
    if (endsWord(text, end) && text[end] !== '.') return { kind: 'number', end }
    break
  }
  durationRest.lastIndex = end
  if (durationRest.test(text) && endsWord(text, durationRest.lastIndex)) {
    return { kind: 'duration', end: durationRest.lastIndex }
  }
  throw parseError(text, start, `bad number or duration ${quoteForMessage(text.slice(start, end + 1))}`)
}

/** Said wherever Prometheus would read a newer server's duration arithmetic. */
export const noDurationExpressions = 'duration expressions are not supported'

const twoCharacterSymbols = new Set(['==', '!=', '<=', '>='])
const twoCharacterSymbolsInBraces = new Set(['=~', '!~', '!='])
const symbols = new Set('()[]{},=+-*/%^<>@')

/** Splits a query into tokens, one at a time, following Prometheus's lexer; linear in the text's length. */
export class Lexer {
  readonly #text: string
  #at = 0
  #inBraces = false
  #inBrackets = false
  #afterBracket = false
  #openParens = 0

  constructor(text: string) {
    this.#text = text
  }

  /** The next token; `end` again and again after the last. Throws `bad_data` for what is no token. */
  next(): Token {
    this.#skipBlank()
    const text = this.#text
    const start = this.#at
    if (start >= text.length) return this.#end()
    const code = text.charCodeAt(start)
    const type = classOf(code)
    const isNumber = type === digit || (code === 0x2e && classOf(text.charCodeAt(start + 1)) === digit)
    if (this.#afterBracket && !isNumber) throw this.#noDuration()
    this.#afterBracket = false
    if (code === 0x22 || code === 0x27 || code === 0x60) {
      const end = scanString(text, start)
      return this.#token('string', text.slice(start, end), end)
    }
    if (type === alpha || (code === 0x3a && !this.#inBraces)) return this.#word()
    if (this.#inBraces) return this.#braceSymbol()
    if (!isNumber) return this.#symbol()
    const { kind, end } = scanNumber(text, start)
    return this.#token(kind, text.slice(start, end), end)
  }

  #token(kind: TokenKind, text: string, end: number): Token {
    const start = this.#at
    this.#at = end
    return { kind, text, start, end }
  }

  #end(): Token {
    if (this.#inBraces) throw this.#fail('unexpected end of input inside braces')
    if (this.#afterBracket) throw this.#noDuration()
    return this.#token('end', '', this.#text.length)
  }

  #fail(reason: string): GatehouseError {
    return parseError(this.#text, this.#at, reason)
  }

  #noDuration(): GatehouseError {
    const found = show(this.#text, this.#at)
    return this.#fail(`unexpected ${found} in a range, expected a duration (${noDurationExpressions})`)
  }

  /** Skips spaces and comments; between `[` and the duration Prometheus allows no comment. */
  #skipBlank(): void {
    for (;;) {
      const code = this.#text.charCodeAt(this.#at)
      if (classOf(code) === space) this.#at++
      else if (code === 0x23 && !this.#afterBracket) this.#at = skipComment(this.#text, this.#at)
      else return
    }
  }

  #word(): Token {
    const text = this.#text
    const start = this.#at
    if (this.#inBrackets) {
      if (text[start] === ':') return this.#token('symbol', ':', start + 1)
      throw this.#fail(`unexpected character in a range: ${show(text, start)} (${noDurationExpressions})`)
    }
    let end = start
    let colon = false
    for (; ; end++) {
      const code = text.charCodeAt(end)
      if (code === 0x3a && !this.#inBraces) colon = true
      else if ((classOf(code) & (alpha | digit)) === 0) break
    }
    const word = text.slice(start, end)
    if (colon) return this.#token('colonName', word, end)
    const kind = this.#inBraces ? undefined : wordKind(word)
    if (kind === undefined) return this.#token('identifier', word, end)
    return this.#token(kind, kind === 'number' ? word : word.toLowerCase(), end)
  }

  #braceSymbol(): Token {
    const start = this.#at
    const pair = this.#text.slice(start, start + 2)
    if (twoCharacterSymbolsInBraces.has(pair)) return this.#token('symbol', pair, start + 2)
    const symbol = pair[0] ?? ''
    if (symbol !== ',' && symbol !== '=' && symbol !== '}') {
      throw this.#fail(`unexpected character inside braces: ${show(this.#text, start)}`)
    }
    this.#inBraces = symbol !== '}'
    return this.#token('symbol', symbol, start + 1)
  }

  #symbol(): Token {
    const start = this.#at
    const pair = this.#text.slice(start, start + 2)
    if (pair === '</' || pair === '>/') throw this.#fail(`the operator ${pair} is not supported`)
    if (twoCharacterSymbols.has(pair)) return this.#token('operator', pair, start + 2)
    const symbol = pair[0] ?? ''
    if (!symbols.has(symbol) || pair === '=~') {
      throw this.#fail(`unexpected character: ${show(this.#text, start)}`)
    }
    if (symbol === '(') this.#openParens++
    else if (symbol === ')' && --this.#openParens < 0) {
      throw parseError(this.#text, start + 1, 'unexpected right parenthesis')
    } else if (symbol === '{') this.#inBraces = true
    else if (symbol === ']') this.#inBrackets = false
    else if (symbol === '[') {
      if (this.#inBrackets) throw this.#fail('unexpected left bracket')
      this.#inBrackets = this.#afterBracket = true
    }
    return this.#token('+-*/%^<>'.includes(symbol) ? 'operator' : 'symbol', symbol, start + 1)
  }
}
