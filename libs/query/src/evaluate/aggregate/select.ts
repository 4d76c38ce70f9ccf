import { GatehouseError } from '@gatehouse/errors'
import type { Series } from '../model.ts'
import { copySample, emptySeries, hasSamples, type MutableSeries } from '../series.ts'
import type { Group } from './groups.ts'

/** Aggregations that keep samples of the input: `topk`, `bottomk` and `limitk`. */
export function selectSamples(op: string, groups: readonly Group[], param: Float64Array): Series[] {
  const kept = new Map<Series, MutableSeries>()
  for (const group of groups) {
    for (let i = 0; i < param.length; i++) {
      const present = group.members.filter((member) => member.present[i] === 1)
      for (const series of pick(op, present, { i, k: sizeOf(param[i] ?? NaN) })) {
        // Insertion order is the order of an instant query's answer: by group, best first.
        const target = kept.get(series) ?? emptySeries(series.labels, param.length)
        kept.set(series, target)
        copySample({ from: series, to: target }, i)
      }
    }
  }
  return [...kept.values()].filter(hasSamples)
}

function sizeOf(k: number): number {
  if (Number.isNaN(k)) throw new GatehouseError('execution', 'Parameter value is NaN')
  if (k >= 2 ** 63) throw new GatehouseError('execution', `Scalar value ${goFloat(k)} overflows int64`)
  if (k <= -(2 ** 63)) throw new GatehouseError('execution', `Scalar value ${goFloat(k)} underflows int64`)
  return Math.trunc(k)
}

function goFloat(value: number): string {
  return Math.abs(value) === Infinity
    ? `${value > 0 ? '+' : '-'}Inf`
    : value.toExponential().replace(/e([+-])(\d)$/, 'e$10$2')
}

function pick(op: string, present: Series[], { i, k }: { i: number; k: number }): Series[] {
  if (k < 1) return []
  if (op === 'limitk') return present.slice(0, k)
  const sign = op === 'topk' ? -1 : 1
  const rank = (series: Series) => sign * (series.values[i] ?? NaN)
  // A stable sort: of equal values the earlier series stays. NaN is worst for both.
  return present.toSorted((a, b) => byRank(rank(a), rank(b))).slice(0, k)
}

function byRank(a: number, b: number): number {
  if (Number.isNaN(a)) return Number.isNaN(b) ? 0 : 1
  if (Number.isNaN(b)) return -1
  return a === b ? 0 : a < b ? -1 : 1
}
