import { children, type Expr, walk } from '@gatehouse/promql'
import type { TimeRange } from '../model.ts'
import type { Measured } from './limits.ts'
import { regexCost } from './regex-cost.ts'
import { measureSubqueries } from './subqueries.ts'

/**
 * Measures what is known of a query before it runs.
 * @param text the query as the caller wrote it.
 */
export function measureQuery(text: string, expr: Expr, range: TimeRange): Measured {
  return measureExpr(text, expr)(range)
}

/** As {@link measureQuery}, for any time: what does not depend on the time is measured once. */
export function measureExpr(text: string, expr: Expr): (range: TimeRange) => Measured {
  let selectors = 0
  let regex = 0
  walk(expr, (node) => {
    if (node.kind === 'VectorSelector') {
      selectors += 1
      for (const { op, value } of node.matchers) {
        if (op === '=~' || op === '!~') regex += regexCost(value)
      }
    } else if (node.kind === 'Call' && node.func === 'label_replace') {
      const pattern = node.args[4]
      if (pattern?.kind === 'StringLiteral') regex += regexCost(pattern.value)
    }
  })
  const ofSubqueries = measureSubqueries(expr)
  const { depth, reach } = shape(expr)
  const fixed = { queryBytes: Buffer.byteLength(text), depth, selectors, regexCost: regex }
  return (range) => {
    const window = range.end - range.start
    const own = range.step > 0 ? Math.floor(window / range.step) + 1 : 1
    return { ...fixed, range: window + reach, points: own, ...ofSubqueries(window) }
  }
}

/** How deep a tree is, and how far before an evaluation time it reads: ranges of selectors and nested subqueries add up. */
function shape(expr: Expr): { readonly depth: number; readonly reach: number } {
  let depth = 0
  let reach = 0
  for (const child of children(expr)) {
    const inner = shape(child)
    depth = Math.max(depth, inner.depth)
    reach = Math.max(reach, inner.reach)
  }
  const own = expr.kind === 'MatrixSelector' || expr.kind === 'SubqueryExpr' ? expr.rangeMs : 0
  return { depth: depth + 1, reach: reach + own }
}
