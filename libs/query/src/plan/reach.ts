import { type AtModifier, children, type Expr } from '@gatehouse/promql'

/**
 * How far an instant selector is taken to look back, at least, ms. Servers can be started with a longer lookback than the default of
 * 5 minutes, and do not say so; shards of different times must overlap by this anyway.
 */
export const minLookbackMs = 3_600_000

/** The samples a selector reads when evaluated at time t: those from t + `first` to t + `last`, or fixed moments if `at` is set. */
export interface Reach {
  readonly at: number | undefined
  readonly first: number
  readonly last: number
}

interface Shift {
  readonly offsetMs: number
  readonly rangeMs: number
  readonly at: AtModifier | undefined
}

/** What the selectors of an expression read; `@ start()` and `@ end()` must be resolved. */
export function reachesOf(expr: Expr, lookbackMs: number): readonly Reach[] {
  const lookback = Math.max(lookbackMs, minLookbackMs)
  const found: Reach[] = []
  const visit = (node: Expr, from: Reach): void => {
    switch (node.kind) {
      case 'VectorSelector':
        found.push(shifted(from, { ...node, rangeMs: lookback }))
        return
      case 'MatrixSelector':
        found.push(shifted(from, { ...node.vector, rangeMs: node.rangeMs }))
        return
      case 'SubqueryExpr':
        visit(node.expr, shifted(from, node))
        return
      default:
        for (const child of children(node)) visit(child, from)
    }
  }
  visit(expr, { at: undefined, first: 0, last: 0 })
  return found
}

function shifted(from: Reach, { offsetMs, rangeMs, at }: Shift): Reach {
  const { at: base, first, last } = at?.kind === 'timestamp' ? { at: at.ms, first: 0, last: 0 } : from
  return { at: base, first: first - offsetMs - rangeMs, last: last - offsetMs }
}
