import type { BinaryOp } from './ast.ts'

/** Binding strength of each binary operator; a unary sign binds like `*`, the modifiers and brackets tighter than all. */
const precedences: Readonly<Record<BinaryOp, number>> = {
  or: 1,
  and: 2,
  unless: 2,
  '==': 3,
  '!=': 3,
  '<': 3,
  '>': 3,
  '<=': 3,
  '>=': 3,
  '+': 4,
  '-': 4,
  '*': 5,
  '/': 5,
  '%': 5,
  atan2: 5,
  '^': 6,
}

/** Binding strength of a unary `+` or `-`. */
export const unaryPrecedence = 5
/** Binding strength of `^`, the only operator that associates to the right. */
export const powerPrecedence = 6

/** Binding strength of an operator. */
export function precedenceOf(op: BinaryOp): number {
  return precedences[op]
}

/** Narrows the text of an operator token. */
export function isBinaryOp(text: string): text is BinaryOp {
  return Object.hasOwn(precedences, text)
}

/** Whether the operator compares. */
export function isComparison(op: BinaryOp): boolean {
  return precedences[op] === 3
}

/** Whether the operator is `and`, `or` or `unless`. */
export function isSetOperator(op: BinaryOp): boolean {
  return precedences[op] <= 2
}
