import { isGatehouseError } from '@gatehouse/errors'
import { describe, expect, it } from 'vitest'
import type { Expr } from './ast.ts'
import { parse } from './parse.ts'
import { print } from './print.ts'

/** The error for a query, as `code message`. */
function refusal(query: string): string {
  try {
    return `accepted as ${print(parse(query))}`
  } catch (error) {
    if (!isGatehouseError(error)) throw error
    return `${error.code} ${error.message}`
  }
}

/** A tree without positions. */
function bare(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(bare)
  if (typeof node !== 'object' || node === null) return node
  return Object.fromEntries(
    Object.entries(node)
      .filter(([key]) => key !== 'position')
      .map(([key, value]) => [key, bare(value)]),
  )
}

const plain = { offsetMs: 0, at: undefined }
const selector = (name: string) => ({ kind: 'VectorSelector', name, matchers: [], ...plain })

describe('parse', () => {
  it('reads a selector with every part', () => {
    expect(bare(parse(`up{job="x", env!~'a|b',} offset -1h @ 1.5`))).toEqual({
      kind: 'VectorSelector',
      name: 'up',
      matchers: [
        { name: 'job', op: '=', value: 'x' },
        { name: 'env', op: '!~', value: 'a|b' },
      ],
      offsetMs: -3_600_000,
      at: { kind: 'timestamp', ms: 1500 },
    })
  })

  it('reads quoted names as names where that says the same, else as matchers', () => {
    const read = (query: string): unknown => {
      const expr = parse(query)
      return expr.kind === 'VectorSelector' ? [expr.name, expr.matchers.map(({ value }) => value)] : expr
    }
    expect(read('{"my.metric", a="b"}')).toEqual(['my.metric', ['b']])
    expect(read('{a="b", "up"}')).toEqual(['up', ['b']])
    expect(read('{"up", "down"}')).toEqual([undefined, ['up', 'down']])
    expect(read('{"up", __name__=~".+"}')).toEqual([undefined, ['up', '.+']])
    expect(read('{"", a="b"}')).toEqual([undefined, ['', 'b']])
    expect(read('{__name__="up"}')).toEqual([undefined, ['up']])
  })

  it('reads ranges, subqueries and their shifts', () => {
    expect(bare(parse('rate(a[5m] offset 1m)[1h:30s] @ end() offset 2m'))).toEqual({
      kind: 'SubqueryExpr',
      expr: {
        kind: 'Call',
        func: 'rate',
        args: [{ kind: 'MatrixSelector', vector: { ...selector('a'), offsetMs: 60_000 }, rangeMs: 300_000 }],
      },
      rangeMs: 3_600_000,
      stepMs: 30_000,
      offsetMs: 120_000,
      at: { kind: 'end' },
    })
  })

  it('reads aggregations with the modifier on either side', () => {
    const wanted = {
      kind: 'AggregateExpr',
      op: 'topk',
      expr: selector('a'),
      param: { kind: 'NumberLiteral', value: 5 },
      grouping: ['x', 'y.z'],
      without: true,
    }
    expect(bare(parse('topk without (x, "y.z") (5, a)'))).toEqual(wanted)
    expect(bare(parse('TOPK(5, a) WITHOUT (x, "y.z",)'))).toEqual(wanted)
  })

  it('reads vector matching, and drops it where a side is a scalar', () => {
    expect(bare(parse('a * on (x) group_left (y) b'))).toMatchObject({
      matching: { card: 'many-to-one', on: true, labels: ['x'], include: ['y'] },
    })
    expect(bare(parse('a and ignoring (x) b'))).toMatchObject({
      matching: { card: 'many-to-many', on: false, labels: ['x'], include: [] },
    })
    expect(bare(parse('a > bool on () b'))).toMatchObject({
      returnBool: true,
      matching: { card: 'one-to-one' },
    })
    expect(bare(parse('a * on () group_right 1'))).toMatchObject({ matching: undefined })
  })

  it.each([
    ['-1 ^ 2', '-(1 ^ 2)'],
    ['2 ^ 3 ^ 2', '2 ^ (3 ^ 2)'],
    ['2 ^ -a * b', '(2 ^ (-a)) * b'],
    ['2 ^ -a ^ b', '2 ^ (-(a ^ b))'],
    ['-a * b', '(-a) * b'],
    ['a - b - c', '(a - b) - c'],
    ['a + b * c ^ d', 'a + (b * (c ^ d))'],
    ['a or b and c unless d', 'a or ((b and c) unless d)'],
    ['a == b + c', 'a == (b + c)'],
    ['a > b < c', '(a > b) < c'],
    ['a * b atan2 c % d', '((a * b) atan2 c) % d'],
    ['a == b @ 5', 'a == (b @ 5)'],
    ['-up @ 1', '-(up @ 1)'],
    ['a + b offset 5m ^ 2', 'a + ((b offset 5m) ^ 2)'],
  ])('binds %s as %s', (query, explicit) => {
    const structure = (expr: Expr): string => {
      if (expr.kind === 'ParenExpr') return structure(expr.expr)
      if (expr.kind === 'UnaryExpr') return `${expr.op}[${structure(expr.expr)}]`
      if (expr.kind !== 'BinaryExpr') return print(expr)
      return `[${structure(expr.lhs)}${expr.op}${structure(expr.rhs)}]`
    }
    // `(b @ 5)` is there for the reader: Prometheus takes no modifier after a parenthesis.
    expect(structure(parse(query))).toBe(structure(parse(explicit)))
  })

  it('folds signs into numbers', () => {
    expect(bare(parse('--1'))).toEqual({ kind: 'NumberLiteral', value: 1 })
    expect(bare(parse('-0'))).toEqual({ kind: 'NumberLiteral', value: -0 })
    expect(bare(parse('-(1)'))).toMatchObject({ kind: 'UnaryExpr' })
  })

  it('gives UTF-16 positions', () => {
    const expr = parse('a + sum("😀" == bool b)'.replace('"😀" == bool b', 'c{d="😀"}'))
    expect(expr.position).toEqual({ start: 0, end: 18 })
    expect(expr).toMatchObject({
      rhs: { position: { start: 4, end: 18 }, expr: { position: { start: 8, end: 17 } } },
    })
  })

  it('freezes the whole tree', () => {
    const frozen = (node: unknown): boolean =>
      typeof node !== 'object' ||
      node === null ||
      (Object.isFrozen(node) && Object.values(node).every(frozen))
    const query =
      'sum by (a) (rate(x{y="z"}[5m] @ 1 offset 1m)) * on (a) group_left (b) -(c[1h:] @ end()) or label_join(d, "e", "f") > bool 1'
    expect(frozen(parse(query.replace('-(c[1h:] @ end())', '-max_over_time(c[1h:] @ end())')))).toBe(true)
  })

  it('ends a comment at CR as well as at LF, as Prometheus does', () => {
    expect(print(parse('up # \r or secret'))).toBe('up or secret')
    expect(print(parse('up # note\r\n or down'))).toBe('up or down')
    expect(print(parse('up # or secret\n'))).toBe('up')
  })

  it('takes its length limit as an option, in bytes', () => {
    expect(refusal(`up{a="${'é'.repeat(32_768)}"}`)).toBe(
      'bad_data query is longer than the limit of 65536 bytes',
    )
    expect(() => parse('up == 1', { maxBytes: 7 })).not.toThrow()
    expect(() => parse('up == 1', { maxBytes: 6 })).toThrow('query is longer than the limit of 6 bytes')
  })
})

