import type { Constraints } from '@gatehouse/authz'
import {
  type Conjunction,
  constraintSelector,
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

/** The alternatives as selectors, for people and the audit log. */
export function constraintTexts(constraints: Constraints): readonly string[] {
  return remembered(texts, constraints, () =>
    constraints.alternatives.map((alternative) => printEnforced(constraintSelector(alternative))),
  )
}
