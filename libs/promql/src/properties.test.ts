import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { AtModifier, BinaryOp, Expr, Matcher, ValueType, VectorMatching, VectorSelector } from './ast.ts'
import { aggregations, type FunctionSpec, functions } from './functions.ts'
import { parse } from './parse.ts'
import { print } from './print.ts'
import { decodeBytes } from './strings.ts'
import { typeOf } from './type-of.ts'
import { children, mapSelectors, selectors, walk } from './walk.ts'

const position = { start: 0, end: 0 }

// Any bytes, valid UTF-8 or not, with the characters that matter to a lexer more often than others.
const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 6 }),
  fc.array(fc.integer({ min: 0, max: 255 }), { maxLength: 6 }).map(decodeBytes),
  fc.constantFrom('up', 'a.b', 'on', 'without', 'inf', '', '{}"\\\n#', 'a:b', 'sum', '__name__', 'é'),
)
const label = fc.oneof(fc.constantFrom('job', 'env', 'on', 'without', 'nan', 'a.b'), text)
const matcher: fc.Arbitrary<Matcher> = fc.oneof(
  fc.record({ name: label, op: fc.constantFrom('=', '!='), value: text }),
  fc.record({
    name: label,
    op: fc.constantFrom('=~', '!~'),
    value: fc.constantFrom('a.*', '(x|y)', '', '\\d+', 'é'),
  }),
)
const ms = fc.integer({ min: 1, max: 10 ** 10 })
const at: fc.Arbitrary<AtModifier | undefined> = fc.oneof(
  fc.constant(undefined),
  fc.constantFrom<AtModifier>({ kind: 'start' }, { kind: 'end' }),
  fc
    .integer({ min: -(10 ** 15), max: 10 ** 15 })
    .map((value): AtModifier => ({ kind: 'timestamp', ms: value })),
  // Far from now not every millisecond is what some number of seconds rounds to.
  fc
    .double({ min: 0, max: 9_007_199_254_740, noNaN: true })
    .map((seconds): AtModifier => ({ kind: 'timestamp', ms: Math.round(seconds * 1000) })),
)
const offsetMs = fc.oneof(
  fc.constant(0),
  ms,
  ms.map((value) => -value),
)

const selector: fc.Arbitrary<VectorSelector> = fc
  .record({
    name: fc.option(text, { nil: undefined }),
    matchers: fc.array(matcher, { maxLength: 3 }),
    offsetMs,
    at,
  })
  .map(({ name, matchers, ...shift }) => {
    // What the parser makes: a named selector has no other name, a nameless one has a matcher that is not empty.
    const unnamed = matchers.filter((candidate) => candidate.name !== '__name__')
    const named = name !== undefined && name !== ''
    const certain: Matcher = { name: 'x', op: '=', value: '1' }
    return {
      kind: 'VectorSelector',
      name: named ? name : undefined,
      matchers: named ? unnamed : [...unnamed, certain],
      ...shift,
      position,
    }
  })

const labelList = fc.array(
  label.filter((name) => name !== '' && name.isWellFormed()),
  { maxLength: 2 },
)

function matchingOf(op: BinaryOp): fc.Arbitrary<VectorMatching> {
  const isSet = op === 'and' || op === 'or' || op === 'unless'
  return fc
    .record({
      on: fc.boolean(),
      labels: labelList,
      include: labelList,
      card: fc.constantFrom('one-to-one', 'many-to-one', 'one-to-many'),
    })
    .map(({ on, labels, include, card }) => {
      if (isSet) return { card: 'many-to-many', on, labels, include: [] }
      const grouped = card !== 'one-to-one'
      return { card, on, labels, include: grouped ? include.filter((name) => !labels.includes(name)) : [] }
    })
}

const arithmetic: readonly BinaryOp[] = ['+', '-', '*', '/', '%', '^', 'atan2']
const comparisons: readonly BinaryOp[] = ['==', '!=', '<', '>', '<=', '>=']
const sets: readonly BinaryOp[] = ['and', 'or', 'unless']
const specs: readonly (readonly [string, FunctionSpec])[] = Object.entries(functions)
const vectorFunctions = specs.filter(
  ([, { returns, refused }]) => returns === 'vector' && refused === undefined,
)

