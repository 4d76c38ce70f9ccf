import type { Expr } from './ast.ts'
import { print, printAggregateHead, printBinaryOp, printSubqueryTail } from './print.ts'

const maxCharactersPerLine = 100

function indent(level: number): string {
  return '  '.repeat(level)
}

/**
 * An expression over several lines, as Prometheus's `format_query` lays it out: what fits into 100 characters stays on one line
 * (`promql/parser/prettier.go`).
 */
export function printPretty(expr: Expr, level = 0): string {
  const start = indent(level)
  const line = print(expr)
  const isShort = new TextEncoder().encode(line).length <= maxCharactersPerLine
  switch (expr.kind) {
    case 'NumberLiteral':
    case 'StringLiteral':
    case 'VectorSelector':
    case 'MatrixSelector':
      return start + line
    case 'UnaryExpr':
      return start + expr.op + printPretty(expr.expr, level).trim()
    case 'SubqueryExpr':
      // Prometheus does not indent a short one.
      return isShort ? line : printPretty(expr.expr, level) + printSubqueryTail(expr)
    case 'ParenExpr':
      return isShort ? start + line : `${start}(\n${printPretty(expr.expr, level + 1)}\n${start})`
    case 'Call': {
      if (isShort) return start + line
      const args = expr.args.map((arg) => printPretty(arg, level + 1)).join(',\n')
      return `${start}${expr.func}(\n${args}\n${start})`
    }
    case 'AggregateExpr': {
      if (isShort) return start + line
      const param = expr.param === undefined ? '' : `${printPretty(expr.param, level + 1)},\n`
      return `${start}${printAggregateHead(expr)}(\n${param}${printPretty(expr.expr, level + 1)}\n${start})`
    }
    case 'BinaryExpr': {
      if (isShort) return start + line
      const [lhs, rhs] = [printPretty(expr.lhs, level + 1), printPretty(expr.rhs, level + 1)]
      return `${lhs}\n${start}${printBinaryOp(expr)}\n${rhs}`
    }
  }
}
