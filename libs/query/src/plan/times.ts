import {
  type AtModifier,
  type Expr,
  functionSpec,
  mapChildren,
  mapSelectors,
  type SubqueryExpr,
  walk,
} from '@gatehouse/promql'
import { type Grid, timeAt, type WindowSpec } from '../evaluate/model.ts'
import type { TimeRange } from '../model.ts'

/**
 * Replaces what refers to the whole query's range (`@ start()`, `@ end()`, `step()`) by its value, so that parts can be
 * evaluated over other ranges.
 */
export function resolveRange(expr: Expr, range: TimeRange): Expr {
  return resolveNode(
    mapSelectors(expr, (selector) => ({ ...selector, at: resolveAt(selector.at, range) })),
    range,
  )
}

/** Names the step of sub-queries that leave it to the server, if it is known. */
export function withDefaultStep(expr: Expr, stepMs: number | undefined): Expr {
  if (stepMs === undefined || firstStepless(expr) === undefined) return expr
  const mapped = mapChildren(expr, (child) => withDefaultStep(child, stepMs))
  return mapped.kind === 'SubqueryExpr' && mapped.stepMs === 0 ? { ...mapped, stepMs } : mapped
}

/** A sub-query that leaves its step to the server. */
export function firstStepless(expr: Expr): SubqueryExpr | undefined {
  let found: SubqueryExpr | undefined
  walk(expr, (node) => {
    if (node.kind === 'SubqueryExpr' && node.stepMs === 0) found ??= node
  })
  return found
}

function resolveNode(expr: Expr, range: TimeRange): Expr {
  if (expr.kind === 'Call' && functionSpec(expr.func)?.ofRange === true) {
    return { kind: 'NumberLiteral', value: ofRange(expr.func, range), position: expr.position }
  }
  const resolved = mapChildren(expr, (child) => resolveNode(child, range))
  return resolved.kind === 'SubqueryExpr' ? { ...resolved, at: resolveAt(resolved.at, range) } : resolved
}

function resolveAt(at: AtModifier | undefined, range: TimeRange): AtModifier | undefined {
  if (at === undefined || at.kind === 'timestamp') return at
  return { kind: 'timestamp', ms: at.kind === 'start' ? range.start : range.end }
}

/** Seconds. */
function ofRange(func: string, { start, end, step }: TimeRange): number {
  switch (func) {
    case 'start':
      return start / 1000
    case 'end':
      return end / 1000
    case 'range':
      return (end - start) / 1000
    default:
      return step / 1000
  }
}

/** The window that a range vector with these modifiers has at every time of a grid. */
export function windowOf({
  rangeMs,
  offsetMs,
  at,
}: Pick<SubqueryExpr, 'rangeMs' | 'offsetMs' | 'at'>): WindowSpec {
  return { rangeMs, offsetMs, at: at?.kind === 'timestamp' ? at.ms : undefined }
}

/** The first and last moment that windows reach over all times of a grid: the first range's start, the last one's end. */
export function reachOf(window: WindowSpec, grid: Grid): { start: number; end: number } {
  const first = window.at ?? grid.start
  const last = window.at ?? timeAt(grid, grid.count - 1)
  return { start: first - window.offsetMs - window.rangeMs, end: last - window.offsetMs }
}

/** The grid of a sub-query: multiples of its step from the first range's start to the last one's end. */
export function subqueryGrid(
  window: WindowSpec,
  outer: Grid,
  { step, leftOpen }: { step: number; leftOpen: boolean },
): Grid {
  const { start, end } = reachOf(window, outer)
  // Go's division truncates towards zero.
  let first = step * Math.trunc(start / step)
  if (leftOpen ? first <= start : first < start) first += step
  return { start: first, step, count: Math.max(0, Math.floor((end - first) / step) + 1) }
}