/** Trees as the parser makes them: what binds too loosely for its place is in parentheses. */
const expressions = fc.letrec<Record<'vector' | 'scalar' | 'matrix' | 'string' | 'atom' | 'number', Expr>>(
  (tie) => ({
    number: fc
      .double({ noDefaultInfinity: false })
      .map((value): Expr => ({ kind: 'NumberLiteral', value, position })),
    string: text.map((value): Expr => ({ kind: 'StringLiteral', value, position })),
    scalar: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      tie('number'),
      tie('scalar').map(parenthesis),
      fc
        .tuple(tie('scalar'), fc.constantFrom(...arithmetic), tie('scalar'))
        .map(([lhs, op, rhs]) => join(lhs, op, rhs)),
      tie('vector').map((arg): Expr => ({ kind: 'Call', func: 'scalar', args: [arg], position })),
    ),
    matrix: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      fc
        .tuple(selector, ms)
        .map(([vector, rangeMs]): Expr => ({ kind: 'MatrixSelector', vector, rangeMs, position })),
      fc
        .record({ expr: tie('atom'), rangeMs: ms, stepMs: fc.oneof(fc.constant(0), ms), offsetMs, at })
        .map((parts): Expr => ({ kind: 'SubqueryExpr', ...parts, position })),
    ),
    atom: fc.oneof({ depthSize: 'small', withCrossShrink: true }, selector, tie('vector').map(parenthesis)),
    vector: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      selector,
      tie('vector').map(parenthesis),
      tie('atom').map((expr): Expr => ({ kind: 'UnaryExpr', op: '-', expr, position })),
      fc
        .constantFrom(...arithmetic, ...comparisons, ...sets)
        .chain((op) =>
          fc
            .tuple(tie('vector'), tie('vector'), matchingOf(op))
            .map(([lhs, rhs, matching]) => join(lhs, op, rhs, matching)),
        ),
      fc.constantFrom(...Object.keys(aggregations)).chain((op) => {
        const param = aggregations[op as keyof typeof aggregations] as { param?: 'scalar' | 'string' }
        return fc
          .record({
            expr: tie('vector'),
            param: param.param === undefined ? fc.constant(undefined) : tie(param.param),
            grouping: labelList,
            without: fc.boolean(),
          })
          .map((parts): Expr => ({ kind: 'AggregateExpr', op, ...parts, position }))
      }),
      fc
        .constantFrom(...vectorFunctions)
        .chain(([func, { args, min }]) =>
          fc
            .tuple(...args.slice(0, Math.max(min, args.length - 1)).map((type) => tie(type)))
            .map((given): Expr => ({ kind: 'Call', func, args: given, position })),
        ),
    ),
  }),
)

function parenthesis(expr: Expr): Expr {
  return { kind: 'ParenExpr', expr, position }
}

/** A binary expression whose sides are wrapped unless they cannot be misread. */
function join(lhs: Expr, op: BinaryOp, rhs: Expr, matching?: VectorMatching): Expr {
  const closed = (expr: Expr): Expr =>
    expr.kind === 'BinaryExpr' || expr.kind === 'UnaryExpr' || expr.kind === 'NumberLiteral'
      ? parenthesis(expr)
      : expr
  return { kind: 'BinaryExpr', op, lhs: closed(lhs), rhs: closed(rhs), returnBool: false, matching, position }
}

const any = fc.oneof(expressions.vector, expressions.scalar, expressions.matrix, expressions.string)

/** A tree with every position the same. */
function unplaced(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(unplaced)
  if (typeof node !== 'object' || node === null) return node
  return Object.fromEntries(
    Object.entries(node).map(([key, value]) => [key, key === 'position' ? 0 : unplaced(value)]),
  )
}

describe('for any tree', () => {
  it('parse undoes print', () => {
    fc.assert(
      fc.property(any, (expr) => {
        expect(unplaced(parse(print(expr)))).toEqual(unplaced(expr))
      }),
      { numRuns: 5000 },
    )
  })

  it('rewriting the selectors touches each once and nothing else', () => {
    fc.assert(
      fc.property(any, (expr) => {
        const added: Matcher = { name: 'tenant', op: '=', value: 'a' }
        const rewritten = mapSelectors(expr, (one) => ({ ...one, matchers: [added, ...one.matchers] }))
        expect(selectors(rewritten).map(({ matchers }) => matchers[0])).toEqual(
          selectors(expr).map(() => added),
        )
        const undone = mapSelectors(rewritten, (one) => ({ ...one, matchers: one.matchers.slice(1) }))
        expect(unplaced(undone)).toEqual(unplaced(expr))
        expect(mapSelectors(expr, (one) => one)).toBe(expr)
        expect(
          selectors(parse(print(rewritten))).every(({ matchers }) => matchers[0]?.name === 'tenant'),
        ).toBe(true)
      }),
      { numRuns: 2000 },
    )
  })

  it('walk meets every node before its children', () => {
    fc.assert(
      fc.property(any, (expr) => {
        const met: Expr[] = []
        walk(expr, (node) => {
          met.push(node)
        })
        const all = (node: Expr): Expr[] => [node, ...children(node).flatMap(all)]
        expect(met).toEqual(all(expr))
      }),
      { numRuns: 500 },
    )
  })

  it.each<ValueType>(['vector', 'scalar', 'matrix', 'string'])('typeOf a %s is %s', (type) => {
    fc.assert(
      fc.property(expressions[type], (expr) => {
        expect(typeOf(expr)).toBe(type)
        expect(typeOf(parse(print(expr)))).toBe(type)
      }),
      { numRuns: 500 },
    )
  })
})

describe('for any text', () => {
  it('parse gives a tree or a bad_data error, never anything else', () => {
    const token = fc.constantFrom(
      ...'()[]{},:@=!<>+-*/%^"\'`#\\ \n\r'.split(''),
      'up',
      'sum',
      'by',
      'rate',
      '5m',
      '1',
      'offset',
      'and',
      'bool',
      'on',
      '"x"',
      '=~',
      '[5m]',
      '{a="b"}',
      '😀',
      '\ud800',
    )
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string({ unit: 'binary' }),
          fc.array(token, { maxLength: 30 }).map((tokens) => tokens.join('')),
        ),
        (query) => {
          try {
            const printed = print(parse(query))
            expect(print(parse(printed))).toBe(printed)
          } catch (error) {
            expect(error).toMatchObject({ code: 'bad_data' })
          }
        },
      ),
      { numRuns: 10_000 },
    )
  })
})
