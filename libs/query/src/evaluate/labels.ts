import { compareBytes } from '../sort.ts'
import type { Labels } from './model.ts'

export const metricName = '__name__'
export const noLabels: Labels = new Map()

/** Labels from unordered pairs; empty values count as absent. */
export function labelsOf(pairs: Iterable<readonly [string, string]>): Labels {
  const list = [...pairs].filter(([, value]) => value !== '')
  for (let i = 1; i < list.length; i++) {
    if (compareBytes(list[i - 1]?.[0] ?? '', list[i]?.[0] ?? '') > 0) {
      list.sort((a, b) => compareBytes(a[0], b[0]))
      break
    }
  }
  return new Map(list)
}

/** Injective text of a label set: every part carries its length, so no value can imitate a separator. */
export function labelsKey(labels: Labels): string {
  let key = ''
  for (const [name, value] of labels) key += `${name.length}:${name}${value.length}:${value}`
  return key
}

/** Prometheus's order of label sets: pairwise by name, then value; a prefix comes first. */
export function compareLabels(a: Labels, b: Labels): number {
  const right = b.entries()
  for (const [name, value] of a) {
    const next = right.next()
    if (next.done === true) return 1
    const byPair = compareBytes(name, next.value[0]) || compareBytes(value, next.value[1])
    if (byPair !== 0) return byPair
  }
  return a.size - b.size
}

export function withoutLabels(labels: Labels, names: ReadonlySet<string>): Labels {
  const kept = new Map<string, string>()
  for (const [name, value] of labels) if (!names.has(name)) kept.set(name, value)
  return kept.size === labels.size ? labels : kept
}

export function onlyLabels(labels: Labels, names: ReadonlySet<string>): Labels {
  const kept = new Map<string, string>()
  for (const [name, value] of labels) if (names.has(name)) kept.set(name, value)
  return kept.size === labels.size ? labels : kept
}

const nameOnly: ReadonlySet<string> = new Set([metricName])

export function withoutName(labels: Labels): Labels {
  return labels.has(metricName) ? withoutLabels(labels, nameOnly) : labels
}

/** Labels with `name` set to `value`, or removed if that is empty. */
export function withLabel(labels: Labels, name: string, value: string): Labels {
  if ((labels.get(name) ?? '') === value) return labels
  const changed = new Map(labels)
  changed.set(name, value)
  return labelsOf(changed)
}

/** A label set as Prometheus prints it in messages: `{a="b", c="d"}`. */
export function printLabels(labels: Labels): string {
  const pairs = [...labels].map(([name, value]) => `${printName(name)}=${JSON.stringify(value)}`)
  return `{${pairs.join(', ')}}`
}

function printName(name: string): string {
  return /^[A-Za-z_][A-Za-z0-9_]*$/.test(name) ? name : JSON.stringify(name)
}
