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
  const failures = createFailures()
  const ones = bySignature(one, operation.matching)
  findDuplicates([...ones.values()], { operation, swapped, failures, anyMany: anyPresent(many, sides.count) })
  const outputs = new Map<string, Output>()
  for (const [signature, group] of bySignature(many, operation.matching)) {
    const partners = ones.get(signature)
    if (partners === undefined) continue
    const taken = new Uint8Array(sides.count)
    for (const series of group) {
      for (const partner of partners) {
        const labels = resultLabels(operation, series.labels, partner.labels)
        const output = outputFor(outputs, labels, sides.count)
        combine(operation, { many: series, one: partner, swapped }, { output, signature, taken, failures })
      }
    }
  }
  failures.throwFirst()
  return [...outputs.values()].map((output) => output.series).filter(hasSamples)
}

/** What Prometheus, going time by time, would check first, second and last at each. */
type Check = 0 | 1 | 2

/** Collects failures and throws the one Prometheus would meet first. */
interface Failures {
  add(time: number, check: Check, error: () => GatehouseError): void
  throwFirst(): void
}

function createFailures(): Failures {
  let first: { order: number; error: () => GatehouseError } | undefined
  return {
    add: (time, check, error) => {
      const order = time * 3 + check
      if (first === undefined || order < first.order) first = { order, error }
    },
    throwFirst: () => {
      if (first !== undefined) throw first.error()
    },
  }
}

interface DuplicateScope {
  readonly operation: VectorOperation
  readonly swapped: boolean
  readonly failures: Failures
  readonly anyMany: Uint8Array
}

/** Finds where two series of the "one" side match alike; that fails also when nothing on the other side matches them. */
function findDuplicates(
  groups: readonly Series[][],
  { operation, swapped, failures, anyMany }: DuplicateScope,
): void {
  for (const group of groups) {
    for (let i = 0; group.length > 1 && i < anyMany.length; i++) {
      if (anyMany[i] !== 1) continue
      const [first, second] = group.filter((series) => series.present[i] === 1)
      if (first === undefined || second === undefined) continue
      failures.add(i, 0, () =>
        duplicateSeries(operation.matching, [second, first], swapped ? 'left' : 'right'),
      )
    }
  }
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
  readonly failures: Failures
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
function claim(matching: VectorMatching, { output, signature, taken, failures }: Target, i: number): void {
  let used = taken
  if (matching.card !== 'one-to-one') {
    used = output.by.get(signature) ?? new Uint8Array(taken.length)
    output.by.set(signature, used)
  }
  if (used[i] === 1) failures.add(i, 1, () => multipleMatches(matching))
  used[i] = 1
}

function multipleMatches({ card }: VectorMatching): GatehouseError {
  const what =
    card === 'one-to-one'
      ? 'many-to-one matching must be explicit (group_left/group_right)'
      : 'grouping labels must ensure unique matches'
  return new GatehouseError('execution', `multiple matches for labels: ${what}`)
}

function place({ output, failures }: Target, i: number, value: number): void {
  if (output.series.present[i] === 1) failures.add(i, 2, sameLabelset)
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
