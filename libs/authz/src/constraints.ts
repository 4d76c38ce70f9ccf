import { escapeRegex, type Matcher, type MatchOp } from '@gatehouse/promql'
import type { Constraints } from './model.ts'
import type { Guardrail } from './policy.ts'

type Conjunction = readonly Matcher[]

/** More alternatives than this mean partitions no planner should run; access is then denied, not widened. */
const maxAlternatives = 64
const maxIntermediate = 4_096

const negation: Readonly<Record<MatchOp, MatchOp>> = { '=': '!=', '!=': '=', '=~': '!~', '!~': '=~' }

/** The matcher that admits exactly what this one does not. */
export function negate(matcher: Matcher): Matcher {
  return { ...matcher, op: negation[matcher.op] }
}

function keyOf({ name, op, value }: Matcher): string {
  return JSON.stringify([name, op, value])
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
function withTenants(alternative: Conjunction, mandatory: Mandatory): Conjunction | undefined {
  const { tenantLabel, tenants } = mandatory
  const pinned = alternative.filter(({ name, op }) => name === tenantLabel && op === '=')
  if (pinned.some(({ value }) => !tenants.includes(value))) return undefined
  return pinned.length > 0 ? alternative : [oneOf(tenantLabel, tenants), ...alternative]
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
  const groups = new Map<string, { rest: Conjunction; values: string[] }>()
  const others: Conjunction[] = []
  for (const alternative of alternatives) {
    const own = alternative.filter(({ name, op, value }) => name === label && op === '=' && value !== '')
    const rest = alternative.filter((matcher) => !own.includes(matcher))
    const [matcher] = own
    if (matcher === undefined || own.length > 1) others.push(alternative)
    else {
      const id = index(rest).id
      const group = groups.get(id) ?? { rest, values: [] }
      group.values.push(matcher.value)
      groups.set(id, group)
    }
  }
  const merged = [...groups.values()].map(({ rest, values }) =>
    canonical([...rest, oneOf(label, values)], first),
  )
  return [...others, ...merged]
}

function mergedEverywhere(alternatives: readonly Conjunction[], first: string): readonly Conjunction[] {
  const labels = new Set(alternatives.flat().map(({ name }) => name))
  let merged = alternatives
  for (const label of [...labels].toSorted()) merged = mergedOn(label, merged, first)
  return merged
}

/** The result of combining, or why there is none. */
export type Combined = { readonly constraints: Constraints } | { readonly refused: string }

/**
 * The series that any of `alternatives` admits, within the org's tenants and outside its guardrails, in canonical form: equal
 * access gives equal constraints, so it shares plans and cache entries. An alternative without matchers means "no restriction".
 */
export function combineConstraints(alternatives: readonly Conjunction[], mandatory: Mandatory): Combined {
  if (mandatory.tenants.length === 0) return { refused: 'the org owns no tenants, so it has no series' }
  let open: readonly Conjunction[] = alternatives
    .map((alternative) => withTenants(alternative, mandatory))
    .filter((alternative) => alternative !== undefined)
  for (const guardrail of mandatory.guardrails) {
    open = withoutSubsumed(open.flatMap((alternative) => outside(alternative, guardrail)))
    if (open.length > maxIntermediate) break
  }
  const label = mandatory.tenantLabel
  const distinct = withoutSubsumed(open.filter((a) => !isContradictory(a)).map((a) => canonical(a, label)))
  const merged = withoutSubsumed(mergedEverywhere(distinct, label))
  if (merged.length === 0) return { refused: 'the grants and guardrails leave no series' }
  if (merged.length > maxAlternatives)
    return { refused: `the grants and guardrails make more than ${maxAlternatives} alternatives` }
  return { constraints: { alternatives: merged } }
}
