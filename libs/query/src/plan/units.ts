import { type Matcher, metricNameLabel, type VectorSelector } from '@gatehouse/promql'
import type { Conjunction, DataSource, Shard } from '../model.ts'
import { isContradiction, isSameMatcher, pinnedValues } from '../partition/conjunction.ts'
import { literalMatcher } from '../partition/literal.ts'
import { matchOf } from '../partition/match.ts'
import { familiesOf } from './families.ts'

/** A part of the data that shares no series with any other: what a shard holds of one partition of the constraints. */
export interface Unit {
  /** One shard, or several that hold different times of the same series. */
  readonly shards: readonly Shard[]
  /** The tenants of the slice that the constraint admits. */
  readonly tenants: readonly string[]
  /** The partition's constraint, and what holds for every series of the slice. */
  readonly conjunction: Conjunction
  /** The same, narrowed to the slice's tenants: asked of several shards, so that a misplaced series counts once. */
  readonly narrowed: Conjunction
}

export interface Units {
  readonly list: readonly Unit[]
  /** Labels whose values tell to which unit a series belongs. */
  readonly keyLabels: ReadonlySet<string>
  /** Indices of the units that can hold series of a selector. */
  readonly holding: (selector: VectorSelector) => ReadonlySet<number>
}

// A longer alternation costs a shard more than the misplaced series it guards against.
const maxNarrowed = 1000

type Source = Pick<DataSource, 'tenantLabel' | 'shards'>

// A caller's constraints and a data source stay the same objects from query to query.
const remembered = new WeakMap<readonly Conjunction[], { readonly source: Source; readonly units: Units }>()

/** The units that can hold anything under the given disjoint constraints. */
export function unitsOf(source: Source, conjunctions: readonly Conjunction[]): Units {
  const known = remembered.get(conjunctions)
  if (known?.source === source) return known.units
  const units = findUnits(source, conjunctions)
  remembered.set(conjunctions, { source, units })
  return units
}

function findUnits(source: Source, conjunctions: readonly Conjunction[]): Units {
  const { tenantLabel } = source
  const found = conjunctions.flatMap((constraint) =>
    familiesOf(source.shards).map(({ shards, tenants, matchers }) => ({
      shards,
      conjunction: withAll(constraint, matchers),
      tenants: admitted(
        tenants,
        constraint.filter(({ name }) => name === tenantLabel),
      ),
    })),
  )
  const list = found
    .filter(({ tenants, conjunction }) => tenants.length > 0 && !isContradiction(conjunction))
    .map((unit) => ({ ...unit, narrowed: narrow(unit.conjunction, unit.tenants, tenantLabel) }))
  return {
    list,
    keyLabels: keyLabelsOf(list, tenantLabel),
    holding: (selector) => holding(list, selectorMatchers(selector), tenantLabel),
  }
}

function withAll(constraint: Conjunction, matchers: Conjunction): Conjunction {
  return [
    ...constraint,
    ...matchers.filter((matcher) => !constraint.some((own) => isSameMatcher(own, matcher))),
  ]
}

function admitted(tenants: readonly string[], matchers: readonly Matcher[]): readonly string[] {
  if (matchers.length === 0) return tenants
  const matches = matchers.map(matchOf)
  return tenants.filter((tenant) => matches.every((match) => match?.(tenant) ?? true))
}

function narrow(conjunction: Conjunction, tenants: readonly string[], tenantLabel: string): Conjunction {
  if (pinnedValues(conjunction, tenantLabel)?.size === tenants.length) return conjunction
  if (tenants.length > maxNarrowed) return conjunction
  const others = conjunction.filter(({ name }) => name !== tenantLabel)
  return [literalMatcher(tenantLabel, tenants), ...others]
}

function keyLabelsOf(units: readonly Unit[], tenantLabel: string): ReadonlySet<string> {
  const labels = new Set<string>()
  const tenants = new Set(units.map((unit) => JSON.stringify(unit.tenants.toSorted())))
  if (tenants.size > 1) labels.add(tenantLabel)
  const conjunctions = [...new Set(units.map((unit) => unit.conjunction))]
  for (const matcher of conjunctions.flat()) {
    const isCommon = conjunctions.every((one) => one.some((other) => isSameMatcher(matcher, other)))
    if (!isCommon) labels.add(matcher.name)
  }
  return labels
}

function selectorMatchers(selector: VectorSelector): readonly Matcher[] {
  if (selector.name === undefined) return selector.matchers
  return [{ name: metricNameLabel, op: '=', value: selector.name }, ...selector.matchers]
}

function holding(
  units: readonly Unit[],
  matchers: readonly Matcher[],
  tenantLabel: string,
): ReadonlySet<number> {
  const onTenant = matchers.filter(({ name }) => name === tenantLabel)
  const others = matchers.filter(({ name }) => name !== tenantLabel)
  const names = new Set(others.map(({ name }) => name))
  const indices = units.flatMap((unit, i) => {
    if (admitted(unit.tenants, onTenant).length === 0) return []
    const related = unit.conjunction.filter(({ name }) => names.has(name))
    return isContradiction([...related, ...others]) ? [] : [i]
  })
  return new Set(indices)
}
