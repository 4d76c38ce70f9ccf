import type { BinaryOp } from '@gatehouse/promql'

export type SetOp = 'and' | 'or' | 'unless'
export type ComparisonOp = '==' | '!=' | '<' | '>' | '<=' | '>='
export type ArithmeticOp = Exclude<BinaryOp, SetOp | ComparisonOp>

const comparisons: ReadonlySet<string> = new Set(['==', '!=', '<', '>', '<=', '>='])

export function isComparison(op: BinaryOp): op is ComparisonOp {
  return comparisons.has(op)
}

export function isSetOp(op: BinaryOp): op is SetOp {
  return op === 'and' || op === 'or' || op === 'unless'
}

export function compare(op: ComparisonOp, a: number, b: number): boolean {
  switch (op) {
    case '==':
      return a === b
    case '!=':
      return a !== b
    case '<':
      return a < b
    case '>':
      return a > b
    case '<=':
      return a <= b
    case '>=':
      return a >= b
  }
}

export function calculate(op: ArithmeticOp, a: number, b: number): number {
  switch (op) {
    case '+':
      return a + b
    case '-':
      return a - b
    case '*':
      return a * b
    case '/':
      return a / b
    case '%':
      return a % b
    case '^':
      return power(a, b)
    case 'atan2':
      return Math.atan2(a, b)
  }
}

/** As IEEE 754 and Go have it: 1 to any power is 1, and so is -1 to an infinite one; JavaScript says NaN. */
export function power(a: number, b: number): number {
  if (a === 1) return 1
  if (a === -1 && Math.abs(b) === Infinity) return 1
  return a ** b
}

/** Go's math.Max: an infinity wins over NaN. */
export function goMax(a: number, b: number): number {
  return a === Infinity || b === Infinity ? Infinity : Math.max(a, b)
}

/** Go's math.Min: an infinity wins over NaN. */
export function goMin(a: number, b: number): number {
  return a === -Infinity || b === -Infinity ? -Infinity : Math.min(a, b)
}

/** A running sum with Neumaier's compensation, as Prometheus sums; infinities discard the compensation. */
export interface Sum {
  total: number
  lost: number
}

export function addTo(sum: Sum, value: number): void {
  const next = sum.total + value
  if (Math.abs(next) === Infinity) sum.lost = 0
  else if (Math.abs(sum.total) >= Math.abs(value)) sum.lost += sum.total - next + value
  else sum.lost += value - next + sum.total
  sum.total = next
}

export function sumOf(sum: Sum): number {
  return Math.abs(sum.total) === Infinity ? sum.total : sum.total + sum.lost
}

/**
 * The φ-quantile of values, interpolated between neighbours; sorts `values` in place, NaN first.
 * φ below 0 gives -Inf, above 1 +Inf; no values or a NaN φ give NaN.
 */
export function quantileOf(phi: number, values: Float64Array): number {
  if (values.length === 0 || Number.isNaN(phi)) return NaN
  if (phi < 0) return -Infinity
  if (phi > 1) return Infinity
  // A typed array sorts numerically with NaN last; rotate, as Prometheus has NaN first.
  values.sort()
  let nans = 0
  while (nans < values.length && Number.isNaN(values[values.length - 1 - nans])) nans++
  const at = (i: number) => (i < nans ? NaN : (values[i - nans] ?? NaN))
  const rank = phi * (values.length - 1)
  const lower = Math.max(0, Math.floor(rank))
  const upper = Math.min(values.length - 1, lower + 1)
  const weight = rank - Math.floor(rank)
  return at(lower) * (1 - weight) + at(upper) * weight
}
