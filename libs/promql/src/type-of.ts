import type { Expr, ValueType } from './ast.ts'
import { functionSpec } from './functions.ts'

/** Type of an expression's value. Expects a tree that `parse` accepted or a rewrite of one. */
export function typeOf(expr: Expr): ValueType {
  switch (expr.kind) {
    case 'NumberLiteral':
      return 'scalar'
    case 'StringLiteral':
      return 'string'
    case 'VectorSelector':
    case 'AggregateExpr':
      return 'vector'
    case 'MatrixSelector':
    case 'SubqueryExpr':
      return 'matrix'
    case 'Call':
      return functionSpec(expr.func)?.returns ?? 'vector'
    case 'UnaryExpr':
    case 'ParenExpr':
      return typeOf(expr.expr)
    case 'BinaryExpr':
      return typeOf(expr.lhs) === 'scalar' && typeOf(expr.rhs) === 'scalar' ? 'scalar' : 'vector'
  }
}

/** Name of a type as Prometheus's messages have it. */
export function describeType(type: ValueType): string {
  return type === 'vector' ? 'instant vector' : type === 'matrix' ? 'range vector' : type
}
