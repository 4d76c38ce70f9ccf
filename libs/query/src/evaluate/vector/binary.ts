import { GatehouseError } from '@gatehouse/errors'
import type { BinaryOp, VectorMatching } from '@gatehouse/promql'
import { type ArithmeticOp, type ComparisonOp, calculate, compare, isComparison } from '../arithmetic.ts'
import { labelsKey, onlyLabels, printLabels, withLabel, withoutLabels, withoutName } from '../labels.ts'
import type { Labels, Series } from '../model.ts'
import { emptySeries, hasSamples, type MutableSeries, sameLabelset, setFloat } from '../series.ts'
import { anyPresent, bySignature, matchLabels } from './matching.ts'
import type { Sides } from './set-operator.ts'

/** An arithmetic or comparison operator between two vectors. */
export interface VectorOperation {
  readonly op: ArithmeticOp | ComparisonOp
  readonly returnBool: boolean
  readonly matching: VectorMatching
  readonly checkBeforeFilter: boolean
}

/** An output series and the times at which each signature has already contributed to it. */
interface Output {
  readonly series: MutableSeries
  readonly by: Map<string, Uint8Array>
}

/**
 * Combines matching series of both sides, at every time on its own.
 * @throws GatehouseError `execution`, in Prometheus's words, when the match is not unique at some time.
 */
export function applyVectorOperator(operation: VectorOperation, sides: Sides): Series[] {
  const swapped = operation.matching.card === 'one-to-many'
  const many = swapped ? sides.rhs : sides.lhs
  const one = swapped ? sides.lhs : sides.rhs
  const ones = uniqueOnes(operation.matching, one, { anyMany: anyPresent(many, sides.count), swapped })
  const outputs = new Map<string, Output>()
  for (const [signature, group] of bySignature(many, operation.matching)) {
    const partners = ones.get(signature)
    if (partners === undefined) continue
    const taken = new Uint8Array(sides.count)
    for (const series of group) {
      for (const partner of partners) {
        const labels = resultLabels(operation, series.labels, partner.labels)
        const output = outputFor(outputs, labels, sides.count)
        combine(operation, { many: series, one: partner, swapped }, { output, signature, taken })
      }
    }
  }
  return [...outputs.values()].map((output) => output.series).filter(hasSamples)
}

/** Series of the "one" side by signature, after checking that at no time two of them share one. */
function uniqueOnes(
  matching: VectorMatching,
  one: readonly Series[],
  context: { anyMany: Uint8Array; swapped: boolean },
): Map<string, Series[]> {
  const groups = bySignature(one, matching)
  for (const group of groups.values()) {
    for (let i = 0; group.length > 1 && i < context.anyMany.length; i++) {
      if (context.anyMany[i] !== 1) continue
      const [first, second] = group.filter((series) => series.present[i] === 1)
      if (first !== undefined && second !== undefined) {
        throw duplicateSeries(matching, [second, first], context.swapped ? 'left' : 'right')
      }
    }
  }
  return groups
}

function duplicateSeries(
  matching: VectorMatching,
  pair: [Series, Series],
  side: 'left' | 'right',
): GatehouseError {
  const [a, b] = pair.map((series) => printLabels(series.labels))
  const group = printLabels(matchLabels(pair[0].labels, matching))
  return new GatehouseError(
    'execution',
    `found duplicate series for the match group ${group} on the ${side} hand-side of the operation: [${a}, ${b}]` +
      ';many-to-many matching not allowed: matching labels must be unique on one side',
  )
}

interface Pair {
  readonly many: Series
  readonly one: Series
  readonly swapped: boolean
}

interface Target {
  readonly output: Output
  readonly signature: string
  /** Times at which the signature has a result, of whatever series. */
  readonly taken: Uint8Array
}

function combine(operation: VectorOperation, { many, one, swapped }: Pair, target: Target): void {
  const { op, returnBool } = operation
  for (let i = 0; i < many.present.length; i++) {
    if (many.present[i] !== 1 || one.present[i] !== 1) continue
    const [m, o] = [many.values[i] ?? NaN, one.values[i] ?? NaN]
    const [a, b] = swapped ? [o, m] : [m, o]
    const holds = !isComparison(op) || compare(op, a, b)
    if (holds || returnBool || operation.checkBeforeFilter) claim(operation.matching, target, i)
    if (isComparison(op)) {
      if (returnBool) place(target, i, holds ? 1 : 0)
      else if (holds) place(target, i, a)
    } else {
      place(target, i, calculate(op, a, b))
    }
  }
}

/** Marks a time of a match as used, once per result series for grouped matches and once at all for one-to-one. */
function claim(matching: VectorMatching, { output, signature, taken }: Target, i: number): void {
  if (matching.card === 'one-to-one') {
    if (taken[i] === 1) {
      throw new GatehouseError(
        'execution',
        'multiple matches for labels: many-to-one matching must be explicit (group_left/group_right)',
      )
    }
    taken[i] = 1
    return
  }
  let used = output.by.get(signature)
  if (used === undefined) output.by.set(signature, (used = new Uint8Array(taken.length)))
  if (used[i] === 1) {
    throw new GatehouseError(
      'execution',
      'multiple matches for labels: grouping labels must ensure unique matches',
    )
  }
  used[i] = 1
}

function place({ output }: Target, i: number, value: number): void {
  if (output.series.present[i] === 1) throw sameLabelset()
  setFloat(output.series, i, value)
}

function outputFor(outputs: Map<string, Output>, labels: Labels, count: number): Output {
  const key = labelsKey(labels)
  let output = outputs.get(key)
  if (output === undefined) outputs.set(key, (output = { series: emptySeries(labels, count), by: new Map() }))
  return output
}

/** Whether an operator's result is another quantity, so that the metric name goes. */
export function dropsName(op: BinaryOp, returnBool: boolean): boolean {
  return returnBool || !(isComparison(op) || op === 'and' || op === 'or' || op === 'unless')
}

function resultLabels(operation: VectorOperation, many: Labels, one: Labels): Labels {
  const { matching, returnBool } = operation
  let labels = dropsName(operation.op, false) ? withoutName(many) : many
  if (matching.card === 'one-to-one') {
    const names = new Set(matching.labels)
    labels = matching.on ? onlyLabels(labels, names) : withoutLabels(labels, names)
  }
  const joined = include(labels, one, matching.include)
  return returnBool ? withoutName(joined) : joined
}

function include(labels: Labels, one: Labels, names: readonly string[]): Labels {
  let result = labels
  for (const name of names) result = withLabel(result, name, one.get(name) ?? '')
  return result
}
