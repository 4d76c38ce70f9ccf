import type { UpstreamRequest } from '@gatehouse/query'
import { type BinaryOp, type Expr, parse } from '@gatehouse/promql'

/** What of two replicas' answers may be put together: samples at evaluation times, or the members of lists. */
export type Fillable = 'samples' | 'lists'

/** Functions whose result for a series depends on that series alone, and which are nothing where there are no samples. */
const perSeries: ReadonlySet<string> = new Set([
  'abs',
  'avg_over_time',
  'ceil',
  'changes',
  'clamp',
  'clamp_max',
  'clamp_min',
  'count_over_time',
  'delta',
  'deriv',
  'exp',
  'floor',
  'idelta',
  'increase',
  'irate',
  'last_over_time',
  'ln',
  'log10',
  'log2',
  'max_over_time',
  'min_over_time',
  'predict_linear',
  'present_over_time',
  'quantile_over_time',
  'rate',
  'resets',
  'round',
  'sgn',
  'sqrt',
  'stddev_over_time',
  'stdvar_over_time',
  'sum_over_time',
  'timestamp',
])
/** Aggregations that give one value for a group, and none where there are no series of it. */
const perGroup: ReadonlySet<string> = new Set([
  'sum',
  'avg',
  'min',
  'max',
  'count',
  'group',
  'stddev',
  'stdvar',
])
const arithmetic: ReadonlySet<BinaryOp> = new Set<BinaryOp>(['+', '-', '*', '/', '%', '^'])

function isLiteral(expr: Expr): boolean {
  if (expr.kind === 'ParenExpr' || expr.kind === 'UnaryExpr') return isLiteral(expr.expr)
  return expr.kind === 'NumberLiteral'
}

/**
 * Whether an expression has no value at a time only where there are no samples: then what one replica lacks can be taken from another.
 * Comparisons, set operators, `absent`, `topk` and their like also lack values for other reasons.
 */
function isGapOnly(expr: Expr): boolean {
  switch (expr.kind) {
    case 'VectorSelector':
    case 'MatrixSelector':
      return true
    case 'ParenExpr':
    case 'UnaryExpr':
      return isGapOnly(expr.expr)
    case 'AggregateExpr':
      return perGroup.has(expr.op) && isGapOnly(expr.expr)
    case 'Call':
      return perSeries.has(expr.func) && expr.args.every((arg) => isLiteral(arg) || isGapOnly(arg))
    case 'BinaryExpr':
      return (
        arithmetic.has(expr.op) &&
        ((isLiteral(expr.lhs) && isGapOnly(expr.rhs)) || (isGapOnly(expr.lhs) && isLiteral(expr.rhs)))
      )
    default:
      return false
  }
}

const known = new Map<string, boolean>()
const mostKnown = 2_000

function expressionFills(text: string): boolean {
  const answer = known.get(text)
  if (answer !== undefined) return answer
  const expr = parse(text)
  const fills = expr.kind !== 'MatrixSelector' && isGapOnly(expr)
  if (known.size >= mostKnown) known.clear()
  known.set(text, fills)
  return fills
}

/** What of the answers of several replicas to a request may be put together; undefined if nothing. */
export function fillableOf({ path, form }: UpstreamRequest): Fillable | undefined {
  if (path === '/api/v1/series' || path === '/api/v1/labels' || path.startsWith('/api/v1/label/'))
    return 'lists'
  if (path !== '/api/v1/query' && path !== '/api/v1/query_range') return undefined
  const parameters = new URLSearchParams(form)
  // A limit cuts each answer elsewhere, and statistics are of one evaluation.
  if (parameters.has('limit') || parameters.has('stats')) return undefined
  return expressionFills(parameters.get('query') ?? '') ? 'samples' : undefined
}
