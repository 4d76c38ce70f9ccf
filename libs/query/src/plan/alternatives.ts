import { GatehouseError } from '@gatehouse/errors'
import {
  type Call,
  type Expr,
  mapChildren,
  metricNameLabel,
  type Position,
  selectors,
  type VectorSelector,
} from '@gatehouse/promql'
import { enforce } from '../enforce.ts'
import { rangeFunctions } from '../evaluate/range/functions.ts'
import type { Conjunction, EnforcedExpr } from '../model.ts'
import { isContradiction, isSameMatcher } from '../partition/conjunction.ts'

/** The matchers that every conjunction has. */
export function commonMatchers([first = [], ...others]: readonly Conjunction[]): Conjunction {
  return first.filter((matcher) => others.every((other) => other.some((one) => isSameMatcher(one, matcher))))
}

/**
 * One expression for disjoint alternatives: every selector becomes the `or` of its constrained forms. Series of different
 * alternatives differ in their labels, so `or` keeps them all. Undefined where no such expression exists: `or` does not
 * compare metric names, and `absent` takes labels from a bare selector.
 *
 * @example
 * // sum(up) under [tenant="a", team="x"] and [tenant="a", env="prod", team!="x"]
 * // sum((up{tenant="a",team="x"} or up{tenant="a",env="prod",team!="x"}))
 */
export function enforceAny(expr: Expr, conjunctions: readonly Conjunction[]): EnforcedExpr | undefined {
  const [only] = conjunctions
  if (only === undefined) return undefined
  if (conjunctions.length === 1) return enforce(expr, only)
  const common = commonMatchers(conjunctions)
  const own = conjunctions.map((conjunction) =>
    conjunction.filter((matcher) => !common.some((one) => isSameMatcher(one, matcher))),
  )
  if (common.length === 0 || own.flat().some(({ name }) => name === metricNameLabel)) return undefined
  const spread = spreadNode(expr, own)
  if (spread === undefined) return undefined
  assertCovered(spread, own)
  // What all alternatives share is enforced as any constraint is; the rest is in the expression already.
  return enforce(spread, common)
}

/** A selector without the matchers of an alternative would read what no grant allows. */
function assertCovered(expr: Expr, alternatives: readonly Conjunction[]): void {
  const isCovered = ({ matchers }: VectorSelector) =>
    alternatives.some((one) =>
      one.every((matcher) => matchers.some((other) => isSameMatcher(matcher, other))),
    )
  if (!selectors(expr).every(isCovered)) {
    throw new GatehouseError('internal', 'a selector without the constraint of any grant')
  }
}

function spreadNode(expr: Expr, conjunctions: readonly Conjunction[]): Expr | undefined {
  if (expr.kind === 'VectorSelector') return anyOf(expr, conjunctions, (selector) => selector)
  if (expr.kind === 'MatrixSelector') return undefined
  if (expr.kind === 'Call') {
    const selector = bareSelector(expr)
    if (selector !== undefined) {
      if (expr.func === 'absent' || expr.func === 'absent_over_time') return undefined
      const distributes =
        rangeFunctions.has(expr.func) || expr.func === 'timestamp' || expr.func === 'start_timestamp'
      if (distributes) return distribute(expr, selector, conjunctions)
    }
  }
  let complete = true
  const mapped = mapChildren(expr, (child) => {
    const spread = spreadNode(child, conjunctions)
    if (spread === undefined) complete = false
    return spread ?? child
  })
  return complete ? mapped : undefined
}

/** The selector that a call has as an argument of its own, by itself or in a range. */
function bareSelector(call: Call): VectorSelector | undefined {
  for (const arg of call.args) {
    const inner = unwrap(arg)
    if (inner.kind === 'VectorSelector') return inner
    if (inner.kind === 'MatrixSelector') return inner.vector
  }
  return undefined
}

function unwrap(expr: Expr): Expr {
  return expr.kind === 'ParenExpr' ? unwrap(expr.expr) : expr
}

/** The `or` of a call over each alternative's series; what its other arguments read is constrained, too. */
function distribute(
  call: Call,
  selector: VectorSelector,
  conjunctions: readonly Conjunction[],
): Expr | undefined {
  const isSelector = (arg: Expr) => unwrap(arg) === selector || isRangeOf(arg, selector)
  const others = call.args.map((arg) => (isSelector(arg) ? arg : spreadNode(arg, conjunctions)))
  if (others.includes(undefined)) return undefined
  return anyOf(selector, conjunctions, (constrained) => ({
    ...call,
    args: others.flatMap((arg) => {
      if (arg === undefined || !isSelector(arg)) return arg ?? []
      const inner = unwrap(arg)
      return inner.kind === 'MatrixSelector' ? { ...inner, vector: constrained } : constrained
    }),
  }))
}

function isRangeOf(arg: Expr, selector: VectorSelector): boolean {
  const inner = unwrap(arg)
  return inner.kind === 'MatrixSelector' && inner.vector === selector
}

function notIn(conjunction: Conjunction, matchers: Conjunction): Conjunction {
  return matchers.filter((matcher) => !conjunction.some((one) => isSameMatcher(one, matcher)))
}

const nowhere: Position = { start: 0, end: 0 }

function anyOf(
  selector: VectorSelector,
  conjunctions: readonly Conjunction[],
  form: (constrained: VectorSelector) => Expr,
): Expr {
  const possible = conjunctions.filter((one) => !isContradiction([...one, ...selector.matchers]))
  const [first = conjunctions[0] ?? [], ...others] = possible
  const constrained = (conjunction: Conjunction) =>
    form({ ...selector, matchers: [...conjunction, ...notIn(conjunction, selector.matchers)] })
  const all = others.reduce<Expr>(
    (lhs, conjunction) => ({
      kind: 'BinaryExpr',
      op: 'or',
      lhs,
      rhs: constrained(conjunction),
      returnBool: false,
      matching: { card: 'many-to-many', on: false, labels: [], include: [] },
      position: nowhere,
    }),
    constrained(first),
  )
  return others.length === 0 ? all : { kind: 'ParenExpr', expr: all, position: nowhere }
}