describe('parse refuses', () => {
  it.each([
    ['a comment between [ and the duration', 'a[#c\n5m]'],
    ['a line feed in a string', '"a\nb"'],
    ['an escaped surrogate', '"\\ud800"'],
    ['an escaped code point beyond Unicode', '"\\U00110000"'],
    ['an octal escape beyond a byte', '"\\400"'],
    ['a lone surrogate', '"\ud800"'],
    ['a lone surrogate in a comment', 'up # \udfff'],
    ['U+FFFD in a string', '"\ufffd"'],
    ['U+FFFD in a raw string', '`\ufffd`'],
    ['an invalid pattern behind =~', 'up{a=~"("}'],
    ['an invalid pattern behind !~', 'up{a!~"("}'],
    ['an offset before a range', 'a offset 5m[5m]'],
    ['an @ before a range', 'a @ 5[5m]'],
    ['an @ start() before a range', 'a @ start()[5m]'],
    ['a range of a range', 'a[5m][5m]'],
    ['a range of a sum', 'sum(a)[5m]'],
    ['a subquery of a scalar', '1[5m:]'],
    ['a subquery of a range', 'a[5m:][5m:]'],
    ['labels to match between scalars', '1 + ignoring (x) 1'],
    ['labels to match with one scalar', 'a + on (x) 1'],
    ['grouping in a set operation', 'a and on (x) group_left b'],
    ['grouping without on or ignoring', 'a * group_left (x) b'],
    ['a label in on and group_left', 'a * on (x) group_left (x) b'],
    ['a set operation with a scalar', 'a or 1'],
    ['a comparison of scalars without bool', '1 > 2'],
    ['an operator on a range', 'a[5m] + 1'],
    ['an operator on a string', 'a + "x"'],
    ['a sign before a range', '-a[5m]'],
    ['a repeated argument of another type', 'label_join(a, "x", "y", "z", 5)'],
    ['an aggregation of a scalar', 'sum(1)'],
    ['a string as k', 'topk("5", a)'],
    ['a number as the label of count_values', 'count_values(5, a)'],
    ['an empty label name in a grouping', 'sum by ("") (a)'],
    ['a label name that is not UTF-8 in a grouping', 'sum by ("\\xff") (a)'],
    ['without as a bare label', 'sum by (without) (a)'],
    ['a function in other letter case', 'RATE(a[5m])'],
    ['two modifiers on one aggregation', 'sum by (a) (b) by (c)'],
  ])('%s', (_what, query) => {
    expect(() => parse(query)).toThrow(expect.objectContaining({ code: 'bad_data' }))
  })
})

