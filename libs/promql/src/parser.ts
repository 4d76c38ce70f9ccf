import type { VectorMatching } from './ast.ts'
import { maxDepth } from './check.ts'
import type { Draft, DraftAggregate, DraftBinary, DraftCall } from './draft.ts'
import { aggregationSpec, functionSpec } from './functions.ts'
import { canNameGroupingLabel, canNameMetric } from './keywords.ts'
import { isBinaryOp, powerPrecedence, precedenceOf } from './operators.ts'
import { quoteForMessage } from './parse-error.ts'
import { parseVectorSelector } from './parse-selector.ts'
import { numberValue, parseAt, parseOffset, parseRange } from './parse-time.ts'
import { isValidUtf8, unquote } from './strings.ts'
import type { Token } from './token.ts'
import type { TokenStream } from './token-stream.ts'

/** How deep parentheses, arguments and operands may nest in the source. */
const maxNesting = 500

/** Precedence parser for expressions. Types are left to `check`. */
export class Parser {
  readonly #tokens: TokenStream
  #nesting = 0

  constructor(tokens: TokenStream) {
    this.#tokens = tokens
  }

  /** Parses operators that bind at least as tightly as `minPrecedence`. */
  expression(minPrecedence = 0): Draft {
    const tokens = this.#tokens
    if (++this.#nesting > maxNesting) {
      throw tokens.error(tokens.peek().start, `expression nested more than ${maxNesting} levels deep`)
    }
    let lhs = this.#unary()
    for (let operators = 1; ; operators++) {
      const { kind, text, start } = tokens.peek()
      if (kind !== 'operator' || !isBinaryOp(text)) break
      const precedence = precedenceOf(text)
      if (precedence < minPrecedence) break
      if (operators >= maxDepth) throw tokens.error(start, `more than ${maxDepth} operators in a row`)
      tokens.take()
      const binary = this.#binaryModifiers()
      const rhs = this.expression(precedence === powerPrecedence ? precedence : precedence + 1)
      const position = { start: lhs.position.start, end: rhs.position.end }
      lhs = { kind: 'BinaryExpr', op: text, lhs, rhs, ...binary, position }
    }
    this.#nesting--
    return lhs
  }

