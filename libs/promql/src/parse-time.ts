import type { AtModifier } from './ast.ts'
import type { Draft, DraftMatrix, DraftSelector, DraftSubquery } from './draft.ts'
import { noDurationExpressions } from './lex.ts'
import { durationSeconds, parseDuration, parseNumber, secondsToMs } from './numbers.ts'
import { quoteForMessage } from './parse-error.ts'
import type { Token } from './token.ts'
import type { TokenStream } from './token-stream.ts'

/** Value of a number token, or of a duration token in seconds. */
export function numberValue(tokens: TokenStream, token: Token): number {
  if (token.kind === 'duration') return durationSeconds(durationMs(tokens, token))
  const value = parseNumber(token.text)
  if (value === undefined)
    throw tokens.error(token.start, `not a valid number: ${quoteForMessage(token.text)}`)
  return value
}

/** Milliseconds of a duration token, or of a number token taken as seconds. */
function durationMs(tokens: TokenStream, token: Token): number {
  const isNumber = token.kind === 'number'
  const ms = isNumber ? secondsToMs(numberValue(tokens, token)) : parseDuration(token.text)
  if (ms !== undefined) return ms
  const reason = isNumber
    ? 'duration out of range or not a whole number of milliseconds'
    : 'not a valid duration, or out of range'
  throw tokens.error(token.start, `${reason}: ${quoteForMessage(token.text)}`)
}

function isNumeric(token: Token): boolean {
  return token.kind === 'number' || token.kind === 'duration'
}

function parsePositiveDuration(tokens: TokenStream): number {
  const token = tokens.peek()
  if (!isNumeric(token))
    throw tokens.unexpected('subquery or range', `number or duration (${noDurationExpressions})`)
  tokens.take()
  const ms = durationMs(tokens, token)
  if (ms <= 0) throw tokens.error(token.start, 'duration must be greater than 0')
  return ms
}

function parseSign(tokens: TokenStream): 1 | -1 {
  const token = tokens.peek()
  if (token.kind !== 'operator' || (token.text !== '+' && token.text !== '-')) return 1
  tokens.take()
  return token.text === '-' ? -1 : 1
}

function matrixOf(tokens: TokenStream, expr: Draft, rangeMs: number, bracketStart: number): DraftMatrix {
  if (expr.kind !== 'VectorSelector') {
    throw tokens.error(bracketStart, 'ranges only allowed for vector selectors')
  }
  if (expr.offsetMs !== 0) throw tokens.error(bracketStart, 'no offset modifiers allowed before range')
  if (expr.at !== undefined) throw tokens.error(bracketStart, 'no @ modifiers allowed before range')
  const position = { start: expr.position.start, end: tokens.lastEnd() }
  return { kind: 'MatrixSelector', vector: expr, rangeMs, position }
}

/** Parses `[range]` or `[range:step]` after an expression; the bracket is the current token. */
export function parseRange(tokens: TokenStream, expr: Draft): DraftMatrix | DraftSubquery {
  const bracket = tokens.take()
  const rangeMs = parsePositiveDuration(tokens)
  if (tokens.accept(']')) return matrixOf(tokens, expr, rangeMs, bracket.start)
  if (!tokens.accept(':')) {
    throw tokens.unexpected('subquery or range', `":" or "]" (${noDurationExpressions})`)
  }
  const stepMs = tokens.is(']') ? 0 : parsePositiveDuration(tokens)
  tokens.expect(']', `subquery selector (${noDurationExpressions})`)
  const position = { start: expr.position.start, end: tokens.lastEnd() }
  return { kind: 'SubqueryExpr', expr, rangeMs, stepMs, offsetMs: 0, at: undefined, position }
}

/** The node that carries an expression's offset and `@`. */
function shiftOf(tokens: TokenStream, expr: Draft, modifier: string): DraftSelector | DraftSubquery {
  if (expr.kind === 'VectorSelector' || expr.kind === 'SubqueryExpr') return expr
  if (expr.kind === 'MatrixSelector') return expr.vector
  const wanted = 'an instant vector selector or range vector selector or a subquery'
  throw tokens.error(expr.position.start, `${modifier} must be preceded by ${wanted}`)
}

/** Parses `offset <duration>` after an expression; the keyword is the current token. */
export function parseOffset(tokens: TokenStream, expr: Draft): void {
  tokens.take()
  const sign = parseSign(tokens)
  if (!isNumeric(tokens.peek())) {
    throw tokens.unexpected('offset', `number or duration (${noDurationExpressions})`)
  }
  const ms = durationMs(tokens, tokens.take())
  const shift = shiftOf(tokens, expr, 'offset modifier')
  if (shift.offsetMs !== 0) throw tokens.error(expr.position.start, 'offset may not be set multiple times')
  shift.offsetMs = sign * ms + 0
  expr.position = { start: expr.position.start, end: tokens.lastEnd() }
}

/** Nearest millisecond, halves away from zero as Go rounds. */
function timestampMs(seconds: number): number {
  return Math.sign(seconds) * Math.round(Math.abs(seconds) * 1000) + 0
}

function parseTimestamp(tokens: TokenStream, expr: Draft): AtModifier {
  const sign = parseSign(tokens)
  if (!isNumeric(tokens.peek())) throw tokens.unexpected('@', 'timestamp')
  const ms = timestampMs(sign * numberValue(tokens, tokens.take()))
  // Prometheus allows up to 2^63 - 1; beyond 2^53 (the year 287396) a millisecond is no longer exact here.
  if (Number.isSafeInteger(ms)) return { kind: 'timestamp', ms }
  throw tokens.error(expr.position.start, 'timestamp out of bounds for @ modifier')
}

/** Parses `@ <timestamp>`, `@ start()` or `@ end()` after an expression; the `@` is the current token. */
export function parseAt(tokens: TokenStream, expr: Draft): void {
  tokens.take()
  const word = tokens.peek().kind === 'identifier' ? tokens.peek().text.toLowerCase() : ''
  let at: AtModifier
  if (word === 'start' || word === 'end') {
    tokens.take()
    tokens.expect('(', '@')
    tokens.expect(')', '@')
    at = { kind: word }
  } else at = parseTimestamp(tokens, expr)
  const shift = shiftOf(tokens, expr, '@ modifier')
  if (shift.at !== undefined)
    throw tokens.error(expr.position.start, '@ <timestamp> may not be set multiple times')
  shift.at = Object.freeze(at)
  expr.position = { start: expr.position.start, end: tokens.lastEnd() }
}
