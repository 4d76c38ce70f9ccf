import { escapeRegex, type Matcher, type MatchOp } from '@gatehouse/promql'
import type { Constraints } from './model.ts'
import type { Guardrail } from './policy.ts'

type Conjunction = readonly Matcher[]

/** More alternatives than this mean partitions no planner should run; access is then denied, not widened. */
const maxAlternatives = 64
const maxIntermediate = 4_096

const negation: Readonly<Record<MatchOp, MatchOp>> = { '=': '!=', '!=': '=', '=~': '!~', '!~': '=~' }

// Matchers of grants and guardrails live as long as their policy and are combined for each data source anew.
const negated = new WeakMap<Matcher, Matcher>()
const keys = new WeakMap<Matcher, string>()

/** The matcher that admits exactly what this one does not. */
export function negate(matcher: Matcher): Matcher {
  const known = negated.get(matcher)
  if (known !== undefined) return known
  const opposite = { ...matcher, op: negation[matcher.op] }
  negated.set(matcher, opposite)
  return opposite
}

function keyOf(matcher: Matcher): string {
  const known = keys.get(matcher)
  if (known !== undefined) return known
  const key = JSON.stringify([matcher.name, matcher.op, matcher.value])
  keys.set(matcher, key)
  return key
}

/** One matcher for any of `values`: `=` for one, else a regex, which PromQL anchors at both ends. */
export function oneOf(name: string, values: readonly string[]): Matcher {
  const sorted = [...new Set(values)].toSorted()
  const [only] = sorted
  if (sorted.length === 1 && only !== undefined) return { name, op: '=', value: only }
  return { name, op: '=~', value: sorted.map(escapeRegex).join('|') }
}

interface Mandatory {
  readonly tenantLabel: string
  readonly tenants: readonly string[]
  readonly guardrails: readonly Guardrail[]
}

/** ANDs the tenants onto an alternative; undefined if it pins a tenant of somebody else. */
function withTenants(
  alternative: Conjunction,
  { tenantLabel, tenants }: Mandatory,
  any: Matcher,
): Conjunction | undefined {
  const pinned = alternative.filter(({ name, op }) => name === tenantLabel && op === '=')
  if (pinned.some(({ value }) => !tenants.includes(value))) return undefined
  return pinned.length > 0 ? alternative : [any, ...alternative]
}

/** Whether `held` implies `wanted`: the same matcher, or `a="x"` for `a!="y"`. */
function implies(held: Matcher, wanted: Matcher): boolean {
  if (held.name !== wanted.name) return false
  if (held.op === wanted.op) return held.value === wanted.value
  return held.op === '=' && wanted.op === '!=' && held.value !== wanted.value
}

/** Splits an alternative so that no part meets the guardrail: ¬(a ∧ b) is ¬a or ¬b. */
function outside(alternative: Conjunction, guardrail: Guardrail): readonly Conjunction[] {
  const escapes = guardrail.selector.map(negate)
  const isOutside = escapes.some((escape) => alternative.some((held) => implies(held, escape)))
  return isOutside ? [alternative] : escapes.map((escape) => [...alternative, escape])
}

/** Whether an alternative plainly admits nothing: `a="x"` beside `a!="x"` or `a="y"`. */
function isContradictory(alternative: Conjunction): boolean {
  return alternative.some(
    (held) => held.op === '=' && alternative.some((other) => implies(held, negate(other))),
  )
}

function canonical(alternative: Conjunction, first: string): Conjunction {
  const byKey = new Map(alternative.map((matcher) => [keyOf(matcher), matcher]))
  const rank = (key: string, matcher: Matcher): string => (matcher.name === first ? '0' : '1') + key
  return [...byKey]
    .toSorted(([a, left], [b, right]) => (rank(a, left) < rank(b, right) ? -1 : 1))
    .map(([, matcher]) => matcher)
}

/** An alternative with its matchers as keys, so that one comparison is a set look-up. */
interface Indexed {
  readonly conjunction: Conjunction
  readonly keys: ReadonlySet<string>
  readonly id: string
}

function index(conjunction: Conjunction): Indexed {
  const keys = conjunction.map(keyOf)
  return { conjunction, keys: new Set(keys), id: keys.join() }
}

