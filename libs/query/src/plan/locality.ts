import { type BinaryExpr, type Call, children, type Expr, metricNameLabel, typeOf } from '@gatehouse/promql'
import { isSetOp } from '../evaluate/arithmetic.ts'
import { keepsName, rangeFunctions } from '../evaluate/range/functions.ts'
import { dropsName } from '../evaluate/vector/binary.ts'
import { isUniqueFor } from './distinct.ts'
import type { Units } from './units.ts'

/** How an expression relates to the units. */
export interface Locality {
  /** Reads no series, so it has the same value everywhere. */
  readonly constant: boolean
  /** Units whose series it reads. */
  readonly units: ReadonlySet<number>
  /** Its value is the union of its values on the units. */
  readonly local: boolean
  /** Its series keep the labels that tell the units apart. */
  readonly keeps: boolean
  /** Prometheus refuses equal labels in it, or in a part of it, even at different times. */
  readonly strict: boolean
}

/** Functions whose result for a series depends on that series alone. All range functions but `absent_over_time` are, too. */
const perSeries: ReadonlySet<string> = new Set(
  (
    'abs acos acosh asin asinh atan atanh ceil clamp clamp_max clamp_min cos cosh day_of_month day_of_week day_of_year ' +
    'days_in_month deg exp floor histogram_avg histogram_count histogram_stddev histogram_stdvar histogram_sum hour ' +
    'label_join label_replace ln log10 log2 minute month rad round sgn sin sinh sqrt start_timestamp tan tanh timestamp year'
  ).split(' '),
)

/** Functions whose result for a histogram depends on its buckets alone. */
const perHistogram: ReadonlySet<string> = new Set([
  'histogram_quantile',
  'histogram_quantiles',
  'histogram_fraction',
])

/** Tells for every part of an expression whether the units can compute it on their own. */
export function createLocator(units: Units): (expr: Expr) => Locality {
  const known = new Map<Expr, Locality>()
  const locate = (expr: Expr): Locality => {
    const found = known.get(expr) ?? locateNode(expr, { units, locate })
    known.set(expr, found)
    return found
  }
  return locate
}

interface Scope {
  readonly units: Units
  readonly locate: (expr: Expr) => Locality
}

function locateNode(expr: Expr, scope: Scope): Locality {
  const parts = children(expr).map(scope.locate)
  const units = new Set(parts.flatMap((part) => [...part.units]))
  const constant = parts.every((part) => part.constant)
  const remote = { constant, units, local: false, keeps: false, strict: false }
  switch (expr.kind) {
    case 'NumberLiteral':
    case 'StringLiteral':
      return { ...remote, constant: true }
    case 'VectorSelector':
      return { ...remote, constant: false, units: scope.units.holding(expr), local: true, keeps: true }
    case 'MatrixSelector':
    case 'ParenExpr':
    case 'SubqueryExpr':
      return parts[0] ?? remote
    case 'UnaryExpr': {
      const [inner = remote] = parts
      return expr.op === '+'
        ? inner
        : { ...inner, keeps: inner.keeps && survivesWithoutName(scope), strict: true }
    }
    case 'Call':
      return { ...remote, ...locateCall(expr, scope) }
    case 'AggregateExpr': {
      const input = scope.locate(expr.expr)
      const constantParam = expr.param === undefined || scope.locate(expr.param).constant
      const labels = expr.param !== undefined && overwritesKey([expr.param], scope)
      const whole = expr.op === 'limit_ratio' || (input.keeps && !labels && keepsGrouping(expr, scope))
      const selects = expr.op === 'limit_ratio'
      const local = input.local && constantParam && whole
      return { ...remote, local, keeps: local && (selects ? input.keeps : true) }
    }
    case 'BinaryExpr':
      return { ...remote, ...locateBinary(expr, scope) }
  }
}

type Found = Pick<Locality, 'local' | 'keeps' | 'strict'>
const nowhere: Found = { local: false, keeps: false, strict: false }

function survivesWithoutName({ units }: Scope): boolean {
  return !units.keyLabels.has(metricNameLabel)
}

function locateCall({ func, args }: Call, scope: Scope): Found {
  const series = args.filter((arg) => ['vector', 'matrix'].includes(typeOf(arg))).map(scope.locate)
  const others = args.filter((arg) => !['vector', 'matrix'].includes(typeOf(arg)))
  const [input] = series
  if (input === undefined || series.length > 1 || !input.local) return nowhere
  if (!others.every((arg) => scope.locate(arg).constant)) return nowhere
  if (perHistogram.has(func)) {
    const whole =
      input.keeps &&
      survivesWithoutName(scope) &&
      !scope.units.keyLabels.has('le') &&
      !overwritesKey(others, scope)
    return { local: whole, keeps: whole, strict: input.strict }
  }
  if (func === 'label_replace' || func === 'label_join') {
    if (overwritesKey(args.slice(1, 2), scope)) return nowhere
    return { local: true, keeps: input.keeps, strict: true }
  }
  const isRange = rangeFunctions.has(func)
  if (func === 'absent_over_time' || !(isRange || perSeries.has(func))) return nowhere
  return {
    local: true,
    keeps: input.keeps && (keepsName.has(func) || survivesWithoutName(scope)),
    strict: isRange || input.strict,
  }
}

/** Whether one of the arguments names a label that tells units apart, which the result's own label then overwrites. */
function overwritesKey(args: readonly Expr[], { units }: Pick<Scope, 'units'>): boolean {
  return args.some((arg) => {
    if (arg.kind === 'ParenExpr') return overwritesKey([arg.expr], { units })
    return arg.kind === 'StringLiteral' && units.keyLabels.has(arg.value)
  })
}

/** Whether every group lies in one unit. */
function keepsGrouping(expr: { grouping: readonly string[]; without: boolean }, { units }: Scope): boolean {
  const { grouping, without } = expr
  const keys = [...units.keyLabels]
  if (without) return keys.every((key) => key !== metricNameLabel && !grouping.includes(key))
  return keys.every((key) => grouping.includes(key))
}

function locateBinary(expr: BinaryExpr, scope: Scope): Found {
  const [lhs, rhs] = [scope.locate(expr.lhs), scope.locate(expr.rhs)]
  const keepsNames = !dropsName(expr.op, expr.returnBool) || survivesWithoutName(scope)
  if (expr.matching === undefined) {
    const [vector, scalar] = typeOf(expr.lhs) === 'scalar' ? [rhs, lhs] : [lhs, rhs]
    const local = scalar.constant && vector.local
    return { local, keeps: local && vector.keeps && keepsNames, strict: vector.strict }
  }
  if (rhs.constant && lhs.local && expr.op !== 'or' && isSetOp(expr.op)) {
    // Every unit has the same right side.
    return { local: true, keeps: lhs.keeps, strict: lhs.strict }
  }
  if (!lhs.local || !rhs.local || !lhs.keeps || !rhs.keeps || !matchesWithinUnits(expr, scope)) return nowhere
  const one = expr.matching.card === 'one-to-many' ? expr.lhs : expr.rhs
  if (!isSetOp(expr.op) && !isUniqueFor(one, expr.matching)) return nowhere
  return { local: true, keeps: true, strict: false }
}

/** Whether only series of one unit can match each other. The labels that match are those that tell the units apart. */
function matchesWithinUnits({ matching }: BinaryExpr, { units }: Scope): boolean {
  const keys = [...units.keyLabels]
  if (matching?.on === true) return keys.every((key) => matching.labels.includes(key))
  return keys.every((key) => key !== metricNameLabel && matching?.labels.includes(key) === false)
}
