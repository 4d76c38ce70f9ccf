import { type Expr, walk } from '@gatehouse/promql'

// One request is compared with the queries of many dashboards.
const shapes = new WeakMap<Expr, string>()

/**
 * What every filling of a template has in common: node kinds, functions, operators and metric names, in order.
 * Only an index key: two expressions of one shape still have to be compared.
 */
export function shapeOf(expr: Expr): string {
  const known = shapes.get(expr)
  if (known !== undefined) return known
  const parts: string[] = []
  walk(expr, (node) => {
    parts.push(describe(node))
  })
  const shape = parts.join(' ')
  shapes.set(expr, shape)
  return shape
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