  #unary(): Draft {
    const tokens = this.#tokens
    const { kind, text, start } = tokens.peek()
    if (kind !== 'operator' || (text !== '+' && text !== '-')) return this.#postfix()
    tokens.take()
    const expr = this.expression(powerPrecedence)
    const position = { start, end: expr.position.end }
    if (expr.kind !== 'NumberLiteral') return { kind: 'UnaryExpr', op: text, expr, position }
    return { kind: 'NumberLiteral', value: text === '-' ? -expr.value : expr.value, position }
  }

  #postfix(): Draft {
    const tokens = this.#tokens
    let expr = this.#primary()
    for (;;) {
      const { kind, text } = tokens.peek()
      if (tokens.is('[')) expr = parseRange(tokens, expr)
      else if (tokens.is('@')) parseAt(tokens, expr)
      else if (tokens.is('offset')) parseOffset(tokens, expr)
      else if (kind === 'identifier' && /^(smoothed|anchored)$/i.test(text)) {
        throw tokens.error(tokens.peek().start, `the ${text.toLowerCase()} modifier is not supported`)
      } else return expr
    }
  }

  #primary(): Draft {
    const tokens = this.#tokens
    const token = tokens.peek()
    const position = { start: token.start, end: token.end }
    switch (token.kind) {
      case 'number':
      case 'duration':
        tokens.take()
        return { kind: 'NumberLiteral', value: numberValue(tokens, token), position }
      case 'string':
        tokens.take()
        return { kind: 'StringLiteral', value: unquote(token.text), position }
      case 'symbol':
        if (token.text === '(') return this.#paren()
        if (token.text === '{') return parseVectorSelector(tokens)
        break
      case 'aggregation':
        return this.#startsAggregation() ? this.#aggregate() : parseVectorSelector(tokens)
      case 'identifier':
        return tokens.isNext('(') ? this.#call() : parseVectorSelector(tokens)
      case 'colonName':
        return parseVectorSelector(tokens)
      case 'operator':
      case 'modifier':
        if (/^[a-z]/.test(token.text) && canNameMetric(token.text)) return parseVectorSelector(tokens)
        break
      case 'end':
        break
    }
    throw tokens.unexpected('')
  }

  #startsAggregation(): boolean {
    const tokens = this.#tokens
    return tokens.isNext('(') || tokens.isNext('by') || tokens.isNext('without')
  }

  #paren(): Draft {
    const { start } = this.#tokens.take()
    const expr = this.expression()
    const { end } = this.#tokens.expect(')', '')
    return { kind: 'ParenExpr', expr, position: { start, end } }
  }

  #arguments(): Draft[] {
    const tokens = this.#tokens
    tokens.expect('(', 'arguments')
    const args: Draft[] = []
    if (tokens.accept(')')) return args
    for (;;) {
      args.push(this.expression())
      if (tokens.accept(')')) return args
      if (!tokens.is(',')) throw tokens.unexpected('arguments', '"," or ")"')
      const comma = tokens.take()
      if (tokens.is(')')) throw tokens.error(comma.start, 'trailing commas not allowed in function call args')
    }
  }

  #call(): DraftCall {
    const tokens = this.#tokens
    const { text: func, start } = tokens.take()
    const args = this.#arguments()
    const spec = functionSpec(func)
    if (spec === undefined) {
      const isFill = /^fill(_left|_right)?$/i.test(func)
      throw tokens.error(
        start,
        isFill ? 'fill modifiers are not supported' : `unknown function with name ${quoteForMessage(func)}`,
      )
    }
    if (spec.refused !== undefined) throw tokens.error(start, `${func}() is not supported: ${spec.refused}`)
    return { kind: 'Call', func, args, position: { start, end: tokens.lastEnd() } }
  }

  #aggregate(): DraftAggregate {
    const tokens = this.#tokens
    const { text: op, start } = tokens.take()
    const before = this.#aggregateModifier()
    const args = this.#arguments()
    const modifier = before ?? this.#aggregateModifier() ?? { grouping: [], without: false }
    const position = { start, end: tokens.lastEnd() }
    const wanted = aggregationSpec(op)?.param === undefined ? 1 : 2
    if (args.length === 0) throw tokens.error(start, 'no arguments for aggregate expression provided')
    const expr = args[wanted - 1]
    if (expr === undefined || args.length > wanted) {
      const counts = `expected ${wanted}, got ${args.length}`
      throw tokens.error(start, `wrong number of arguments for aggregate expression provided, ${counts}`)
    }
    return {
      kind: 'AggregateExpr',
      op,
      expr,
      param: wanted === 2 ? args[0] : undefined,
      ...modifier,
      position,
    }
  }

  #aggregateModifier(): { grouping: string[]; without: boolean } | undefined {
    const without = this.#tokens.is('without')
    if (!without && !this.#tokens.is('by')) return undefined
    this.#tokens.take()
    return { grouping: this.#labels(), without }
  }

  /** Parses what may stand between a binary operator and its right side. */
  #binaryModifiers(): Pick<DraftBinary, 'returnBool' | 'matching'> {
    const tokens = this.#tokens
    const returnBool = tokens.accept('bool')
    const matching: { -readonly [K in keyof VectorMatching]: VectorMatching[K] } = {
      card: 'one-to-one',
      on: tokens.is('on'),
      labels: [],
      include: [],
    }
    if (matching.on || tokens.is('ignoring')) {
      tokens.take()
      matching.labels = this.#labels()
      const left = tokens.is('group_left')
      if (left || tokens.is('group_right')) {
        tokens.take()
        matching.card = left ? 'many-to-one' : 'one-to-many'
        if (tokens.is('(')) matching.include = this.#labels()
      }
    }
    return { returnBool, matching }
  }

  #labels(): string[] {
    const tokens = this.#tokens
    tokens.expect('(', 'grouping opts')
    const labels: string[] = []
    while (!tokens.accept(')')) {
      labels.push(this.#label(tokens.peek()))
      tokens.take()
      if (tokens.accept(',') || tokens.is(')')) continue
      throw tokens.unexpected('grouping opts', '"," or ")"')
    }
    return labels
  }

  #label({ kind, text, start, end }: Token): string {
    const tokens = this.#tokens
    if (kind === 'string') {
      const label = unquote(text)
      if (label === '' || !isValidUtf8(label))
        throw tokens.error(start, `invalid label name for grouping: ${quoteForMessage(text)}`)
      return label
    }
    const isWord = kind !== 'number' && kind !== 'duration' && /^[a-z_:]/i.test(text)
    if (!isWord || !canNameGroupingLabel(text)) {
      throw tokens.unexpected('grouping opts', 'label')
    }
    return tokens.text.slice(start, end)
  }
}
