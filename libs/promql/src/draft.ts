import type {
  AggregateExpr,
  BinaryExpr,
  Call,
  MatrixSelector,
  NumberLiteral,
  ParenExpr,
  StringLiteral,
  SubqueryExpr,
  UnaryExpr,
  VectorSelector,
} from './ast.ts'

type Mutable<T> = { -readonly [K in keyof T]: T[K] }
type With<T, Children> = Mutable<Omit<T, keyof Children>> & Children

/*
 * The tree while it is being parsed: as in ast.ts, but its nodes may still change. `check` completes and freezes it.
 */
export type DraftSelector = Mutable<VectorSelector>
export type DraftMatrix = With<MatrixSelector, { vector: DraftSelector }>
export type DraftSubquery = With<SubqueryExpr, { expr: Draft }>
export type DraftBinary = With<BinaryExpr, { lhs: Draft; rhs: Draft }>
export type DraftCall = With<Call, { args: Draft[] }>
export type DraftAggregate = With<AggregateExpr, { expr: Draft; param: Draft | undefined }>
export type Draft =
  | Mutable<NumberLiteral>
  | Mutable<StringLiteral>
  | DraftSelector
  | DraftMatrix
  | DraftSubquery
  | DraftBinary
  | DraftCall
  | DraftAggregate
  | With<UnaryExpr, { expr: Draft }>
  | With<ParenExpr, { expr: Draft }>
