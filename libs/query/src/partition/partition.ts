import { GatehouseError } from '@gatehouse/errors'
import { type Matcher, matchesEmpty } from '@gatehouse/promql'
import type { Conjunction } from '../model.ts'
import { and, implies, isContradiction, isSameMatcher, negate } from './conjunction.ts'
import { escapeRegex, literalMatcher, literalValues } from './literal.ts'

/** Most partitions the constraints of one request may need; each is a query of its own. */
export const maxPartitions = 64

/**
 * Turns an OR of conjunctions into disjoint conjunctions that together admit the same series. Alternatives on one label
 * become one matcher; what another alternative covers is dropped.
 *
 * @example
 * partition({ alternatives: [[team="x"], [env="prod"]] })
 * // [[team="x"], [env="prod", team!="x"]]
 *
 * @throws GatehouseError `execution` when more than {@link maxPartitions} would be needed.
 */
export function partition(constraints: {
  readonly alternatives: readonly Conjunction[]
}): readonly Conjunction[] {
  const possible = constraints.alternatives.map(normalise).filter((one) => !isContradiction(one))
  const merged = dropCovered(mergeOnOneLabel(dropCovered(possible)))
  // Broad alternatives first: what is then subtracted from the others is short.
  const ordered = merged.toSorted((a, b) => a.length - b.length)
  const parts: Conjunction[] = []
  ordered.forEach((alternative, i) => {
    let rest: Conjunction[] = [alternative]
    for (const earlier of ordered.slice(0, i)) {
      rest = rest.flatMap((one) => subtract(one, earlier))
      if (parts.length + rest.length > maxPartitions) throw tooMany()
    }
    parts.push(...rest)
  })
  if (parts.length > maxPartitions) throw tooMany()
  return parts
}

function tooMany(): GatehouseError {
  return new GatehouseError(
    'execution',
    `the grants that apply need more than ${maxPartitions} disjoint queries; narrow the selectors or the grants`,
  )
}

function normalise(conjunction: Conjunction): Conjunction {
  return conjunction.filter(
    (matcher, i) => conjunction.findIndex((other) => isSameMatcher(matcher, other)) === i,
  )
}

/** Whether `a` admits everything that `b` does, as far as literals show. */
function covers(a: Conjunction, b: Conjunction): boolean {
  return a.every((matcher) => implies(b, matcher))
}

function dropCovered(alternatives: readonly Conjunction[]): Conjunction[] {
  return alternatives.filter(
    (one, i) =>
      !alternatives.some((other, k) => k !== i && covers(other, one) && (k < i || !covers(one, other))),
  )
}

/** Joins alternatives that differ in one positive matcher on the same label. */
function mergeOnOneLabel(alternatives: readonly Conjunction[]): Conjunction[] {
  const merged: Conjunction[] = []
  for (const alternative of alternatives) {
    let joined = alternative
    for (let i = 0; i < merged.length; ) {
      const union = joinPair(merged[i] ?? [], joined)
      if (union === undefined) i++
      else {
        merged.splice(i, 1)
        joined = union
        i = 0
      }
    }
    merged.push(joined)
  }
  return merged
}

function joinPair(a: Conjunction, b: Conjunction): Conjunction | undefined {
  const onlyA = a.filter((matcher) => !b.some((other) => isSameMatcher(matcher, other)))
  const onlyB = b.filter((matcher) => !a.some((other) => isSameMatcher(matcher, other)))
  const [x, y] = [onlyA[0], onlyB[0]]
  if (x === undefined || y === undefined || onlyA.length > 1 || onlyB.length > 1) return undefined
  const union = joinMatchers(x, y)
  return union === undefined ? undefined : a.map((matcher) => (matcher === x ? union : matcher))
}

/** One matcher that admits what either does. It must not come to admit the empty value, which is the label's absence. */
function joinMatchers(x: Matcher, y: Matcher): Matcher | undefined {
  if (x.name !== y.name || matchesEmpty(x) || matchesEmpty(y)) return undefined
  const [a, b] = [literalValues(x), literalValues(y)]
  if (a !== undefined && b !== undefined) return literalMatcher(x.name, [...a, ...b])
  const [p, q] = [asRegex(x), asRegex(y)]
  return p === undefined || q === undefined ? undefined : { name: x.name, op: '=~', value: `${p}|${q}` }
}

function asRegex(matcher: Matcher): string | undefined {
  const values = literalValues(matcher)
  if (values !== undefined) return [...values].map(escapeRegex).join('|')
  return matcher.op === '=~' ? `(?:${matcher.value})` : undefined
}

/** What of `from` is not in `what`: from∧¬m₁, from∧m₁∧¬m₂, … */
function subtract(from: Conjunction, what: Conjunction): Conjunction[] {
  if (what.some((matcher) => isContradiction([...from, matcher]))) return [from]
  const parts: Conjunction[] = []
  let within = from
  for (const matcher of what) {
    if (implies(within, matcher)) continue
    const outside = and(within, negate(matcher))
    if (!isContradiction(outside)) parts.push(outside)
    within = and(within, matcher)
  }
  return parts
}
