import type { GatehouseError } from '@gatehouse/errors'
import type { ValueType, VectorMatching } from './ast.ts'
import type { Draft, DraftAggregate, DraftBinary, DraftCall, DraftSelector } from './draft.ts'
import { aggregationSpec, functionSpec } from './functions.ts'
import { matchesEmpty, metricNameLabel } from './matchers.ts'
import { isComparison, isSetOperator } from './operators.ts'
import { parseError, quoteForMessage } from './parse-error.ts'
import { describeType } from './type-of.ts'

/** How deep a tree may be, a chain of left-associative operators included: what walks it may recurse. */
export const maxDepth = 1000

/** What a check needs everywhere: the source for positions, and the depth reached. */
interface Checking {
  readonly text: string
  depth: number
}

function failure(at: Checking, expr: Draft, reason: string): GatehouseError {
  return parseError(at.text, expr.position.start, reason)
}

function expectType(at: Checking, expr: Draft, wanted: ValueType, context: string): void {
  const type = checkNode(at, expr)
  if (type === wanted) return
  throw failure(at, expr, `expected type ${describeType(wanted)} in ${context}, got ${describeType(type)}`)
}

function checkSelector(at: Checking, selector: DraftSelector): void {
  if (selector.name !== undefined) {
    const second = selector.matchers.find(({ name }) => name === metricNameLabel)
    if (second === undefined) return
    const names = `${quoteForMessage(selector.name)} or ${quoteForMessage(second.value)}`
    throw failure(at, selector, `metric name must not be set twice: ${names}`)
  }
  // Prevents selecting every series by a slip.
  if (selector.matchers.every(matchesEmpty)) {
    throw failure(at, selector, 'vector selector must contain at least one non-empty matcher')
  }
}

function checkAggregate(at: Checking, { op, expr, param }: DraftAggregate): void {
  expectType(at, expr, 'vector', 'aggregation expression')
  const wanted = aggregationSpec(op)?.param
  if (param !== undefined && wanted !== undefined) expectType(at, param, wanted, 'aggregation parameter')
}

function checkCall(at: Checking, call: DraftCall): ValueType {
  const spec = functionSpec(call.func)
  if (spec === undefined) throw failure(at, call, `unknown function with name "${call.func}"`)
  const { min, max } = spec
  const given = call.args.length
  if (given < min || given > max) {
    const wanted = min === max ? String(min) : given < min ? `at least ${min}` : `at most ${max}`
    throw failure(at, call, `expected ${wanted} argument(s) in call to "${call.func}", got ${given}`)
  }
  for (const [i, arg] of call.args.entries()) {
    const wanted = spec.args[Math.min(i, spec.args.length - 1)]
    if (wanted !== undefined) expectType(at, arg, wanted, `call to function "${call.func}"`)
  }
  return spec.returns
}

function checkUnary(at: Checking, unary: Draft, operand: Draft): ValueType {
  const type = checkNode(at, operand)
  if (type === 'scalar' || type === 'vector') return type
  const got = describeType(type)
  throw failure(
    at,
    unary,
    `unary expression only allowed on expressions of type scalar or instant vector, got "${got}"`,
  )
}

/** The error for an operator's modifiers, placed at the operator. */
function operatorFailure(at: Checking, { lhs }: DraftBinary, reason: string): GatehouseError {
  let start = lhs.position.end
  while (/\s/.test(at.text[start] ?? '')) start++
  return parseError(at.text, start, reason)
}

function checkMatching(at: Checking, binary: DraftBinary, matching: VectorMatching): void {
  const { labels, include, on } = matching
  const both = on ? labels.find((label) => include.includes(label)) : undefined
  if (both === undefined) return
  throw operatorFailure(
    at,
    binary,
    `label ${quoteForMessage(both)} must not occur in ON and GROUP clause at once`,
  )
}

/** Settles the vector matching of an operator whose sides have been checked. */
function settleMatching(at: Checking, binary: DraftBinary, lhs: ValueType, rhs: ValueType): void {
  const { op, matching } = binary
  const set = isSetOperator(op)
  if (lhs !== 'vector' || rhs !== 'vector') {
    if (matching !== undefined && matching.labels.length > 0) {
      throw failure(at, binary, 'vector matching only allowed between instant vectors')
    }
    if (set) throw failure(at, binary, `set operator "${op}" not allowed in binary scalar expression`)
    binary.matching = undefined
  } else if (set && matching !== undefined) {
    if (matching.card !== 'one-to-one') throw failure(at, binary, `no grouping allowed for "${op}" operation`)
    binary.matching = { ...matching, card: 'many-to-many' }
  }
  if (binary.matching === undefined) return
  Object.freeze(binary.matching.labels)
  Object.freeze(binary.matching.include)
  Object.freeze(binary.matching)
}

function checkBinary(at: Checking, binary: DraftBinary): ValueType {
  const lhs = checkNode(at, binary.lhs)
  const rhs = checkNode(at, binary.rhs)
  const scalars = lhs === 'scalar' && rhs === 'scalar'
  if (binary.returnBool && !isComparison(binary.op)) {
    throw operatorFailure(at, binary, 'bool modifier can only be used on comparison operators')
  }
  if (isComparison(binary.op) && !binary.returnBool && scalars) {
    throw operatorFailure(at, binary, 'comparisons between scalars must use BOOL modifier')
  }
  if (binary.matching !== undefined) checkMatching(at, binary, binary.matching)
  for (const side of [binary.lhs, binary.rhs]) {
    const type = side === binary.lhs ? lhs : rhs
    if (type === 'scalar' || type === 'vector') continue
    throw failure(at, side, 'binary expression must contain only scalar and instant vector types')
  }
  settleMatching(at, binary, lhs, rhs)
  return scalars ? 'scalar' : 'vector'
}

function checkKind(at: Checking, expr: Draft): ValueType {
  switch (expr.kind) {
    case 'NumberLiteral':
      return 'scalar'
    case 'StringLiteral':
      return 'string'
    case 'VectorSelector':
      checkSelector(at, expr)
      Object.freeze(expr.matchers)
      return 'vector'
    case 'MatrixSelector':
      checkNode(at, expr.vector)
      return 'matrix'
    case 'SubqueryExpr': {
      const type = checkNode(at, expr.expr)
      if (type === 'vector') return 'matrix'
      throw failure(at, expr, `subquery is only allowed on instant vector, got ${type} instead`)
    }
    case 'Call':
      Object.freeze(expr.args)
      return checkCall(at, expr)
    case 'AggregateExpr':
      Object.freeze(expr.grouping)
      checkAggregate(at, expr)
      return 'vector'
    case 'BinaryExpr':
      return checkBinary(at, expr)
    case 'UnaryExpr':
      return checkUnary(at, expr, expr.expr)
    case 'ParenExpr':
      return checkNode(at, expr.expr)
  }
}

function checkNode(at: Checking, expr: Draft): ValueType {
  if (++at.depth > maxDepth) throw failure(at, expr, `expression is more than ${maxDepth} operations deep`)
  const type = checkKind(at, expr)
  at.depth--
  Object.freeze(expr.position)
  Object.freeze(expr)
  return type
}

/**
 * Type-checks a parsed tree in the order Prometheus does, so that the first of several errors is the same one, settles
 * the vector matching of its operators and freezes it.
 */
export function check(expr: Draft, text: string): ValueType {
  return checkNode({ text, depth: 0 }, expr)
}
