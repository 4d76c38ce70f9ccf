import { GatehouseError } from '@gatehouse/errors'
import { BeyondShards } from '../plan/beyond.ts'
import type { MergeNode } from '../plan/model.ts'
import { reduceGroup } from './aggregate/aggregate.ts'
import { groupSeries } from './aggregate/groups.ts'
import { type Reducer, reducerOf, total } from './aggregate/reduce.ts'
import type { Context } from './context.ts'
import { labelsKey } from './labels.ts'
import { unitSeries } from './leaf.ts'
import type { Series } from './model.ts'
import { emptySeries, hasHistograms, type MutableSeries, setFloat } from './series.ts'

/** Merges the partial results of an aggregation over units. */
export function evaluateMerge(node: MergeNode, context: Context): Series[] {
  const parts = node.parts.map((leaf) => unitSeries(leaf, context))
  if (parts.some((units) => units.some(hasHistograms))) {
    throw new BeyondShards(node.expr, 'it aggregates native histograms of several shards')
  }
  assertUnmixed(node, context)
  const [first = []] = parts
  switch (node.op) {
    case 'avg':
      return mergeMoments(parts, (moments) => moments.mean)
    case 'stdvar':
      return mergeMoments(rotate(parts), (moments) => moments.variance)
    case 'stddev':
      return mergeMoments(rotate(parts), (moments) => Math.sqrt(moments.variance))
    case 'sum':
    case 'count':
    case 'count_values':
      return mergeWith(first, (values) => total(values, context.semantics))
    case 'group':
    case 'min':
    case 'max':
      return mergeWith(first, reducerOf(node.op, context.semantics))
  }
}

/**
 * A shard leaves out of sums and averages a group in which floats and native histograms meet, and only its warning says so;
 * the other shards' part of the group would then pass for the whole.
 */
function assertUnmixed(node: MergeNode, context: Context): void {
  const ids = node.parts.flatMap((leaf) => leaf.requests.flat())
  const mixed = ids.some((id) =>
    context.answers.get(id)?.warnings.some((warning) => warning.includes('mix of histograms and floats')),
  )
  if (mixed) throw new BeyondShards(node.expr, 'floats and native histograms meet in it')
}

function mergeWith(units: readonly Series[][], reducer: Reducer | undefined): Series[] {
  if (reducer === undefined) throw new GatehouseError('internal', 'a merge without a reducer')
  const list = units.flat()
  const count = list[0]?.values.length ?? 0
  return groupSeries(list, (labels) => labels).map((group) =>
    reduceGroup(group, reducer, { param: undefined, count }),
  )
}

/** `[variance, mean, count]` as `[mean, count, variance]`. */
function rotate<T>([variance, ...rest]: readonly T[]): T[] {
  return variance === undefined ? rest : [...rest, variance]
}

interface Moments {
  readonly mean: number
  readonly count: number
  readonly variance: number
}

/** Merges averages weighted by counts, which unlike sums cannot overflow; and variances with them. */
function mergeMoments(
  [means = [], counts = [], variances]: readonly Series[][][],
  value: (moments: Moments) => number,
): Series[] {
  const results = new Map<string, { series: MutableSeries; moments: (Moments | undefined)[] }>()
  means.forEach((unit, u) => {
    const countOf = finder(counts[u] ?? [])
    const varianceOf = finder(variances?.[u] ?? [])
    for (const mean of unit) {
      const key = labelsKey(mean.labels)
      const result = results.get(key) ?? { series: emptySeries(mean.labels, mean.values.length), moments: [] }
      results.set(key, result)
      for (let i = 0; i < mean.values.length; i++) {
        if (mean.present[i] !== 1) continue
        const part = { mean: mean.values[i] ?? NaN, count: countOf(key, i), variance: varianceOf(key, i) }
        const before = result.moments[i]
        result.moments[i] = before === undefined ? part : addMoments(before, part)
      }
    }
  })
  for (const { series, moments } of results.values()) {
    moments.forEach((part, i) => {
      if (part !== undefined) setFloat(series, i, value(part))
    })
  }
  return [...results.values()].map((result) => result.series)
}

function finder(unit: readonly Series[]): (key: string, i: number) => number {
  const byKey = new Map(unit.map((series) => [labelsKey(series.labels), series]))
  return (key, i) => byKey.get(key)?.values[i] ?? NaN
}

function addMoments(a: Moments, b: Moments): Moments {
  const count = a.count + b.count
  const mean = a.mean * (a.count / count) + b.mean * (b.count / count)
  const distance = b.mean - a.mean
  // Means of several values that are all equal can differ by rounding, which must not count as variance; that of one value is exact.
  const isRounded = a.variance === 0 && b.variance === 0 && count > 2
  const apart = isRounded && Math.abs(distance) <= 4 * Number.EPSILON * Math.abs(a.mean) ? 0 : distance
  const between = apart * (b.count / count) * apart * (a.count / count)
  return { count, mean, variance: a.variance * (a.count / count) + b.variance * (b.count / count) + between }
}
