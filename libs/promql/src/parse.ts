import { GatehouseError } from '@gatehouse/errors'
import type { Expr, Matcher, VectorSelector } from './ast.ts'
import { check } from './check.ts'
import { canNameMetric } from './keywords.ts'
import { matchesEmpty, metricNameLabel } from './matchers.ts'
import { utf8Length } from './parse-error.ts'
import { parseVectorSelector } from './parse-selector.ts'
import { Parser } from './parser.ts'
import { TokenStream } from './token-stream.ts'

/** Longest query accepted unless told otherwise, in bytes of UTF-8. */
export const defaultMaxBytes = 64 * 1024

export interface ParseOptions {
  /** Longest text accepted, in bytes of UTF-8; {@link defaultMaxBytes} unless given. */
  readonly maxBytes?: number
}

function open(text: string, options: ParseOptions): TokenStream {
  const limit = options.maxBytes ?? defaultMaxBytes
  if (text.length > limit || (text.length * 3 > limit && utf8Length(text) > limit)) {
    throw new GatehouseError('bad_data', `query is longer than the limit of ${limit} bytes`)
  }
  if (!text.isWellFormed()) throw new GatehouseError('bad_data', 'query is not valid Unicode text')
  return new TokenStream(text)
}

/**
 * Parses and type-checks a PromQL expression as Prometheus does. Throws `bad_data` with a position for whatever
 * Prometheus refuses and for the few constructs that are not supported (see README).
 *
 * ```ts
 * print(parse('sum(rate(x[5m]))by(job)')) // 'sum by (job) (rate(x[5m]))'
 * ```
 */
export function parse(text: string, options: ParseOptions = {}): Expr {
  const tokens = open(text, options)
  if (tokens.peek().kind === 'end') throw tokens.error(0, 'no expression found in input')
  const expr = new Parser(tokens).expression()
  if (tokens.peek().kind !== 'end') throw tokens.unexpected('')
  check(expr, text)
  return expr
}

/** Parses a lone selector; a name next to `__name__` matchers becomes one of them, as `match[]` allows that. */
function parseLoneSelector(text: string, options: ParseOptions): VectorSelector {
  const tokens = open(text, options)
  const { kind, text: word } = tokens.peek()
  const isName = kind === 'identifier' || kind === 'colonName' || kind === 'aggregation'
  const isWord = (kind === 'operator' || kind === 'modifier') && /^[a-z]/.test(word) && canNameMetric(word)
  if (!isName && !isWord && !tokens.is('{')) throw tokens.unexpected('')
  const selector = parseVectorSelector(tokens)
  if (tokens.peek().kind !== 'end') throw tokens.unexpected('')
  if (selector.name !== undefined && selector.matchers.some(({ name }) => name === metricNameLabel)) {
    selector.matchers = [
      Object.freeze({ name: metricNameLabel, op: '=', value: selector.name }),
      ...selector.matchers,
    ]
    selector.name = undefined
  }
  Object.freeze(selector.matchers)
  Object.freeze(selector.position)
  return Object.freeze(selector)
}

/** Parses a `match[]` parameter: one instant vector selector without offset and `@`. Throws `bad_data`. */
export function parseSelector(text: string, options: ParseOptions = {}): VectorSelector {
  const selector = parseLoneSelector(text, options)
  if (selector.name === undefined && selector.matchers.every(matchesEmpty)) {
    throw new GatehouseError('bad_data', 'match[] must contain at least one non-empty matcher')
  }
  return selector
}

/**
 * Parses matchers in braces, `{env="prod", team=~"a|b"}`, such as a grant's constraint; a metric name counts as a
 * `__name__` matcher. They may all match empty; none at all gives an empty list. Throws `bad_data`.
 */
export function parseMatchers(text: string, options: ParseOptions = {}): readonly Matcher[] {
  const { name, matchers } = parseLoneSelector(text, options)
  if (name === undefined) return matchers
  return Object.freeze([Object.freeze<Matcher>({ name: metricNameLabel, op: '=', value: name }), ...matchers])
}
