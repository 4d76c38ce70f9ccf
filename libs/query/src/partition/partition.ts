import { GatehouseError } from '@gatehouse/errors'
import { escapeRegex, type Matcher, matchesEmpty } from '@gatehouse/promql'
import type { Conjunction } from '../model.ts'
import { and, implies, isContradiction, isSameMatcher, negate } from './conjunction.ts'
import { literalMatcher, literalValues } from './literal.ts'

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
  const joined = mergeOnOneLabel(possible)
  if (joined.length > maxAlternatives) throw tooMany()
  const merged = mergeOnOneLabel(dropCovered(joined))
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

// Alternatives are compared pairwise; what is left of more than these would not come down to few partitions.
const maxAlternatives = 500

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

/** Joins alternatives that differ in one matcher on the same label, the largest such group first. */
function mergeOnOneLabel(alternatives: readonly Conjunction[]): Conjunction[] {
  let merged = [...alternatives]
  for (;;) {
    const group = largestGroup(merged)
    if (group === undefined) return merged
    const members = new Set(group.members)
    merged = [...merged.filter((alternative) => !members.has(alternative)), group.union]
  }
}

interface Group {
  readonly members: readonly Conjunction[]
  readonly union: Conjunction
}

function largestGroup(alternatives: readonly Conjunction[]): Group | undefined {
  const groups = new Map<string, { members: Conjunction[]; matchers: Matcher[]; rest: Conjunction }>()
  for (const alternative of alternatives) {
    for (const matcher of alternative) {
      const rest = alternative.filter((other) => other !== matcher)
      const key = `${rest.map(keyOf).toSorted().join('')}|${matcher.name}`
      const group = groups.get(key) ?? { members: [], matchers: [], rest }
      groups.set(key, group)
      group.members.push(alternative)
      group.matchers.push(matcher)
    }
  }
  const bySize = [...groups.values()].filter(({ members }) => members.length > 1)
  for (const { members, matchers, rest } of bySize.toSorted((a, b) => b.members.length - a.members.length)) {
    const union = joinMatchers(matchers)
    if (union !== undefined) return { members, union: [...rest, union] }
  }
  return undefined
}

function keyOf({ name, op, value }: Matcher): string {
  return `${name.length}:${name}${op}${value.length}:${value}`
}

/** One matcher that admits what any of them does. It must not come to admit the empty value, which is the label's absence. */
function joinMatchers(matchers: readonly Matcher[]): Matcher | undefined {
  const [first] = matchers
  if (first === undefined || matchers.some(matchesEmpty)) return undefined
  const literals = matchers.map(literalValues)
  if (literals.every((values) => values !== undefined)) {
    return literalMatcher(
      first.name,
      literals.flatMap((values) => [...values]),
    )
  }
  const regexes = matchers.map(asRegex)
  if (regexes.includes(undefined)) return undefined
  return { name: first.name, op: '=~', value: regexes.join('|') }
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
