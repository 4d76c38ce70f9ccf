import { compareBytes } from '../../sort.ts'
import { compareLabels } from '../labels.ts'
import type { Series } from '../model.ts'

/** `sort` and `sort_desc`: by the value of an instant query, NaN last; a range query's answer has no order. */
export function sortByValue(vector: readonly Series[], descending: boolean): Series[] {
  const sign = descending ? -1 : 1
  return vector.toSorted((a, b) => {
    const [x, y] = [a.values[0] ?? NaN, b.values[0] ?? NaN]
    if (Number.isNaN(x)) return Number.isNaN(y) ? 0 : 1
    if (Number.isNaN(y)) return -1
    return x === y ? 0 : sign * (x < y ? -1 : 1)
  })
}

/** `sort_by_label` and `sort_by_label_desc`: by label values in natural order, then by all labels. */
export function sortByLabel(
  vector: readonly Series[],
  labels: readonly string[],
  descending: boolean,
): Series[] {
  const sign = descending ? -1 : 1
  return vector.toSorted((a, b) => {
    for (const label of labels) {
      const [x, y] = [a.labels.get(label) ?? '', b.labels.get(label) ?? '']
      if (x !== y) return sign * (isNaturallyBefore(x, y) ? -1 : 1)
    }
    return sign * compareLabels(a.labels, b.labels)
  })
}

/** Natural order: runs of digits compare as numbers, other runs as text, and a prefix comes first. */
function isNaturallyBefore(a: string, b: string): boolean {
  const [x, y] = [a, b].map((text) => text.match(/\d+|\D+/g) ?? [])
  if (x === undefined || y === undefined) return false
  for (let i = 0; i < x.length; i++) {
    const [p, q] = [x[i] ?? '', y[i]]
    if (q === undefined) return false
    const numbers = /^\d/.test(p) && /^\d/.test(q)
    const order = numbers ? Number(p) - Number(q) : compareBytes(p, q)
    if (order !== 0) return order < 0
    if (i === x.length - 1) return true
    if (i === y.length - 1) return false
  }
  return false
}
