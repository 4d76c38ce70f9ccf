import type {
  AggregateExpr,
  AtModifier,
  BinaryExpr,
  Expr,
  Matcher,
  SubqueryExpr,
  TimeShift,
  VectorSelector,
} from './ast.ts'
import { canNameGroupingLabel, canNameMetric, isLegacyLabelName, isLegacyMetricName } from './keywords.ts'
import { metricNameLabel } from './matchers.ts'
import { printDuration, printNumber } from './numbers.ts'
import { powerPrecedence, precedenceOf, unaryPrecedence } from './operators.ts'
import { quote } from './strings.ts'

/** How tightly a printed node holds together; what binds less than its place demands gets parentheses. */
const atomPrecedence = powerPrecedence + 1

/** Whether an expression prints with a leading sign, which may follow any operator or sign. */
function isSigned(expr: Expr): boolean {
  return (
    expr.kind === 'UnaryExpr' || (expr.kind === 'NumberLiteral' && printNumber(expr.value).startsWith('-'))
  )
}

function precedence(expr: Expr): number {
  if (expr.kind === 'BinaryExpr') return precedenceOf(expr.op)
  return isSigned(expr) ? unaryPrecedence : atomPrecedence
}

function printOperand(expr: Expr, minPrecedence: number): string {
  const text = print(expr)
  return precedence(expr) < minPrecedence ? `(${text})` : text
}

/** A matcher as PromQL text, `name="value"`; names with characters beyond a plain label's are quoted. */
export function printMatcher({ name, op, value }: Matcher): string {
  return `${isLegacyLabelName(name) ? name : quote(name)}${op}${quote(value)}`
}

function printAt(at: AtModifier): string {
  return at.kind === 'timestamp' ? ` @ ${at.ms / 1000}` : ` @ ${at.kind}()`
}

function printShift({ at, offsetMs }: TimeShift): string {
  const sign = offsetMs < 0 ? '-' : ''
  const offset = offsetMs === 0 ? '' : ` offset ${sign}${printDuration(Math.abs(offsetMs))}`
  return (at === undefined ? '' : printAt(at)) + offset
}

/** A selector without its time shift. */
function printSeries({ name, matchers }: VectorSelector): string {
  const printed = matchers.map(printMatcher)
  if (name === undefined) return `{${printed.join(',')}}`
  // Next to another `__name__` matcher Prometheus allows the name as a matcher only.
  if (matchers.some((matcher) => matcher.name === metricNameLabel)) {
    printed.unshift(printMatcher({ name: metricNameLabel, op: '=', value: name }))
  } else if (isLegacyMetricName(name) && canNameMetric(name)) {
    return printed.length === 0 ? name : `${name}{${printed.join(',')}}`
  } else printed.unshift(quote(name))
  return `{${printed.join(',')}}`
}

function printLabels(labels: readonly string[]): string {
  const printed = labels.map((label) =>
    isLegacyLabelName(label) && canNameGroupingLabel(label) ? label : quote(label),
  )
  return `(${printed.join(', ')})`
}

/** An aggregation up to its opening parenthesis. */
export function printAggregateHead({ op, grouping, without }: AggregateExpr): string {
  const modifier = without ? ` without ${printLabels(grouping)} ` : ` by ${printLabels(grouping)} `
  return `${op}${without || grouping.length > 0 ? modifier : ''}`
}

function printAggregate(aggregation: AggregateExpr): string {
  const { expr, param } = aggregation
  const args = param === undefined ? print(expr) : `${print(param)}, ${print(expr)}`
  return `${printAggregateHead(aggregation)}(${args})`
}

function printMatching({ returnBool, matching }: BinaryExpr): string {
  let text = returnBool ? ' bool' : ''
  if (matching === undefined) return text
  const grouped = matching.card === 'many-to-one' || matching.card === 'one-to-many'
  if (matching.on || grouped || matching.labels.length > 0) {
    text += ` ${matching.on ? 'on' : 'ignoring'} ${printLabels(matching.labels)}`
  }
  if (grouped) {
    text += ` group_${matching.card === 'many-to-one' ? 'left' : 'right'} ${printLabels(matching.include)}`
  }
  return text
}

/** The operator of a binary expression with its modifiers. */
export function printBinaryOp(expr: BinaryExpr): string {
  return expr.op + printMatching(expr)
}

/** What follows the expression of a sub-query. */
export function printSubqueryTail(expr: SubqueryExpr): string {
  const step = expr.stepMs === 0 ? '' : printDuration(expr.stepMs)
  return `[${printDuration(expr.rangeMs)}:${step}]${printShift(expr)}`
}

function printBinary(expr: BinaryExpr): string {
  const own = precedenceOf(expr.op)
  const isPower = own === powerPrecedence
  const lhs = printOperand(expr.lhs, isPower ? own + 1 : own)
  const rhs = isSigned(expr.rhs) ? print(expr.rhs) : printOperand(expr.rhs, isPower ? own : own + 1)
  return `${lhs} ${printBinaryOp(expr)} ${rhs}`
}

/**
 * An expression as canonical one-line PromQL that means the same to Prometheus; `parse(print(e))` equals `e` but for
 * positions. Parentheses are added where a rewritten tree needs them. Throws `bad_data` for strings that are no bytes.
 *
 * ```ts
 * print(parse("up{job='x'}[300s]")) // 'up{job="x"}[5m]'
 * ```
 */
export function print(expr: Expr): string {
  switch (expr.kind) {
    case 'NumberLiteral':
      return printNumber(expr.value)
    case 'StringLiteral':
      return quote(expr.value)
    case 'VectorSelector':
      return printSeries(expr) + printShift(expr)
    case 'MatrixSelector':
      return `${printSeries(expr.vector)}[${printDuration(expr.rangeMs)}]${printShift(expr.vector)}`
    case 'SubqueryExpr':
      return printOperand(expr.expr, atomPrecedence) + printSubqueryTail(expr)
    case 'Call':
      return `${expr.func}(${expr.args.map(print).join(', ')})`
    case 'AggregateExpr':
      return printAggregate(expr)
    case 'BinaryExpr':
      return printBinary(expr)
    case 'UnaryExpr':
      return expr.op + (isSigned(expr.expr) ? print(expr.expr) : printOperand(expr.expr, powerPrecedence))
    case 'ParenExpr':
      return `(${print(expr.expr)})`
  }
}
