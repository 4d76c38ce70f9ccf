import type { BinaryOp, Expr, ValueType, VectorMatching } from '@gatehouse/promql'
import type { Grouping } from '../evaluate/aggregate/groups.ts'
import type { Grid, Labels, WindowSpec } from '../evaluate/model.ts'
import type { Semantics } from '../evaluate/semantics.ts'
import type { EnforcedExpr, TimeRange } from '../model.ts'
import type { EnforcedText } from '../upstream-request.ts'

/** One query to one shard. A step of 0 makes it an instant query. */
export interface LeafRequest {
  /** Index in the plan's requests. */
  readonly id: number
  readonly shard: string
  readonly expr: EnforcedExpr
  readonly text: EnforcedText
  readonly range: TimeRange
}

/** How series of different units can coincide, and what that means. */
export type Overlap =
  /** Their labels tell the units apart. */
  | 'never'
  /** As in Prometheus: equal labels are an error at the same time… */
  | 'join'
  /** …or at all, where Prometheus is that strict. */
  | 'refuse'
  /** They are partial results of one series. */
  | 'merge'

/** A sub-expression evaluated by the shards; its value is the union over units. */
export interface LeafNode {
  readonly kind: 'leaf'
  readonly type: ValueType
  /** Request ids: by unit, then by stretch of time. */
  readonly requests: readonly (readonly number[])[]
  readonly overlap: Overlap
  readonly grid: Grid
  /** What it computes, for messages; printed only when needed, as nested texts add up. */
  readonly expr: Expr
}

/** Aggregations whose partial results over units can be merged. */
export type MergeOp = 'sum' | 'count' | 'group' | 'min' | 'max' | 'avg' | 'stddev' | 'stdvar' | 'count_values'

/** An aggregation computed by the shards in parts: `avg` as average and count, `stdvar` as variance, average and count. */
export interface MergeNode {
  readonly kind: 'merge'
  readonly op: MergeOp
  readonly parts: readonly LeafNode[]
  readonly expr: Expr
}

/** `absent` or `absent_over_time` of what no unit may have. */
export interface AbsentNode {
  readonly kind: 'absent'
  /** The same function on every unit. */
  readonly input: LeafNode
  readonly labels: Labels
  readonly expr: Expr
}

export interface CallNode {
  readonly kind: 'call'
  readonly func: string
  readonly args: readonly PlanNode[]
  /** Labels of what `absent` and its like answer. */
  readonly labels?: Labels | undefined
  readonly expr: Expr
}

export interface AggregateNode {
  readonly kind: 'aggregate'
  readonly op: string
  readonly input: PlanNode
  readonly param: PlanNode | undefined
  readonly grouping: Grouping
  readonly expr: Expr
}

export interface BinaryNode {
  readonly kind: 'binary'
  readonly op: BinaryOp
  readonly lhs: PlanNode
  readonly rhs: PlanNode
  readonly returnBool: boolean
  readonly matching: VectorMatching | undefined
  readonly expr: Expr
}

export interface NegateNode {
  readonly kind: 'negate'
  readonly input: PlanNode
  readonly expr: Expr
}

/** A range vector: a sub-query's inner expression on its own grid, or raw samples. */
export interface RangeNode {
  readonly kind: 'range'
  readonly input: PlanNode
  readonly grid: Grid
  readonly window: WindowSpec
  readonly expr: Expr
}

export type LiteralNode =
  | { readonly kind: 'number'; readonly value: number }
  | { readonly kind: 'string'; readonly value: string }

/** What this process evaluates over the shards' answers. Plain data. */
export type PlanNode =
  | LiteralNode
  | LeafNode
  | MergeNode
  | AbsentNode
  | CallNode
  | AggregateNode
  | BinaryNode
  | NegateNode
  | RangeNode

/** The whole query for the global engine: a Prometheus that sees all shards. */
export interface EngineRequest {
  readonly expr: EnforcedExpr
  readonly text: EnforcedText
  readonly range: TimeRange
}

/** A sub-expression that cannot be computed exactly from the shards' answers, and why. */
export interface Beyond {
  readonly text: string
  readonly because: string
  /** What its author can do about it, unless that is selecting less. */
  readonly advice?: string | undefined
}

/** One unit has it all: its answer is the answer. */
export interface PassPlan {
  readonly kind: 'pass'
  readonly request: LeafRequest
  readonly range: TimeRange
}

/** Several units, or none: their answers are put together here. */
export interface EvaluatePlan {
  readonly kind: 'evaluate'
  readonly root: PlanNode
  readonly requests: readonly LeafRequest[]
  readonly range: TimeRange
  readonly semantics: Semantics
  /** Where to turn when the answers prove to be beyond exact evaluation, as native histograms can. */
  readonly engine: EngineRequest | undefined
}

/** Not exact over shards: the global engine answers. */
export interface EnginePlan {
  readonly kind: 'engine'
  readonly request: EngineRequest
  readonly range: TimeRange
  readonly beyond: Beyond
}

export type Plan = PassPlan | EvaluatePlan | EnginePlan
