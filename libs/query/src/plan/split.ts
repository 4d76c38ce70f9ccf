import {
  type AggregateExpr,
  type BinaryExpr,
  type Call,
  type Expr,
  type MatrixSelector,
  type SubqueryExpr,
  typeOf,
} from '@gatehouse/promql'
import { isKnownFunction } from '../evaluate/call.ts'
import type { Grid, Labels } from '../evaluate/model.ts'
import { BeyondShards } from './beyond.ts'
import type { LeafMaker } from './leaves.ts'
import type { Locality } from './locality.ts'
import type { LeafNode, MergeOp, PlanNode, RangeNode } from './model.ts'
import { reachOf, subqueryGrid, windowOf } from './times.ts'

/** What splitting needs to know of the query. */
export interface SplitScope {
  readonly locate: (expr: Expr) => Locality
  readonly leaves: LeafMaker
  /** Labels of `absent(expr)`. */
  readonly absentLabels: (expr: Expr) => Labels
  /** Whether servers would put labels of their slice into what `absent` answers here. */
  readonly distortsAbsence: (expr: Expr) => boolean
  readonly leftOpen: boolean
}

/**
 * Splits an expression into the largest parts that units compute on their own, and what is evaluated over them here.
 * @throws BeyondShards for what cannot be split exactly.
 */
export function split(expr: Expr, grid: Grid, scope: SplitScope): PlanNode {
  const where = scope.locate(expr)
  const isWhole = where.local || (where.units.size === 1 && !scope.distortsAbsence(expr))
  if (!where.constant && isWhole && typeOf(expr) !== 'matrix' && scope.leaves.canMake(expr, grid)) {
    return scope.leaves.make(expr, grid)
  }
  switch (expr.kind) {
    case 'NumberLiteral':
      return { kind: 'number', value: expr.value }
    case 'StringLiteral':
      return { kind: 'string', value: expr.value }
    case 'ParenExpr':
      return split(expr.expr, grid, scope)
    case 'UnaryExpr': {
      const input = split(expr.expr, grid, scope)
      return expr.op === '+' ? input : { kind: 'negate', input, expr }
    }
    case 'VectorSelector':
      return scope.leaves.make(expr, grid)
    case 'MatrixSelector':
      return rawSamples(expr, grid, scope)
    case 'SubqueryExpr':
      return splitSubquery(expr, grid, scope)
    case 'Call':
      return splitCall(expr, grid, scope)
    case 'AggregateExpr':
      return splitAggregate(expr, grid, scope)
    case 'BinaryExpr':
      return splitBinary(expr, grid, scope)
  }
}

/** The samples of a range selector over all times of a grid, by an instant query that reaches over them. */
function rawSamples(expr: MatrixSelector, grid: Grid, scope: SplitScope): RangeNode {
  const { offsetMs, at } = expr.vector
  const window = windowOf({ rangeMs: expr.rangeMs, offsetMs, at })
  return { kind: 'range', input: scope.leaves.makeRaw(expr, reachOf(window, grid)), grid, window, expr }
}

function splitSubquery(expr: SubqueryExpr, grid: Grid, scope: SplitScope): RangeNode {
  const window = windowOf(expr)
  const inner = subqueryGrid(window, grid, { step: expr.stepMs, leftOpen: scope.leftOpen })
  return { kind: 'range', input: split(expr.expr, inner, scope), grid: inner, window, expr }
}

/** Functions that answer where their argument has nothing, with labels of its selector. */
export const absentFunctions: ReadonlySet<string> = new Set(['absent', 'absent_over_time'])

function splitCall(expr: Call, grid: Grid, scope: SplitScope): PlanNode {
  const [input] = expr.args
  if (absentFunctions.has(expr.func) && input !== undefined) {
    if (scope.locate(input).local && scope.leaves.canMake(expr, grid)) {
      return {
        kind: 'absent',
        input: scope.leaves.make(expr, grid, 'merge'),
        labels: scope.absentLabels(input),
        expr,
      }
    }
  }
  if (!isKnownFunction(expr.func)) throw new BeyondShards(expr, `${expr.func}() is not computed over shards`)
  const labels = absentFunctions.has(expr.func) && input !== undefined ? scope.absentLabels(input) : undefined
  const args = expr.args.map((arg) => split(arg, grid, scope))
  return { kind: 'call', func: expr.func, args, labels, expr }
}

/** The parts whose values, merged over units, give an aggregation. */
const mergeParts: ReadonlyMap<string, readonly string[]> = new Map(
  Object.entries<readonly string[]>({
    sum: ['sum'],
    count: ['count'],
    group: ['group'],
    min: ['min'],
    max: ['max'],
    avg: ['avg', 'count'],
    stddev: ['stdvar', 'avg', 'count'],
    stdvar: ['stdvar', 'avg', 'count'],
    count_values: ['count_values'],
  } satisfies Record<MergeOp, readonly string[]>),
)

function isMergeOp(op: string): op is MergeOp {
  return mergeParts.has(op)
}

/** Aggregations of which each unit's own selection contains all that can be selected overall. */
const selections: ReadonlySet<string> = new Set(['topk', 'bottomk', 'limitk'])

function splitAggregate(expr: AggregateExpr, grid: Grid, scope: SplitScope): PlanNode {
  const input = scope.locate(expr.expr)
  const constantParam = expr.param === undefined || scope.locate(expr.param).constant
  const { op } = expr
  const isPushable = input.local && constantParam && scope.leaves.canMake(expr, grid)
  if (isPushable && isMergeOp(op)) {
    const parts = (mergeParts.get(op) ?? []).map((part) => mergePart(expr, part, { grid, scope }))
    return { kind: 'merge', op, parts, expr }
  }
  // It samples by a hash that each server computes over its own form of the labels.
  if (op === 'limit_ratio') throw new BeyondShards(expr, 'its choice of series is the server’s own')
  const inner =
    isPushable && selections.has(op)
      ? scope.leaves.make(expr, grid, input.keeps ? 'never' : 'join')
      : split(expr.expr, grid, scope)
  return {
    kind: 'aggregate',
    op,
    input: inner,
    param: expr.param === undefined ? undefined : split(expr.param, grid, scope),
    grouping: { labels: expr.grouping, without: expr.without },
    expr,
  }
}

function mergePart(
  expr: AggregateExpr,
  op: string,
  { grid, scope }: { grid: Grid; scope: SplitScope },
): LeafNode {
  return scope.leaves.make(op === expr.op ? expr : { ...expr, op }, grid, 'merge')
}

function splitBinary(expr: BinaryExpr, grid: Grid, scope: SplitScope): PlanNode {
  return {
    kind: 'binary',
    op: expr.op,
    lhs: split(expr.lhs, grid, scope),
    rhs: split(expr.rhs, grid, scope),
    returnBool: expr.returnBool,
    matching: expr.matching,
    expr,
  }
}
