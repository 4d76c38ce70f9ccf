import { children, type Expr, type SubqueryExpr } from '@gatehouse/promql'
import type { Measured } from './limits.ts'

/** Step of subqueries that name none: Prometheus's default evaluation interval. */
const defaultStep = 60_000

/** A subquery, and when Prometheus evaluates what is in it: once over all the time that those around it need, by its own step. */
interface Subquery {
  readonly step: number
  readonly range: number
  /** ms before a time of the query. */
  readonly before: number
  /** Whether `@` leaves it one moment, so that how long the query is adds nothing. */
  readonly isPinned: boolean
  /** Each of its points reads all of this one's range; undefined for what is read once, or by the query's own points. */
  readonly outer: Subquery | undefined
}

function pointsOver(window: number, { step, before, isPinned }: Subquery): number {
  return Math.floor(((isPinned ? 0 : window) + before) / step) + 1
}

/** Samples that a subquery's points read of one series of another one in it. */
function samplesOver(window: number, { step, range, outer }: Subquery): readonly number[] {
  return outer === undefined ? [] : [pointsOver(window, outer) * (Math.floor(range / step) + 1)]
}

/** What the subqueries of an expression come to in a query of so many ms; of several, the largest. */
export function measureSubqueries(
  expr: Expr,
): (window: number) => Pick<Measured, 'subqueryPoints' | 'samples'> {
  const found = subqueriesOf(expr)
  return (window) => {
    const points = found.map((one) => pointsOver(window, one))
    const samples = found.flatMap((one) => samplesOver(window, one))
    return {
      ...(points.length === 0 ? {} : { subqueryPoints: Math.max(...points) }),
      ...(samples.length === 0 ? {} : { samples: Math.max(...samples) }),
    }
  }
}

function subqueriesOf(expr: Expr): readonly Subquery[] {
  const found: Subquery[] = []
  const visit = (node: Expr, outer: Subquery | undefined, isFixed: boolean): void => {
    let around = outer
    if (node.kind === 'SubqueryExpr') {
      around = within(outer, node, isFixed)
      found.push(around)
    }
    const isInFixed = node.kind === 'Call' ? isOfLiterals(node.args) : node.kind === 'ParenExpr' && isFixed
    for (const child of children(node)) visit(child, around, isInFixed)
  }
  visit(expr, undefined, true)
  return found
}

/** An offset only moves what is read; `@` makes it one moment's, where Prometheus evaluates the call around it once, too. */
function within(
  outer: Subquery | undefined,
  { rangeMs, stepMs, at }: SubqueryExpr,
  isFixed: boolean,
): Subquery {
  const own = { step: stepMs === 0 ? defaultStep : stepMs, range: rangeMs }
  if (at !== undefined && isFixed) return { ...own, before: rangeMs, isPinned: true, outer: undefined }
  return { ...own, before: rangeMs + (outer?.before ?? 0), isPinned: outer?.isPinned ?? false, outer }
}

/** Whether a function's arguments beside its range are the same at all times. */
function isOfLiterals(args: readonly Expr[]): boolean {
  return args.filter(({ kind }) => kind === 'NumberLiteral').length >= args.length - 1
}
