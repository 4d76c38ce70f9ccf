import { children, type Expr, walk } from '@gatehouse/promql'
import type { TimeRange } from '../model.ts'
import type { Measured } from './limits.ts'
import { regexCost } from './regex-cost.ts'

/** Step of subqueries that name none: Prometheus's default evaluation interval. */
const defaultSubqueryStep = 60_000

/**
 * Measures what is known of a query before it runs.
 * @param text the query as the caller wrote it.
 */
export function measureQuery(text: string, expr: Expr, range: TimeRange): Measured {
  const window = range.end - range.start
  let selectors = 0
  let regex = 0
  let points = range.step > 0 ? Math.floor(window / range.step) + 1 : 1
  walk(expr, (node) => {
    if (node.kind === 'VectorSelector') {
      selectors += 1
      for (const { op, value } of node.matchers) {
        if (op === '=~' || op === '!~') regex = Math.max(regex, regexCost(value))
      }
    } else if (node.kind === 'SubqueryExpr') {
      const step = node.stepMs === 0 ? defaultSubqueryStep : node.stepMs
      points = Math.max(points, Math.floor((window + node.rangeMs) / step) + 1)
    }
  })
  const { depth, reach } = shape(expr)
  return {
    queryBytes: Buffer.byteLength(text),
    range: window + reach,
    points,
    depth,
    selectors,
    regexCost: regex,
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
