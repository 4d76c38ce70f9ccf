import { type ArithmeticOp, type ComparisonOp, calculate, compare, isComparison } from '../arithmetic.ts'
import { withoutName } from '../labels.ts'
import type { Series } from '../model.ts'
import { emptySeries, joinEqual, setFloat } from '../series.ts'
import { dropsName } from './binary.ts'

/** An operator between a vector and a scalar. */
export interface ScalarOperation {
  readonly op: ArithmeticOp | ComparisonOp
  readonly returnBool: boolean
  /** The scalar stands on the left. */
  readonly swapped: boolean
}

/** Applies the operator to every sample; a comparison without `bool` keeps the vector's samples for which it holds. */
export function applyScalarOperator(
  operation: ScalarOperation,
  vector: readonly Series[],
  scalar: Float64Array,
): Series[] {
  const { op, returnBool } = operation
  const results = vector.map((series) => {
    const labels = dropsName(op, returnBool) ? withoutName(series.labels) : series.labels
    const result = emptySeries(labels, series.values.length)
    for (let i = 0; i < series.values.length; i++) {
      if (series.present[i] !== 1) continue
      const value = combine(operation, series.values[i] ?? NaN, scalar[i] ?? NaN)
      if (value !== undefined) setFloat(result, i, value)
    }
    return result
  })
  return joinEqual(results, false)
}

function combine(operation: ScalarOperation, value: number, scalar: number): number | undefined {
  const { op, returnBool, swapped } = operation
  const [a, b] = swapped ? [scalar, value] : [value, scalar]
  if (!isComparison(op)) return calculate(op, a, b)
  const holds = compare(op, a, b)
  if (returnBool) return holds ? 1 : 0
  return holds ? value : undefined
}

/** An operator between two scalars; comparisons give 1 or 0. */
export function applyToScalars(
  op: ArithmeticOp | ComparisonOp,
  a: Float64Array,
  b: Float64Array,
): Float64Array {
  return a.map((value, i) => {
    const other = b[i] ?? NaN
    return isComparison(op) ? (compare(op, value, other) ? 1 : 0) : calculate(op, value, other)
  })
}
