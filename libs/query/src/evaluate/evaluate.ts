import { GatehouseError } from '@gatehouse/errors'
import { BeyondShards } from '../plan/beyond.ts'
import { childrenOf } from '../plan/describe.ts'
import type {
  AggregateNode,
  Beyond,
  BinaryNode,
  EvaluatePlan,
  LeafNode,
  PlanNode,
  RangeNode,
} from '../plan/model.ts'
import { aggregate } from './aggregate/aggregate.ts'
import { sharedLabels } from './aggregate/groups.ts'
import { reducerOf } from './aggregate/reduce.ts'
import { isSetOp } from './arithmetic.ts'
import { evaluateCall } from './call.ts'
import type { Context, LeafAnswer } from './context.ts'
import { gridOf } from './grid.ts'
import { withoutName } from './labels.ts'
import { operandsOf } from './histograms.ts'
import { evaluateLeaf, unitItems, unitSeries } from './leaf.ts'
import { evaluateMerge } from './merge.ts'
import type { Grid, Series, Value } from './model.ts'
import { createNotes, listNotes, noteQuantiles, withoutPosition } from './notes.ts'
import { type QueryResult, resultOf, toSamples, unionOf } from './result.ts'
import { emptySeries, hasSamples, joinEqual, mapFloats, setFloat } from './series.ts'
import { mergeStats, type QueryStats } from './stats.ts'
import { applyVectorOperator } from './vector/binary.ts'
import { anyPresent } from './vector/matching.ts'
import { applyScalarOperator, applyToScalars } from './vector/scalar.ts'
import { applySetOperator } from './vector/set-operator.ts'

/** What came of evaluating a plan: the answer, or the sub-expression that only the global engine can compute. */
export type Evaluation =
  | {
      readonly kind: 'answer'
      readonly result: QueryResult
      readonly warnings: readonly string[]
      readonly infos: readonly string[]
      /** What the shards say of their work, together; undefined where none does. */
      readonly stats: QueryStats | undefined
    }
  | { readonly kind: 'beyond'; readonly beyond: Beyond }

/**
 * Puts the shards' answers together as the plan says. `answers` holds one for every request of the plan, by its id.
 * @throws GatehouseError `execution` in Prometheus's words where Prometheus would refuse; `bad_gateway` for an answer that
 *   is none.
 */
export function evaluate(plan: EvaluatePlan, answers: ReadonlyMap<number, LeafAnswer>): Evaluation {
  const notes = createNotes()
  const { requests, semantics } = plan
  const context: Context = { requests, answers, readers: readersOf(plan.root), semantics, notes }
  try {
    const result = isUnion(plan.root)
      ? unionOf(unitItems(plan.root, context), plan.range)
      : resultOf(evaluateNode(plan.root, gridOf(plan.range), context), plan.range)
    for (const answer of answers.values()) {
      for (const warning of answer.warnings) notes.warnings.add(withoutPosition(warning))
      for (const info of answer.infos) notes.infos.add(withoutPosition(info))
    }
    return {
      kind: 'answer',
      result,
      ...listNotes(notes, plan.semantics),
      stats: mergeStats(readingsOf(plan.root).map((id) => answers.get(id)?.data)),
    }
  } catch (error) {
    if (!(error instanceof BeyondShards)) throw error
    return { kind: 'beyond', beyond: error.beyond }
  }
}

/** The requests whose samples one server would have read, too: the parts of an aggregation all read the same. */
function readingsOf(node: PlanNode): readonly number[] {
  if (node.kind === 'leaf') return node.requests.flat()
  const inputs = childrenOf(node)
  return (node.kind === 'merge' ? inputs.slice(0, 1) : inputs).flatMap(readingsOf)
}

/** How many leaves read each request's answer. */
function readersOf(root: PlanNode): Map<number, number> {
  const readers = new Map<number, number>()
  const count = (node: PlanNode): void => {
    if (node.kind !== 'leaf') return childrenOf(node).forEach(count)
    for (const id of node.requests.flat()) readers.set(id, (readers.get(id) ?? 0) + 1)
  }
  count(root)
  return readers
}

/** Whether the answer is what the shards sent, side by side: nothing then needs to be read or computed. */
function isUnion(node: PlanNode): node is LeafNode {
  return (
    node.kind === 'leaf' &&
    node.type === 'vector' &&
    node.overlap === 'never' &&
    node.requests.every((stretches) => stretches.length === 1)
  )
}

