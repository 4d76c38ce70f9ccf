import type { Expr, Matcher, TimeShift, VectorSelector } from '@gatehouse/promql'

/*
 * Trees in the form of `/api/v1/parse_query`, reduced to what carries meaning: matchers in one order, the metric name as a
 * matcher like the others (`up` and `{"up"}` are the same selector), numbers as numbers.
 */

// Go's JSON has U+FFFD for a byte that is not valid UTF-8.
function jsonText(text: string): string {
  return text.toWellFormed()
}

function numberText(value: number): string {
  return Object.is(value, -0) ? '-0' : String(value)
}

function sortedMatchers(matchers: readonly { name: string; type: string; value: string }[]): unknown {
  return matchers.map((matcher) => JSON.stringify([matcher.name, matcher.type, matcher.value])).toSorted()
}

function shiftTree({ offsetMs, at }: TimeShift): object {
  const timestamp = at?.kind === 'timestamp' ? at.ms : null
  return {
    offset: offsetMs,
    timestamp,
    startOrEnd: at === undefined || at.kind === 'timestamp' ? null : at.kind,
  }
}

function selectorTree(selector: VectorSelector): object {
  const named: readonly Matcher[] =
    selector.name === undefined ? [] : [{ name: '__name__', op: '=', value: selector.name }]
  const matchers = [...named, ...selector.matchers].map(({ name, op, value }) => ({
    name: jsonText(name),
    type: op,
    value: jsonText(value),
  }))
  return { matchers: sortedMatchers(matchers), ...shiftTree(selector) }
}

/** Our tree of an expression. */
export function treeOf(expr: Expr): object {
  switch (expr.kind) {
    case 'NumberLiteral':
      return { type: 'numberLiteral', val: numberText(expr.value) }
    case 'StringLiteral':
      return { type: 'stringLiteral', val: jsonText(expr.value) }
    case 'VectorSelector':
      return { type: 'vectorSelector', ...selectorTree(expr) }
    case 'MatrixSelector':
      return { type: 'matrixSelector', range: expr.rangeMs, ...selectorTree(expr.vector) }
    case 'SubqueryExpr':
      return {
        type: 'subquery',
        expr: treeOf(expr.expr),
        range: expr.rangeMs,
        step: expr.stepMs,
        ...shiftTree(expr),
      }
    case 'Call':
      return { type: 'call', func: expr.func, args: expr.args.map(treeOf) }
    case 'AggregateExpr': {
      const param = expr.param === undefined ? null : treeOf(expr.param)
      const { op, grouping, without } = expr
      return { type: 'aggregation', op, expr: treeOf(expr.expr), param, grouping, without }
    }
    case 'BinaryExpr': {
      const { op, matching = null, returnBool } = expr
      return {
        type: 'binaryExpr',
        op,
        lhs: treeOf(expr.lhs),
        rhs: treeOf(expr.rhs),
        matching,
        bool: returnBool,
      }
    }
    case 'UnaryExpr':
      return { type: 'unaryExpr', op: expr.op, expr: treeOf(expr.expr) }
    case 'ParenExpr':
      return { type: 'parenExpr', expr: treeOf(expr.expr) }
  }
}

// oxlint-disable-next-line typescript/no-explicit-any -- JSON of another program, compared and not trusted
type ServerNode = Record<string, any>

/** A server's tree in the same form. */
export function serverTree(node: ServerNode): object {
  switch (node['type']) {
    case 'numberLiteral':
      return { type: 'numberLiteral', val: numberText(Number(node['val'].replace('Inf', 'Infinity'))) }
    case 'vectorSelector':
    case 'matrixSelector': {
      const { name: _name, matchers, ...rest } = node
      return { ...rest, matchers: sortedMatchers(matchers) }
    }
    case 'subquery':
    case 'parenExpr':
    case 'unaryExpr':
      return { ...node, expr: serverTree(node['expr']) }
    case 'call':
      return { type: 'call', func: node['func'].name, args: node['args'].map(serverTree) }
    case 'aggregation': {
      const param = node['param'] === null ? null : serverTree(node['param'])
      return { ...node, expr: serverTree(node['expr']), param }
    }
    case 'binaryExpr':
      return { ...node, lhs: serverTree(node['lhs']), rhs: serverTree(node['rhs']) }
    default:
      return node
  }
}