function isWithin(keys: ReadonlySet<string>, others: ReadonlySet<string>): boolean {
  return keys.size < others.size && [...keys].every((key) => others.has(key))
}

/** Drops alternatives that another one already contains: fewer matchers admit more. */
function withoutSubsumed(alternatives: readonly Conjunction[]): readonly Conjunction[] {
  if (alternatives.length < 2) return alternatives
  const distinct = new Map(alternatives.map(index).map((entry) => [entry.id, entry]))
  const kept: Indexed[] = []
  const smallestFirst = [...distinct.values()].toSorted(
    (a, b) => a.keys.size - b.keys.size || (a.id < b.id ? -1 : 1),
  )
  for (const entry of smallestFirst) {
    if (!kept.some(({ keys }) => isWithin(keys, entry.keys))) kept.push(entry)
  }
  return kept.map(({ conjunction }) => conjunction)
}

/** Turns `{x, a="1"}` or `{x, a="2"}` into `{x, a=~"1|2"}`: one partition instead of two. */
function mergedOn(
  label: string,
  alternatives: readonly Conjunction[],
  first: string,
): readonly Conjunction[] {
  if (alternatives.length < 2) return alternatives
  const groups = new Map<string, { alternative: Conjunction; rest: Conjunction; values: string[] }>()
  const others: Conjunction[] = []
  for (const alternative of alternatives) {
    const own = alternative.filter(({ name, op, value }) => name === label && op === '=' && value !== '')
    const rest = alternative.filter((matcher) => !own.includes(matcher))
    const [matcher] = own
    if (matcher === undefined || own.length > 1) others.push(alternative)
    else {
      const id = rest.map(keyOf).join()
      const group = groups.get(id) ?? { alternative, rest, values: [] }
      group.values.push(matcher.value)
      groups.set(id, group)
    }
  }
  const merged = [...groups.values()].map(({ alternative, rest, values }) =>
    values.length === 1 ? alternative : canonical([...rest, oneOf(label, values)], first),
  )
  return [...others, ...merged]
}

function mergedEverywhere(alternatives: readonly Conjunction[], first: string): readonly Conjunction[] {
  const known = new Map<string, string>()
  // Alternatives differ, so they merge only on a label that they give different values.
  const labels = new Set<string>()
  for (const { name, op, value } of alternatives.flat()) {
    if (op !== '=') continue
    if (value !== (known.get(name) ?? value)) labels.add(name)
    known.set(name, value)
  }
  let merged = alternatives
  for (const label of [...labels].toSorted()) merged = mergedOn(label, merged, first)
  return merged
}

/** The result of combining, or why there is none. */
export type Combined = { readonly constraints: Constraints } | { readonly refused: string }

const tooMany: Combined = {
  refused: `the grants and guardrails make more than ${maxAlternatives} alternatives`,
}

/**
 * The series that any of `alternatives` admits, within the org's tenants and outside its guardrails, in canonical form: equal
 * access gives equal constraints, so it shares plans and cache entries. An alternative without matchers means "no restriction".
 */
export function combineConstraints(alternatives: readonly Conjunction[], mandatory: Mandatory): Combined {
  if (mandatory.tenants.length === 0) return { refused: 'the org owns no tenants, so it has no series' }
  const anyTenant = oneOf(mandatory.tenantLabel, mandatory.tenants)
  let open: readonly Conjunction[] = alternatives
    .map((alternative) => withTenants(alternative, mandatory, anyTenant))
    .filter((alternative) => alternative !== undefined)
  for (const guardrail of mandatory.guardrails) {
    // Never with guardrails left out: merging could make what is left few enough.
    if (open.length > maxIntermediate) return tooMany
    open = withoutSubsumed(open.flatMap((alternative) => outside(alternative, guardrail)))
  }
  const label = mandatory.tenantLabel
  const distinct = withoutSubsumed(open.filter((a) => !isContradictory(a)).map((a) => canonical(a, label)))
  const merged = withoutSubsumed(mergedEverywhere(distinct, label))
  if (merged.length === 0) return { refused: 'the grants and guardrails leave no series' }
  if (merged.length > maxAlternatives) return tooMany
  return { constraints: { alternatives: merged } }
}
