import type { Expr, TimeShift, VectorSelector } from './ast.ts'
import { functionSpec } from './functions.ts'
import { isLegacyMetricName } from './keywords.ts'
import { metricNameLabel } from './matchers.ts'

/** A node of a tree in the form of Prometheus's `/api/v1/parse_query`. */
export type TreeNode = Readonly<Record<string, unknown>>

/** Decimal digits without an exponent, as Go's `FormatFloat(value, 'f', -1, 64)`. */
function decimalText(value: number): string {
  if (Number.isNaN(value)) return 'NaN'
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf'
  const sign = value < 0 || Object.is(value, -0) ? '-' : ''
  const [mantissa = '', exponent = ''] = Math.abs(value).toExponential().split('e')
  const [whole = '', fraction = ''] = mantissa.split('.')
  const digits = whole + fraction
  const point = 1 + Number(exponent)
  if (point <= 0) return `${sign}0.${'0'.repeat(-point)}${digits}`
  if (point >= digits.length) return sign + digits + '0'.repeat(point - digits.length)
  return `${sign}${digits.slice(0, point)}.${digits.slice(point)}`
}

/** Go's JSON has U+FFFD for a byte that is not valid UTF-8. */
function jsonText(text: string): string {
  return text.toWellFormed()
}

function shiftOf({ offsetMs, at }: TimeShift): TreeNode {
  return {
    offset: offsetMs,
    timestamp: at?.kind === 'timestamp' ? at.ms : null,
    startOrEnd: at === undefined || at.kind === 'timestamp' ? null : at.kind,
  }
}

function selectorOf(selector: VectorSelector): TreeNode {
  const { name } = selector
  const own = selector.matchers.map((matcher) => ({
    name: jsonText(matcher.name),
    value: jsonText(matcher.value),
    type: matcher.op,
  }))
  const named = name === undefined ? undefined : { name: metricNameLabel, value: jsonText(name), type: '=' }
  // A name that needs quotes stands inside the braces, where it is a matcher like the others.
  if (name !== undefined && named !== undefined && isLegacyMetricName(name))
    return { name, matchers: [...own, named], ...shiftOf(selector) }
  return { name: '', matchers: named === undefined ? own : [named, ...own], ...shiftOf(selector) }
}

function functionOf(name: string): TreeNode {
  const spec = functionSpec(name)
  const { args = [], min = 0, max = 0, returns } = spec ?? {}
  const variadic = max === Number.POSITIVE_INFINITY ? -1 : max === min ? 0 : max - args.length + 1
  return { name, argTypes: args, variadic, returnType: returns }
}

/** An expression as the JSON tree of `/api/v1/parse_query` (`web/api/v1/translate_ast.go`). */
export function describeTree(expr: Expr): TreeNode {
  switch (expr.kind) {
    case 'NumberLiteral':
      return { type: 'numberLiteral', val: decimalText(expr.value) }
    case 'StringLiteral':
      return { type: 'stringLiteral', val: jsonText(expr.value) }
    case 'VectorSelector':
      return { type: 'vectorSelector', ...selectorOf(expr) }
    case 'MatrixSelector':
      return { type: 'matrixSelector', range: expr.rangeMs, ...selectorOf(expr.vector) }
    case 'SubqueryExpr': {
      const { rangeMs: range, stepMs: step } = expr
      return { type: 'subquery', expr: describeTree(expr.expr), range, step, ...shiftOf(expr) }
    }
    case 'Call':
      return { type: 'call', func: functionOf(expr.func), args: expr.args.map(describeTree) }
    case 'AggregateExpr': {
      const { op, grouping, without } = expr
      const param = expr.param === undefined ? null : describeTree(expr.param)
      return { type: 'aggregation', op, expr: describeTree(expr.expr), param, grouping, without }
    }
    case 'BinaryExpr': {
      const { op, returnBool: bool, matching = null } = expr
      const [lhs, rhs] = [describeTree(expr.lhs), describeTree(expr.rhs)]
      return { type: 'binaryExpr', op, lhs, rhs, matching, bool }
    }
    case 'UnaryExpr':
      return { type: 'unaryExpr', op: expr.op, expr: describeTree(expr.expr) }
    case 'ParenExpr':
      return { type: 'parenExpr', expr: describeTree(expr.expr) }
  }
}
