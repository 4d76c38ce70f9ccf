import type { AtModifier, Expr, Matcher, TimeShift, VectorSelector } from '@gatehouse/promql'
import { fillsHoles } from './holes.ts'
import type { Template } from './template.ts'
import { isAllowedValue, type StringContext } from './values.ts'

/** Options of a match: whether the dashboard has ad-hoc filters, which add narrowing matchers. */
export interface MatchOptions {
  readonly adhoc: boolean
}

/** Whether `expr` is the template with an allowed value in every hole, and nothing else. */
export function matchesTemplate(template: Template, expr: Expr, options: MatchOptions): boolean {
  return sameExpr({ template, options }, template.expr, expr)
}

interface Context {
  readonly template: Template
  readonly options: MatchOptions
}

function sameExpr(c: Context, t: Expr, e: Expr): boolean {
  switch (t.kind) {
    case 'NumberLiteral':
      return e.kind === t.kind && (c.template.anyNumber.has(t.value) || Object.is(t.value, e.value))
    case 'StringLiteral':
      return e.kind === t.kind && sameString(c, [t.value, e.value], 'literal')
    case 'VectorSelector':
      return e.kind === t.kind && sameSelector(c, t, e)
    case 'MatrixSelector':
      return e.kind === t.kind && sameDuration(c, t.rangeMs, e.rangeMs) && sameSelector(c, t.vector, e.vector)
    case 'SubqueryExpr':
      return (
        e.kind === t.kind &&
        sameDuration(c, t.rangeMs, e.rangeMs) &&
        sameDuration(c, t.stepMs, e.stepMs) &&
        sameShift(c, t, e) &&
        sameExpr(c, t.expr, e.expr)
      )
    case 'Call':
      return e.kind === t.kind && t.func === e.func && sameAll(c, t.args, e.args)
    case 'AggregateExpr':
      return (
        e.kind === t.kind &&
        t.op === e.op &&
        t.without === e.without &&
        sameList(t.grouping, e.grouping) &&
        sameAll(c, t.param === undefined ? [] : [t.param], e.param === undefined ? [] : [e.param]) &&
        sameExpr(c, t.expr, e.expr)
      )
    case 'BinaryExpr':
      return (
        e.kind === t.kind &&
        t.op === e.op &&
        t.returnBool === e.returnBool &&
        t.matching?.card === e.matching?.card &&
        t.matching?.on === e.matching?.on &&
        sameList(t.matching?.labels ?? [], e.matching?.labels ?? []) &&
        sameList(t.matching?.include ?? [], e.matching?.include ?? []) &&
        sameExpr(c, t.lhs, e.lhs) &&
        sameExpr(c, t.rhs, e.rhs)
      )
    case 'UnaryExpr':
      return e.kind === t.kind && t.op === e.op && sameExpr(c, t.expr, e.expr)
    case 'ParenExpr':
      return e.kind === t.kind && sameExpr(c, t.expr, e.expr)
  }
}

function sameAll(c: Context, ts: readonly Expr[], es: readonly Expr[]): boolean {
  return ts.length === es.length && ts.every((t, i) => es[i] !== undefined && sameExpr(c, t, es[i]))
}

function sameList(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((item, i) => item === b[i])
}

function sameDuration(c: Context, t: number, e: number): boolean {
  return t === e || (c.template.anyDuration.has(t) && e > 0)
}

function sameShift(c: Context, t: TimeShift, e: TimeShift): boolean {
  const offset =
    t.offsetMs === e.offsetMs ||
    (c.template.anyDuration.has(Math.abs(t.offsetMs)) && e.offsetMs * t.offsetMs > 0)
  return offset && sameAt(c, t.at, e.at)
}

function sameAt(c: Context, t: AtModifier | undefined, e: AtModifier | undefined): boolean {
  if (t?.kind !== 'timestamp' || e?.kind !== 'timestamp') return t?.kind === e?.kind
  return t.ms === e.ms || c.template.anyNumber.has(t.ms / 1000)
}

/** One selector against another; the order of matchers does not matter, their number does. */
export function sameSelector(c: Context, t: VectorSelector, e: VectorSelector): boolean {
  if (t.name !== e.name || !sameShift(c, t, e)) return false
  const left = [...e.matchers]
  for (const matcher of t.matchers) {
    const found = left.findIndex((candidate) => sameMatcher(c, matcher, candidate))
    if (found < 0) return false
    left.splice(found, 1)
  }
  // What is left was added by the caller: more matchers can only narrow, but only ad-hoc filters add any.
  return left.length === 0 || c.options.adhoc
}

function sameMatcher(c: Context, t: Matcher, e: Matcher): boolean {
  const context = t.op === '=~' || t.op === '!~' ? 'regex' : 'literal'
  return t.name === e.name && t.op === e.op && sameString(c, [t.value, e.value], context)
}

function sameString(c: Context, [t, e]: readonly [string, string], context: StringContext): boolean {
  if (t === e) return true
  return fillsHoles(t, e, (filled) => {
    const hole = c.template.holes[filled.hole]
    return hole !== undefined && isAllowedValue(hole, context, filled)
  })
}
