import { describe, expect, it } from 'vitest'
import type { BinaryOp, Expr, VectorSelector } from './ast.ts'
import { parse } from './parse.ts'
import { print } from './print.ts'
import { mapSelectors } from './walk.ts'

describe('print', () => {
  it.each([
    [`up{a='b',}#c`, 'up{a="b"}'],
    ['up{}', 'up'],
    ['{"up"}', 'up'],
    ['{"up","a"="b"}', 'up{a="b"}'],
    ['{"my.metric",a="b"}', '{"my.metric",a="b"}'],
    ['{a="b","my.metric"}', '{"my.metric",a="b"}'],
    ['{"on"}', '{"on"}'],
    ['{"NaN"} + {"Bool"}', '{"NaN"} + {"Bool"}'],
    ['{"sum"} + {"by"} + {"start"}', 'sum + by + start'],
    ['{"é.b"=~"x",up="y"}', '{"é.b"=~"x",up="y"}'],
    ['{"up","down"}', '{__name__="up",__name__="down"}'],
    ['SUM(up)BY(Job)', 'sum by (Job) (up)'],
    ['sum(up) by ()', 'sum(up)'],
    ['sum(up) without ()', 'sum without () (up)'],
    ['sum by ("without","inf","a.b","ok") (up)', 'sum by ("without", "inf", "a.b", ok) (up)'],
    ['topk by(a)(5,up)', 'topk by (a) (5, up)'],
    ['a+ignoring()b', 'a + b'],
    ['a+on()b', 'a + on () b'],
    ['a>bool ignoring(x)group_right(y)b', 'a > bool ignoring (x) group_right (y) b'],
    ['a*on(x)group_left b', 'a * on (x) group_left () b'],
    ['1 + on () up', '1 + up'],
    ['a AND b OR c', 'a and b or c'],
    ['a[300]', 'a[5m]'],
    ['a[90s:1m]', 'a[1m30s:1m]'],
    ['a[7d:]', 'a[1w:]'],
    ['a offset -90m @ 1609746000.5', 'a @ 1609746000.5 offset -1h30m'],
    ['a[5m] offset 1m @ start()', 'a[5m] @ start() offset 1m'],
    ['a @ -0.001', 'a @ -0.001'],
    ['a @ 9007199254740.991', 'a @ 9007199254740.99'],
    ['1h', '3600'],
    ['0x10 + 010 + 1_0', '16 + 8 + 10'],
    ['- - 1', '1'],
    ['+Inf', 'Inf'],
    ['-nan', 'NaN'],
    [`'a"b'`, '"a\\"b"'],
    ['"\\xff"', '"\\xff"'],
    ['( ( a ) )', '((a))'],
    ['a\n+\n#c\nb', 'a + b'],
  ])('%s as %s', (query, text) => {
    expect(print(parse(query))).toBe(text)
    expect(print(parse(text))).toBe(text)
  })

  it('keeps a bare name and a name matcher apart when a rewrite puts them together', () => {
    const named = mapSelectors(parse('rate(up{x="1"}[5m])'), (selector) => ({
      ...selector,
      matchers: [{ name: '__name__', op: '=~', value: 'app_.*' }, ...selector.matchers],
    }))
    expect(print(named)).toBe('rate({__name__="up",__name__=~"app_.*",x="1"}[5m])')
    expect(print(parse(print(named)))).toBe(print(named))
  })

  it('refuses surrogates that stand for no byte', () => {
    const expr = mapSelectors(parse('up'), (selector) => ({
      ...selector,
      matchers: [{ name: 'a', op: '=', value: '\ud800' }],
    }))
    expect(() => print(expr)).toThrow(/lone surrogate/)
  })
})

describe('print of rewritten trees', () => {
  const position = { start: 0, end: 0 }
  const named = (name: string): VectorSelector => ({
    kind: 'VectorSelector',
    name,
    matchers: [],
    offsetMs: 0,
    at: undefined,
    position,
  })
  const [a, b, c] = [named('a'), named('b'), named('c')]
  const number = (value: number): Expr => ({ kind: 'NumberLiteral', value, position })
  const minus = (expr: Expr): Expr => ({ kind: 'UnaryExpr', op: '-', expr, position })
  const binary = (lhs: Expr, op: BinaryOp, rhs: Expr): Expr => ({
    kind: 'BinaryExpr',
    op,
    lhs,
    rhs,
    returnBool: false,
    matching: { card: 'one-to-one', on: false, labels: [], include: [] },
    position,
  })
  const subquery = (expr: Expr): Expr => ({
    kind: 'SubqueryExpr',
    expr,
    rangeMs: 60_000,
    stepMs: 0,
    offsetMs: 0,
    at: undefined,
    position,
  })

  it.each([
    [binary(binary(a, '+', b), '*', c), '(a + b) * c'],
    [binary(a, '*', binary(b, '+', c)), 'a * (b + c)'],
    [binary(a, '-', binary(b, '-', c)), 'a - (b - c)'],
    [binary(binary(a, '-', b), '-', c), 'a - b - c'],
    [binary(binary(a, '^', b), '^', c), '(a ^ b) ^ c'],
    [binary(a, '^', binary(b, '^', c)), 'a ^ b ^ c'],
    [binary(minus(a), '^', b), '(-a) ^ b'],
    [minus(binary(a, '^', b)), '-a ^ b'],
    [minus(binary(a, '*', b)), '-(a * b)'],
    [binary(minus(a), '*', b), '-a * b'],
    [binary(a, '^', minus(b)), 'a ^ -b'],
    [binary(binary(a, '^', minus(b)), '*', c), 'a ^ -b * c'],
    [binary(binary(a, '*', minus(b)), '^', c), '(a * -b) ^ c'],
    [binary(number(-1), '^', number(2)), '(-1) ^ 2'],
    [binary(number(2), '^', number(-1)), '2 ^ -1'],
    [binary(number(-1), '+', number(-2)), '-1 + -2'],
    [minus(minus(a)), '--a'],
    [binary(a, 'and', binary(b, 'or', c)), 'a and (b or c)'],
    [binary(a, 'or', binary(b, 'unless', c)), 'a or b unless c'],
    [binary(a, '==', binary(b, '==', c)), 'a == (b == c)'],
    [subquery(binary(a, '+', b)), '(a + b)[1m:]'],
    [subquery(minus(a)), '(-a)[1m:]'],
    [subquery(a), 'a[1m:]'],
  ])('adds the parentheses the tree needs: %#', (expr, text) => {
    expect(print(expr)).toBe(text)
    // Without the added parentheses the structure is the one that was printed.
    const strip = (node: Expr): unknown => {
      if (node.kind === 'ParenExpr') return strip(node.expr)
      if (node.kind === 'BinaryExpr') return [strip(node.lhs), node.op, strip(node.rhs)]
      if (node.kind === 'UnaryExpr') return [node.op, strip(node.expr)]
      return node.kind === 'SubqueryExpr' ? [strip(node.expr)] : print(node)
    }
    expect(strip(parse(text))).toEqual(strip(expr))
  })
})
