import type { VectorMatching } from '@gatehouse/promql'
import type { SetOp } from '../arithmetic.ts'
import { labelsKey } from '../labels.ts'
import type { Series } from '../model.ts'
import { filterSamples, joinEqual } from '../series.ts'
import { anyPresent, bySignature, matchLabels } from './matching.ts'

/** The two sides of an operator between vectors. */
export interface Sides {
  readonly lhs: readonly Series[]
  readonly rhs: readonly Series[]
  /** Grid times. */
  readonly count: number
}

/** `and`, `or` and `unless`: at every time on their own, by the labels on which series match. */
export function applySetOperator(op: SetOp, sides: Sides, matching: VectorMatching): Series[] {
  const { lhs, rhs, count } = sides
  const other = op === 'or' ? lhs : rhs
  const groups = bySignature(other, matching)
  const presence = new Map([...groups].map(([key, group]) => [key, anyPresent(group, count)]))
  const isMatched = (series: Series) => {
    const present = presence.get(labelsKey(matchLabels(series.labels, matching)))
    return (i: number) => present?.[i] === 1
  }
  const filter = (list: readonly Series[], wanted: boolean) =>
    list.map((series) => {
      const matched = isMatched(series)
      return filterSamples(series, (i) => matched(i) === wanted)
    })
  switch (op) {
    case 'and':
      return joinEqual(filter(lhs, true), false)
    case 'unless':
      return joinEqual(filter(lhs, false), false)
    case 'or':
      return joinEqual([...lhs, ...filter(rhs, false)], false)
  }
}
