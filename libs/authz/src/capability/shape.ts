import { type Expr, walk } from '@gatehouse/promql'

/**
 * What every filling of a template has in common: node kinds, functions, operators and metric names, in order.
 * Only an index key: two expressions of one shape still have to be compared.
 */
export function shapeOf(expr: Expr): string {
  const parts: string[] = []
  walk(expr, (node) => {
    parts.push(describe(node))
  })
  return parts.join(' ')
}

function describe(node: Expr): string {
  switch (node.kind) {
    case 'VectorSelector':
      return `V${node.name ?? ''}`
    case 'Call':
      return `C${node.func}/${node.args.length}`
    case 'AggregateExpr':
      return `A${node.op}`
    case 'BinaryExpr':
      return `B${node.op}`
    case 'MatrixSelector':
    case 'SubqueryExpr':
    case 'NumberLiteral':
    case 'StringLiteral':
    case 'UnaryExpr':
    case 'ParenExpr':
      return node.kind
  }
}
