import { GatehouseError } from '@gatehouse/errors'
import { formatDecimal } from '../format.ts'
import { labelsKey, withLabel } from '../labels.ts'
import type { Labels, Series } from '../model.ts'
import type { Semantics } from '../semantics.ts'
import { emptySeries, type MutableSeries, setFloat } from '../series.ts'
import { type Group, type Grouping, groupLabels, groupSeries } from './groups.ts'
import { type Reducer, reducerOf } from './reduce.ts'
import { selectSamples } from './select.ts'

/** An aggregation over series that are all here. */
export interface Aggregation {
  readonly op: string
  readonly grouping: Grouping
  /** The scalar parameter at every time, or the label of `count_values`. */
  readonly param: Float64Array | string | undefined
  readonly semantics: Semantics
}

/** Aggregates at every grid time. */
export function aggregate(aggregation: Aggregation, list: readonly Series[], count: number): Series[] {
  const { op, grouping, param } = aggregation
  if (op === 'count_values') return countValues(aggregation, list, count)
  const groups = groupSeries(list, groupLabels(grouping))
  const scalars = param instanceof Float64Array ? param : undefined
  const reducer = reducerOf(op, aggregation.semantics)
  if (reducer !== undefined)
    return groups.map((group) => reduceGroup(group, reducer, { param: scalars, count }))
  return selectSamples(op, groups, scalars ?? new Float64Array(count))
}

/** One output series for a group: the reducer over the group's values at each time. */
export function reduceGroup(
  group: Group,
  reducer: Reducer,
  { param, count }: { param: Float64Array | undefined; count: number },
): Series {
  const result = emptySeries(group.labels, count)
  const buffer = new Float64Array(group.members.length)
  for (let i = 0; i < count; i++) {
    let n = 0
    for (const member of group.members) if (member.present[i] === 1) buffer[n++] = member.values[i] ?? NaN
    if (n > 0) setFloat(result, i, reducer(buffer.subarray(0, n), param?.[i] ?? NaN))
  }
  return result
}

function countValues(aggregation: Aggregation, list: readonly Series[], count: number): Series[] {
  const label = typeof aggregation.param === 'string' ? aggregation.param : ''
  assertLabelName(label, aggregation.semantics)
  const { without, labels } = aggregation.grouping
  const labelsOf = groupLabels({ without, labels: without ? labels : [...labels, label] })
  const counts = new Map<string, MutableSeries>()
  const counterFor = (group: Labels) => {
    const key = labelsKey(group)
    const counter = counts.get(key) ?? emptySeries(group, count)
    counts.set(key, counter)
    return counter
  }
  for (const series of list) {
    const byText = new Map<string, MutableSeries>()
    for (let i = 0; i < count; i++) {
      if (series.present[i] !== 1) continue
      const text = formatDecimal(series.values[i] ?? NaN)
      const counter = byText.get(text) ?? counterFor(labelsOf(withLabel(series.labels, label, text)))
      byText.set(text, counter)
      setFloat(counter, i, (counter.values[i] ?? 0) + 1)
    }
  }
  return [...counts.values()]
}

/** @throws GatehouseError `execution` for a name that the version does not accept. */
export function assertLabelName(name: string, semantics: Semantics): void {
  const valid = semantics.utf8Names
    ? name !== '' && name.isWellFormed()
    : /^[A-Za-z_][A-Za-z0-9_]*$/.test(name)
  // Prometheus quotes the literal, quotes and all.
  if (!valid)
    throw new GatehouseError('execution', `invalid label name ${JSON.stringify(JSON.stringify(name))}`)
}
