import { type Expr, type Matcher, metricNameLabel, typeOf, type VectorMatching } from '@gatehouse/promql'
import { isSetOp } from '../evaluate/arithmetic.ts'
import { keepsName, rangeFunctions } from '../evaluate/range/functions.ts'

/** The labels by which series of an expression differ at any one time: only some, or all except some. */
type Differing = { readonly only: ReadonlySet<string> } | { readonly except: ReadonlySet<string> }

/** Functions that keep every label but the name. */
const keepsLabels: ReadonlySet<string> = new Set(
  (
    'abs acos acosh asin asinh atan atanh ceil clamp clamp_max clamp_min cos cosh day_of_month day_of_week day_of_year ' +
    'days_in_month deg exp floor histogram_avg histogram_count histogram_stddev histogram_stdvar histogram_sum hour ' +
    'ln log10 log2 minute month rad round sgn sin sinh sort sort_desc sqrt tan tanh timestamp year'
  ).split(' '),
)
const selections: ReadonlySet<string> = new Set(['topk', 'bottomk', 'limitk', 'limit_ratio'])

/** Labels that are the same in all series that matchers select. */
function pinned(matchers: readonly Matcher[], name: string | undefined): Set<string> {
  const labels = new Set(matchers.filter(({ op }) => op === '=').map((matcher) => matcher.name))
  if (name !== undefined) labels.add(metricNameLabel)
  return labels
}

/** Undefined where the expression alone does not tell. */
function differing(expr: Expr): Differing | undefined {
  switch (expr.kind) {
    case 'VectorSelector':
      return { except: pinned(expr.matchers, expr.name) }
    case 'MatrixSelector':
      return differing(expr.vector)
    case 'ParenExpr':
    case 'SubqueryExpr':
    case 'UnaryExpr':
      return differing(expr.expr)
    case 'AggregateExpr': {
      if (selections.has(expr.op)) return differing(expr.expr)
      const own = expr.op === 'count_values' && expr.param?.kind === 'StringLiteral' ? [expr.param.value] : []
      if (expr.op === 'count_values' && own.length === 0) return undefined
      if (!expr.without) return { only: new Set([...expr.grouping, ...own]) }
      const gone = new Set([...expr.grouping, metricNameLabel])
      for (const label of own) gone.delete(label)
      return { except: gone }
    }
    case 'Call': {
      const input = expr.args.find((arg) => ['vector', 'matrix'].includes(typeOf(arg)))
      const known = keepsLabels.has(expr.func) || keepsName.has(expr.func) || rangeFunctions.has(expr.func)
      return input === undefined || !known ? undefined : differing(input)
    }
    case 'BinaryExpr':
      if (expr.matching === undefined) return differing(typeOf(expr.lhs) === 'scalar' ? expr.rhs : expr.lhs)
      if (isSetOp(expr.op)) return expr.op === 'or' ? undefined : differing(expr.lhs)
      return expr.matching.on && expr.matching.card === 'one-to-one'
        ? { only: new Set(expr.matching.labels) }
        : undefined
    default:
      return undefined
  }
}

/**
 * Whether no two series of an expression can match alike, whatever the data. Where they can, Prometheus refuses the match – but only
 * while the other side has any series at all, of which one server among several knows nothing.
 */
export function isUniqueFor(expr: Expr, { on, labels }: VectorMatching): boolean {
  const known = differing(expr)
  if (known === undefined) return false
  if ('only' in known) {
    return on
      ? [...known.only].every((label) => labels.includes(label))
      : [...known.only].every((label) => label !== metricNameLabel && !labels.includes(label))
  }
  return !on && [metricNameLabel, ...labels].every((label) => known.except.has(label))
}