describe('errors', () => {
  // Positions as real servers print them; columns count bytes.
  it.each([
    ['', 'unknown position: parse error: no expression found in input'],
    ['# c', '1:1: parse error: no expression found in input'],
    ['up up', '1:4: parse error: unexpected identifier "up"'],
    ['é', '1:1: parse error: unexpected character: "é"'],
    ['"é" + "日本', '1:8: parse error: unterminated string'],
    ['up +\n\n  *', '3:3: parse error: unexpected operator "*"'],
    ['sum by', '1:7: parse error: unexpected end of input in grouping opts, expected "("'],
    ['up{a="b"', '1:9: parse error: unexpected end of input inside braces'],
    ['up{a=~"("}', '1:4: parse error: error parsing regexp: missing closing )'],
    ['up)', '1:4: parse error: unexpected right parenthesis'],
    ['(up', '1:4: parse error: unexpected end of input, expected ")"'],
    [
      'rate(up)',
      '1:6: parse error: expected type range vector in call to function "rate", got instant vector',
    ],
    ['rate(up[5m], 1)', '1:1: parse error: expected 1 argument(s) in call to "rate", got 2'],
    ['round(up, 1, 2)', '1:1: parse error: expected at most 2 argument(s) in call to "round", got 3'],
    ['label_join(up)', '1:1: parse error: expected at least 3 argument(s) in call to "label_join", got 1'],
    ['1 + foo(up)', '1:5: parse error: unknown function with name "foo"'],
    ['1 == 1', '1:3: parse error: comparisons between scalars must use BOOL modifier'],
    ['a + bool b', '1:3: parse error: bool modifier can only be used on comparison operators'],
    ['a and 1', '1:1: parse error: set operator "and" not allowed in binary scalar expression'],
    ['{}', '1:1: parse error: vector selector must contain at least one non-empty matcher'],
    ['up{__name__="x"}', '1:1: parse error: metric name must not be set twice: "up" or "x"'],
    ['a[0s]', '1:3: parse error: duration must be greater than 0'],
    ['a offset 1m offset 2m', '1:1: parse error: offset may not be set multiple times'],
    ['a @ 1 @ 2', '1:1: parse error: @ <timestamp> may not be set multiple times'],
    ['a @ inf', '1:1: parse error: timestamp out of bounds for @ modifier'],
    ['rate(a[5m],)', '1:11: parse error: trailing commas not allowed in function call args'],
    ['1e400', '1:1: parse error: not a valid number: "1e400"'],
  ])('%j: %s', (query, message) => {
    expect(refusal(query)).toBe(`bad_data ${message}`)
  })

  it.each([
    ['info(up)', /^1:1: .*info\(\) is not supported: it selects info series/],
    ['a + fill(0) b', /^1:5: .*fill modifiers are not supported/],
    ['a + fill_left (0) fill_right (1) b', /fill modifiers are not supported/],
    ['rate(a[5m] smoothed)', /the smoothed modifier is not supported/],
    ['a anchored', /the anchored modifier is not supported/],
    ['a </ 5', /^1:3: .*operator <\/ is not supported/],
    ['a >/ 5', /^1:3: .*operator >\/ is not supported/],
    ['a[step()]', /duration expressions are not supported/],
    ['a[5m + 1m]', /duration expressions are not supported/],
    ['a[(5m)]', /duration expressions are not supported/],
    ['a offset (5m)', /duration expressions are not supported/],
    ['a offset --5m', /duration expressions are not supported/],
    ['a[5m:-1m]', /duration expressions are not supported/],
    ['a[0.0001]', /not a whole number of milliseconds/],
  ])('name the feature that is not supported: %s', (query, message) => {
    expect(refusal(query).replace(/^bad_data /, '')).toMatch(message)
  })

  it('never show more of a long token than needed', () => {
    expect(refusal(`up "${'x'.repeat(1000)}"`).length).toBeLessThan(120)
    expect(refusal(`${'1'.repeat(60_000)}`).length).toBeLessThan(120)
  })
})
