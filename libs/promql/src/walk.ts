import type { Expr, VectorSelector } from './ast.ts'

/** An expression's direct children, in source order. A range's selector is one. */
export function children(expr: Expr): readonly Expr[] {
  switch (expr.kind) {
    case 'NumberLiteral':
    case 'StringLiteral':
    case 'VectorSelector':
      return []
    case 'MatrixSelector':
      return [expr.vector]
    case 'SubqueryExpr':
    case 'UnaryExpr':
    case 'ParenExpr':
      return [expr.expr]
    case 'Call':
      return expr.args
    case 'AggregateExpr':
      return expr.param === undefined ? [expr.expr] : [expr.param, expr.expr]
    case 'BinaryExpr':
      return [expr.lhs, expr.rhs]
  }
}

/** Calls `visit` for every node, parents before children; where it returns false the children are skipped. */
export function walk(expr: Expr, visit: (node: Expr) => boolean | void): void {
  if (visit(expr) === false) return
  for (const child of children(expr)) walk(child, visit)
}

/** Every vector selector of an expression, in source order, those inside ranges included. */
export function selectors(expr: Expr): readonly VectorSelector[] {
  const found: VectorSelector[] = []
  walk(expr, (node) => {
    if (node.kind === 'VectorSelector') found.push(node)
  })
  return found
}

/** How {@link mapParts} maps: expressions, and the selector of a range, which must stay a selector. */
interface Mapping {
  readonly expr: (child: Expr) => Expr
  readonly selector: (selector: VectorSelector) => VectorSelector
}

function mapParts(expr: Expr, map: Mapping): Expr {
  switch (expr.kind) {
    case 'NumberLiteral':
    case 'StringLiteral':
    case 'VectorSelector':
      return expr
    case 'MatrixSelector': {
      const vector = map.selector(expr.vector)
      return vector === expr.vector ? expr : Object.freeze({ ...expr, vector })
    }
    case 'SubqueryExpr':
    case 'UnaryExpr':
    case 'ParenExpr': {
      const inner = map.expr(expr.expr)
      return inner === expr.expr ? expr : Object.freeze({ ...expr, expr: inner })
    }
    case 'Call': {
      const args = expr.args.map(map.expr)
      const same = args.every((arg, i) => arg === expr.args[i])
      return same ? expr : Object.freeze({ ...expr, args: Object.freeze(args) })
    }
    case 'AggregateExpr': {
      const param = expr.param === undefined ? undefined : map.expr(expr.param)
      const inner = map.expr(expr.expr)
      return param === expr.param && inner === expr.expr
        ? expr
        : Object.freeze({ ...expr, param, expr: inner })
    }
    case 'BinaryExpr': {
      const lhs = map.expr(expr.lhs)
      const rhs = map.expr(expr.rhs)
      return lhs === expr.lhs && rhs === expr.rhs ? expr : Object.freeze({ ...expr, lhs, rhs })
    }
  }
}

/**
 * A node with each direct child replaced by what `map` makes of it; the node itself when nothing changed. A range's
 * selector is not offered: it can only become a selector, see {@link mapSelectors}.
 */
export function mapChildren(expr: Expr, map: (child: Expr) => Expr): Expr {
  return mapParts(expr, { expr: map, selector: (selector) => selector })
}

/** An expression with every vector selector, those inside ranges included, replaced by what `map` makes of it. */
export function mapSelectors(expr: Expr, map: (selector: VectorSelector) => VectorSelector): Expr {
  if (expr.kind === 'VectorSelector') return map(expr)
  return mapParts(expr, { expr: (child) => mapSelectors(child, map), selector: map })
}
