import type { GatehouseError } from '@gatehouse/errors'
import { Lexer } from './lex.ts'
import { parseError, quoteForMessage } from './parse-error.ts'
import type { Token } from './token.ts'

function describe(token: Token): string {
  if (token.kind === 'end') return 'end of input'
  const kind = token.kind === 'colonName' ? 'metric name' : token.kind
  return `${kind} ${quoteForMessage(token.text)}`
}

function isWord(token: Token, text: string): boolean {
  return token.text === text && (token.kind === 'symbol' || token.kind === 'modifier')
}

/** Cursor over a query's tokens; every syntax error is made here. */
export class TokenStream {
  readonly text: string
  readonly #lexer: Lexer
  #current: Token
  #following: Token | undefined
  #lastEnd = 0

  constructor(text: string) {
    this.text = text
    this.#lexer = new Lexer(text)
    this.#current = this.#lexer.next()
  }

  /** The current token. */
  peek(): Token {
    return this.#current
  }

  /** Consumes the current token. */
  take(): Token {
    const taken = this.#current
    this.#current = this.#following ?? this.#lexer.next()
    this.#following = undefined
    this.#lastEnd = taken.end
    return taken
  }

  /** Whether the current token is that symbol or lower-case reserved word. */
  is(text: string): boolean {
    return isWord(this.#current, text)
  }

  /** Whether the token after the current one is that symbol or lower-case reserved word. */
  isNext(text: string): boolean {
    this.#following ??= this.#lexer.next()
    return isWord(this.#following, text)
  }

  /** Consumes the current token if it is that symbol or reserved word. */
  accept(text: string): boolean {
    const found = this.is(text)
    if (found) this.take()
    return found
  }

  /** Consumes the given symbol or fails. */
  expect(symbol: string, context: string): Token {
    if (!this.is(symbol)) throw this.unexpected(context, `"${symbol}"`)
    return this.take()
  }

  /** End of the last consumed token. */
  lastEnd(): number {
    return this.#lastEnd
  }

  /** An error at an offset of the text. */
  error(offset: number, reason: string): GatehouseError {
    return parseError(this.text, offset, reason)
  }

  /** The error for the current token, which nothing here can begin with. */
  unexpected(context: string, expected?: string): GatehouseError {
    const token = this.peek()
    const where = context === '' ? '' : ` in ${context}`
    const wanted = expected === undefined ? '' : `, expected ${expected}`
    return this.error(token.start, `unexpected ${describe(token)}${where}${wanted}`)
  }
}
