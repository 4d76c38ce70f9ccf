import type { Constraints } from '@gatehouse/authz'
import {
  type Conjunction,
  constraintSelector,
  coverOf,
  type DataSource,
  partition,
  printEnforced,
} from '@gatehouse/query'

/** What may be read, and where it is. */
export interface Access {
  readonly constraints: Constraints
  readonly source: DataSource
  /** Lowest Prometheus version among the source's shards; undefined while none is known. */
  readonly version: string | undefined
  /** Step of sub-queries that name none, ms; undefined if it is not known or not needed. */
  readonly evaluationInterval?: number | undefined
  /** Whether the backends surely enforce the constraints they are handed, so that selectors need not say them one by one. */
  readonly handsOver?: boolean | undefined
}

// Decisions are remembered per policy version, so their constraints are the same objects from request to request.
const keys = new WeakMap<Constraints, string>()
const texts = new WeakMap<Constraints, readonly string[]>()
const partitions = new WeakMap<Constraints, readonly Conjunction[]>()

function remembered<V>(known: WeakMap<Constraints, V>, constraints: Constraints, compute: () => V): V {
  const found = known.get(constraints)
  if (found !== undefined) return found
  const value = compute()
  known.set(constraints, value)
  return value
}

/** Canonical text of constraints, without line breaks: equal for equal access, different for different. */
export function accessKey(constraints: Constraints): string {
  return remembered(keys, constraints, () =>
    JSON.stringify(
      constraints.alternatives.map((matchers) => matchers.map(({ name, op, value }) => [name, op, value])),
    ),
  )
}

/** The constraints as disjoint conjunctions. @throws GatehouseError `execution` if there are too many. */
export function partitionsOf(constraints: Constraints): readonly Conjunction[] {
  return remembered(partitions, constraints, () => partition(constraints))
}

const covers = new WeakMap<Constraints, { readonly source: DataSource; readonly cover: Covers }>()
type Covers = readonly [Conjunction] | undefined

/** What all alternatives have in common, for backends that enforce the rest; undefined where some cannot be told of them. */
export function coverFor({ constraints, source }: Access): Covers {
  const known = covers.get(constraints)
  if (known?.source === source) return known.cover
  const conjunction = coverOf(constraints.alternatives, source)
  const cover: Covers = conjunction === undefined ? undefined : [conjunction]
  covers.set(constraints, { source, cover })
  return cover
}

/** The alternatives as selectors, for people and the audit log. */
export function constraintTexts(constraints: Constraints): readonly string[] {
  return remembered(texts, constraints, () =>
    constraints.alternatives.map((alternative) => printEnforced(constraintSelector(alternative))),
  )
}
