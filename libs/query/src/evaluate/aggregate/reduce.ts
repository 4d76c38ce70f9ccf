import { addTo, quantileOf, type Sum, sumOf } from '../arithmetic.ts'
import { meanOf } from '../range/over-time.ts'
import type { Semantics } from '../semantics.ts'

/** Turns the values of a group at one time, at least one, into one value. `param` is the scalar parameter at that time. */
export type Reducer = (values: Float64Array, param: number) => number

/** The aggregations that give one value for a group. */
export function reducerOf(op: string, semantics: Semantics): Reducer | undefined {
  switch (op) {
    case 'sum':
      return (values) => total(values, semantics)
    case 'avg':
      return (values) => meanOf(values, 0, values.length)
    case 'count':
      return (values) => values.length
    case 'group':
      return () => 1
    case 'min':
      return (values) => values.reduce((least, v) => (v < least || Number.isNaN(least) ? v : least))
    case 'max':
      return (values) => values.reduce((most, v) => (v > most || Number.isNaN(most) ? v : most))
    case 'stdvar':
      return (values) => variance(values, semantics)
    case 'stddev':
      return (values) => Math.sqrt(variance(values, semantics))
    case 'quantile':
      return (values, phi) => quantileOf(phi, values)
    default:
      return undefined
  }
}

/** The sum of values, from the first one, so that a negative zero stays one where Prometheus keeps it. */
export function total(values: Float64Array, semantics: Semantics): number {
  if (!semantics.compensatedSums) return values.reduce((sum, value) => sum + value)
  const sum: Sum = { total: values[0] ?? NaN, lost: 0 }
  for (let i = 1; i < values.length; i++) addTo(sum, values[i] ?? NaN)
  return sumOf(sum)
}

/** Population variance by Welford's method. */
function variance(values: Float64Array, semantics: Semantics): number {
  let mean = values[0] ?? NaN
  if (values.length === 1) return semantics.strictVariance && !Number.isFinite(mean) ? NaN : 0
  let squares = 0
  for (let i = 1; i < values.length; i++) {
    const value = values[i] ?? NaN
    const delta = value - mean
    mean += delta / (i + 1)
    squares += delta * (value - mean)
  }
  return squares / values.length
}
