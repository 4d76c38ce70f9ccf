import { compareBytes } from './sort.ts'

/** A series' labels, sorted by name. An array: an object would reorder integer-like names and lose `__proto__`. */
export type LabelSet = readonly (readonly [name: string, value: string])[]

/** Union of sorted or unsorted lists of strings: each once, in Prometheus's order. */
export function unionStrings(lists: readonly (readonly string[])[]): readonly string[] {
  return [...new Set(lists.flat())].toSorted(compareBytes)
}

/** Reads a JSON object of labels. Parsed JSON has every member as its own property, `__proto__` included. */
export function toLabelSet(labels: Readonly<Record<string, string>>): LabelSet {
  return Object.entries(labels).toSorted(([a], [b]) => compareBytes(a, b))
}

/** Prometheus's order of label sets: pair by pair, name before value; the shorter first. */
export function compareLabelSets(a: LabelSet, b: LabelSet): number {
  for (let i = 0; i < a.length; i += 1) {
    const [x, y] = [a[i], b[i]]
    if (x === undefined || y === undefined) break
    const order = compareBytes(x[0], y[0]) || compareBytes(x[1], y[1])
    if (order !== 0) return order
  }
  return a.length - b.length
}

/** Union of lists of label sets: each once, in Prometheus's order. */
export function unionLabelSets(lists: readonly (readonly LabelSet[])[]): readonly LabelSet[] {
  const sorted = lists.flat().toSorted(compareLabelSets)
  return sorted.filter((labels, i) => {
    const previous = sorted[i - 1]
    return previous === undefined || compareLabelSets(previous, labels) !== 0
  })
}

/** JSON object of a label set, members in its order. */
export function labelSetJson(labels: LabelSet): string {
  return `{${labels.map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`).join(',')}}`
}
