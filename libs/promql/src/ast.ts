/** Half-open range of UTF-16 offsets in the parsed text. Printing and equality ignore it. */
export interface Position {
  readonly start: number
  readonly end: number
}

/** Comparison of a label matcher. */
export type MatchOp = '=' | '!=' | '=~' | '!~'

/**
 * One label matcher, `name op value`, decoded: `name` and `value` are the label's text, not its source form.
 * Bytes that are not valid UTF-8 (`"\xff"`) are kept as lone surrogates U+DC80…U+DCFF and printed back as `\xNN`.
 */
export interface Matcher {
  readonly name: string
  readonly op: MatchOp
  readonly value: string
}

/** `@` modifier: a fixed time in milliseconds since the epoch, or a bound of the query range. */
export type AtModifier =
  | { readonly kind: 'timestamp'; readonly ms: number }
  | { readonly kind: 'start' | 'end' }

/** Time shift shared by selectors and subqueries. `offsetMs` may be negative; 0 means none was written. */
export interface TimeShift {
  readonly offsetMs: number
  readonly at: AtModifier | undefined
}

export interface NumberLiteral {
  readonly kind: 'NumberLiteral'
  readonly value: number
  readonly position: Position
}

export interface StringLiteral {
  readonly kind: 'StringLiteral'
  readonly value: string
  readonly position: Position
}

/**
 * An instant vector selector. `name` is the metric name written before the braces or quoted inside them; `matchers` are
 * the others, in source order. A `__name__` matcher written out stays a matcher, and a tree from `parse` never has it
 * beside a `name`.
 */
export interface VectorSelector extends TimeShift {
  readonly kind: 'VectorSelector'
  readonly name: string | undefined
  readonly matchers: readonly Matcher[]
  readonly position: Position
}

/** A range vector selector, `vector[rangeMs]`. Offset and `@` live on the inner selector, as in Prometheus. */
export interface MatrixSelector {
  readonly kind: 'MatrixSelector'
  readonly vector: VectorSelector
  readonly rangeMs: number
  readonly position: Position
}

/** `expr[range:step]`; `stepMs` 0 means the default resolution. */
export interface SubqueryExpr extends TimeShift {
  readonly kind: 'SubqueryExpr'
  readonly expr: Expr
  readonly rangeMs: number
  readonly stepMs: number
  readonly position: Position
}

export interface Call {
  readonly kind: 'Call'
  readonly func: string
  readonly args: readonly Expr[]
  readonly position: Position
}

export interface AggregateExpr {
  readonly kind: 'AggregateExpr'
  readonly op: string
  readonly expr: Expr
  readonly param: Expr | undefined
  readonly grouping: readonly string[]
  readonly without: boolean
  readonly position: Position
}

export type BinaryOp =
  | '+'
  | '-'
  | '*'
  | '/'
  | '%'
  | '^'
  | 'atan2'
  | '=='
  | '!='
  | '<'
  | '>'
  | '<='
  | '>='
  | 'and'
  | 'or'
  | 'unless'

export type Cardinality = 'one-to-one' | 'many-to-one' | 'one-to-many' | 'many-to-many'

/** Vector matching of a binary expression between two vectors; `on` false and no labels is the default. */
export interface VectorMatching {
  readonly card: Cardinality
  readonly on: boolean
  readonly labels: readonly string[]
  readonly include: readonly string[]
}

export interface BinaryExpr {
  readonly kind: 'BinaryExpr'
  readonly op: BinaryOp
  readonly lhs: Expr
  readonly rhs: Expr
  readonly returnBool: boolean
  /** Present exactly when both sides are instant vectors. */
  readonly matching: VectorMatching | undefined
  readonly position: Position
}

export interface UnaryExpr {
  readonly kind: 'UnaryExpr'
  readonly op: '+' | '-'
  readonly expr: Expr
  readonly position: Position
}

export interface ParenExpr {
  readonly kind: 'ParenExpr'
  readonly expr: Expr
  readonly position: Position
}

/** A parsed PromQL expression. Every node is frozen data; rewrites make new nodes. */
export type Expr =
  | NumberLiteral
  | StringLiteral
  | VectorSelector
  | MatrixSelector
  | SubqueryExpr
  | Call
  | AggregateExpr
  | BinaryExpr
  | UnaryExpr
  | ParenExpr

/** The four types of a PromQL value. */
export type ValueType = 'scalar' | 'string' | 'vector' | 'matrix'
