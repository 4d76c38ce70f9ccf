import type { VectorMatching } from '@gatehouse/promql'
import { labelsKey, metricName, onlyLabels, withoutLabels } from '../labels.ts'
import type { Labels, Series } from '../model.ts'

/** The labels on which two series must agree to match. */
export function matchLabels(labels: Labels, matching: VectorMatching): Labels {
  const names = new Set(matching.labels)
  if (matching.on) return onlyLabels(labels, names)
  return withoutLabels(labels, names.add(metricName))
}

/** Groups series by the labels on which they match. */
export function bySignature(list: readonly Series[], matching: VectorMatching): Map<string, Series[]> {
  const groups = new Map<string, Series[]>()
  for (const series of list) {
    const key = labelsKey(matchLabels(series.labels, matching))
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [series])
    else group.push(series)
  }
  return groups
}

/** 1 at every grid time at which one of the series has a sample. */
export function anyPresent(list: readonly Series[], count: number): Uint8Array {
  const present = new Uint8Array(count)
  for (const series of list) for (let i = 0; i < count; i++) if (series.present[i] === 1) present[i] = 1
  return present
}