function evaluateNode(node: PlanNode, grid: Grid, context: Context): Value {
  const evaluateChild = (child: PlanNode) => evaluateNode(child, grid, context)
  switch (node.kind) {
    case 'number':
      return { type: 'scalar', values: new Float64Array(grid.count).fill(node.value) }
    case 'string':
      return { type: 'string', value: node.value }
    case 'leaf':
      return evaluateLeaf(node, context)
    case 'merge':
      return { type: 'vector', series: evaluateMerge(node, context) }
    case 'absent': {
      const units = unitSeries(node.input, context)
      return { type: 'vector', series: absentEverywhere(units, { labels: node.labels, count: grid.count }) }
    }
    case 'call': {
      const args = operandsOf(node, node.args.map(evaluateChild), context)
      return evaluateCall(node, args, { grid, context })
    }
    case 'aggregate':
      return aggregateNode(node, evaluateChild, { grid, context })
    case 'binary':
      return binaryNode(node, [evaluateChild(node.lhs), evaluateChild(node.rhs)], { grid, context })
    case 'negate': {
      const [value] = operandsOf(node, [evaluateChild(node.input)], context)
      if (value === undefined) throw new GatehouseError('internal', 'nothing to negate')
      return negate(value, context)
    }
    case 'range':
      return rangeNode(node, context)
  }
}

function absentEverywhere(
  units: readonly (readonly Series[])[],
  { labels, count }: { labels: Series['labels']; count: number },
): Series[] {
  const series = emptySeries(labels, count)
  const presence = units.map((unit) => anyPresent(unit, count))
  for (let i = 0; i < count; i++) if (presence.every((absent) => absent[i] === 1)) setFloat(series, i, 1)
  return [series].filter(hasSamples)
}

type Place = { readonly grid: Grid; readonly context: Context }

function aggregateNode(
  node: AggregateNode,
  evaluateChild: (child: PlanNode) => Value,
  { grid, context }: Place,
): Value {
  // With nothing but its group's labels a series is read at a fraction of its size.
  const reduces = reducerOf(node.op, context.semantics) !== undefined
  const { input: child } = node
  const read =
    child.kind === 'leaf' && reduces
      ? evaluateLeaf(child, context, sharedLabels(node.grouping))
      : evaluateChild(child)
  const [input] = operandsOf(node, [read], context)
  if (input === undefined) throw new GatehouseError('internal', 'nothing to aggregate')
  const param = node.param === undefined ? undefined : evaluateChild(node.param)
  if (node.op === 'quantile' && param?.type === 'scalar') noteQuantiles(param.values, context.notes)
  const aggregation = {
    op: node.op,
    grouping: node.grouping,
    param: param?.type === 'scalar' ? param.values : param?.type === 'string' ? param.value : undefined,
    semantics: context.semantics,
  }
  return { type: 'vector', series: aggregate(aggregation, seriesOf(input), grid.count) }
}

function seriesOf(value: Value): readonly Series[] {
  if (value.type !== 'vector')
    throw new GatehouseError('internal', `a ${value.type} where a vector was planned`)
  return value.series
}

function binaryNode(node: BinaryNode, [lhs, rhs]: [Value, Value], { grid, context }: Place): Value {
  const { op, returnBool, matching } = node
  if (isSetOp(op)) {
    if (matching === undefined) throw new GatehouseError('internal', `${op} without matching`)
    const sides = { lhs: seriesOf(lhs), rhs: seriesOf(rhs), count: grid.count }
    return { type: 'vector', series: applySetOperator(op, sides, matching) }
  }
  operandsOf(node, [lhs, rhs], context)
  if (lhs.type === 'scalar' && rhs.type === 'scalar') {
    return { type: 'scalar', values: applyToScalars(op, lhs.values, rhs.values) }
  }
  if (lhs.type === 'scalar' || rhs.type === 'scalar') {
    const swapped = lhs.type === 'scalar'
    const [scalar, vector] = swapped ? [lhs, rhs] : [rhs, lhs]
    if (scalar.type !== 'scalar') throw new GatehouseError('internal', 'no scalar beside the vector')
    return {
      type: 'vector',
      series: applyScalarOperator({ op, returnBool, swapped }, seriesOf(vector), scalar.values),
    }
  }
  if (matching === undefined) throw new GatehouseError('internal', `${op} between vectors without matching`)
  const operation = { op, returnBool, matching, checkBeforeFilter: context.semantics.checkBeforeFilter }
  const sides = { lhs: seriesOf(lhs), rhs: seriesOf(rhs), count: grid.count }
  return { type: 'vector', series: applyVectorOperator(operation, sides) }
}

function negate(value: Value, { semantics }: Context): Value {
  if (value.type === 'scalar') return { type: 'scalar', values: value.values.map((v) => -v) }
  const negated = seriesOf(value).map((series) => mapFloats(series, withoutName(series.labels), (v) => -v))
  return { type: 'vector', series: joinEqual(negated, !semantics.mergeAlternating) }
}

/** A sub-query evaluates its input on its own grid; raw samples come with their own times. */
function rangeNode(node: RangeNode, context: Context): Value {
  const value = evaluateNode(node.input, node.grid, context)
  if (value.type === 'matrix') return { ...value, window: node.window }
  const series = value.type === 'scalar' ? [] : seriesOf(value)
  return { type: 'matrix', samples: toSamples(series.filter(hasSamples), node.grid), window: node.window }
}
