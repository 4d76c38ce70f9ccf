import { labelsKey, metricName, noLabels, onlyLabels, withoutLabels } from '../labels.ts'
import type { Labels, Series } from '../model.ts'

/** The `by`/`without` clause of an aggregation. */
export interface Grouping {
  readonly labels: readonly string[]
  readonly without: boolean
}

export interface Group {
  readonly labels: Labels
  readonly members: Series[]
}

/** A function that gives the labels of the group a series belongs to. */
export function groupLabels({ labels, without }: Grouping): (series: Labels) => Labels {
  if (!without && labels.length === 0) return () => noLabels
  const names = new Set(labels)
  if (!without) return (series) => onlyLabels(series, names)
  names.add(metricName)
  return (series) => withoutLabels(series, names)
}

/** As {@link groupLabels}, but series of a group get one and the same labels. */
export function sharedLabels(grouping: Grouping): (series: Labels) => Labels {
  const labelsOf = groupLabels(grouping)
  const known = new Map<string, Labels>()
  return (series) => {
    const labels = labelsOf(series)
    const key = labelsKey(labels)
    const shared = known.get(key) ?? labels
    known.set(key, shared)
    return shared
  }
}

/** Groups series in the order in which groups are first met. */
export function groupSeries(list: readonly Series[], labelsOf: (series: Labels) => Labels): Group[] {
  const groups = new Map<string, Group>()
  for (const series of list) {
    const labels = labelsOf(series.labels)
    const key = labelsKey(labels)
    const group = groups.get(key)
    if (group === undefined) groups.set(key, { labels, members: [series] })
    else group.members.push(series)
  }
  return [...groups.values()]
}
