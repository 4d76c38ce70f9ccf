import { GatehouseError } from '@gatehouse/errors'
import { type Expr, type Matcher, mapSelectors, matchesEmpty, type VectorSelector } from '@gatehouse/promql'
import type { Conjunction, EnforcedExpr } from './model.ts'

const metricName = '__name__'

/**
 * ANDs `constraints` onto every selector of `expr`, wherever it stands, and keeps the caller's own matchers.
 * The only maker of an {@link EnforcedExpr}. Applying it again with the same constraints changes nothing.
 *
 * @example
 * print(enforce(parse('rate(up{job="x"}[5m])'), [{ name: 'tenant', op: '=', value: 'a' }]))
 * // rate(up{tenant="a",job="x"}[5m])
 *
 * @throws GatehouseError `bad_data` if a selector has no matcher that excludes the empty string: the constraint must not
 *   make such a selector valid. `internal` if there are no constraints: unconstrained access is never meant.
 */
export function enforce(expr: Expr, constraints: Conjunction): EnforcedExpr {
  assertConstrained(constraints)
  return mapSelectors(expr, (selector) => constrain(selector, constraints)) as EnforcedExpr
}

/** As {@link enforce}, for one `match[]` selector. */
export function enforceSelector(
  selector: VectorSelector,
  constraints: Conjunction,
): EnforcedExpr & VectorSelector {
  assertConstrained(constraints)
  return constrain(selector, constraints) as EnforcedExpr & VectorSelector
}

/** An enforced selector that admits less still. */
export function narrowEnforced(
  selector: EnforcedExpr & VectorSelector,
  matchers: Conjunction,
): EnforcedExpr & VectorSelector {
  return constrain(selector, matchers) as EnforcedExpr & VectorSelector
}

/** The selector of everything `constraints` admit: for requests that name none (`labels`, `series` without `match[]`). */
export function constraintSelector(constraints: Conjunction): EnforcedExpr & VectorSelector {
  assertConstrained(constraints)
  return {
    kind: 'VectorSelector',
    name: undefined,
    matchers: constraints,
    offsetMs: 0,
    at: undefined,
    position: { start: 0, end: 0 },
  } as VectorSelector as EnforcedExpr & VectorSelector
}

function constrain(selector: VectorSelector, constraints: Conjunction): VectorSelector {
  if (selector.name === undefined && selector.matchers.every(matchesEmpty)) {
    throw new GatehouseError('bad_data', 'vector selector must contain at least one non-empty matcher')
  }
  const own = selector.matchers.filter((matcher) => !constraints.some((c) => isSameMatcher(c, matcher)))
  if (selector.name === undefined || !constraints.some((c) => c.name === metricName)) {
    return { ...selector, matchers: [...constraints, ...own] }
  }
  // Prometheus refuses a __name__ matcher beside a bare name ("set twice"). As a matcher behind the constraints the name stands where it
  // does when the text is read and enforced again: the same text, whoever has enforced it before.
  const name: Matcher = { name: metricName, op: '=', value: selector.name }
  const names = constraints.some((c) => isSameMatcher(c, name)) ? [] : [name]
  return { ...selector, name: undefined, matchers: [...constraints, ...names, ...own] }
}

function isSameMatcher(a: Matcher, b: Matcher): boolean {
  return a.name === b.name && a.op === b.op && a.value === b.value
}

function assertConstrained(constraints: Conjunction): void {
  // A negative or empty-matching constraint alone would also admit series of no tenant.
  if (!constraints.some((c) => !matchesEmpty(c))) {
    throw new GatehouseError('internal', 'enforce needs a constraint that excludes the empty value')
  }
}
