import { GatehouseError } from '@gatehouse/errors'
import type { LeafNode } from '../plan/model.ts'
import type { Context, LeafAnswer } from './context.ts'
import {
  type Items,
  type QueryData,
  readItems,
  readSamples,
  readScalar,
  readSeries,
  releaseItems,
} from './decode.ts'
import { gridOf } from './grid.ts'
import { labelsKey } from './labels.ts'
import type { Grid, Histogram, Labels, Samples, Series, Value } from './model.ts'
import { copySample, emptySeries, joinEqual, type MutableSeries, sameLabelset } from './series.ts'

/** What is kept of a series' labels. */
type Projection = (labels: Labels) => Labels

function answerTo(id: number, context: Context): LeafAnswer {
  const answer = context.answers.get(id)
  if (answer === undefined) throw new GatehouseError('internal', `no answer to request ${id} of the plan`)
  return answer
}

/** Reads an answer, whose memory is given back when no other leaf has to read it. */
function read<T>(id: number, context: Context, reader: (data: QueryData) => T): T {
  const { data } = answerTo(id, context)
  const value = reader(data)
  const left = (context.readers.get(id) ?? 0) - 1
  context.readers.set(id, left)
  if (left === 0) releaseItems(data)
  return value
}

/** The union of the units' answers. What is going to be aggregated needs no labels but those of its group, to which `project` leads. */
export function evaluateLeaf(leaf: LeafNode, context: Context, project?: Projection): Value {
  switch (leaf.type) {
    case 'vector':
      return { type: 'vector', series: unitSeries(leaf, context, project).flat() }
    case 'scalar': {
      const [ids = []] = leaf.requests
      const [id = -1] = ids
      if (ids.length === 1)
        return { type: 'scalar', values: read(id, context, (data) => readScalar(data, leaf.grid)) }
      return { type: 'scalar', values: readScalarStretches(ids, { grid: leaf.grid, context }) }
    }
    case 'matrix':
      return {
        type: 'matrix',
        samples: unitSamples(leaf, context),
        window: { rangeMs: 0, offsetMs: 0, at: undefined },
      }
    case 'string':
      throw new GatehouseError('internal', 'a string is not a shard’s to evaluate')
  }
}

/** Series by unit, checked for labels that coincide where they must not. */
export function unitSeries(leaf: LeafNode, context: Context, project?: Projection): Series[][] {
  // Whether labels coincide only whole ones tell.
  const kept = leaf.overlap === 'never' ? project : undefined
  const units = leaf.requests.map((ids) => readStretches(ids, { grid: leaf.grid, context, project: kept }))
  switch (leaf.overlap) {
    case 'never':
    case 'merge':
      return units
    case 'join':
      return [joinEqual(units.flat(), false)]
    case 'refuse':
      return [joinEqual(units.flat(), true)]
  }
}

/** The units' series as they came, of a leaf whose units each answered one query. */
export function unitItems(leaf: LeafNode, context: Context): readonly Items[] {
  return leaf.requests.flat().map((id) => readItems(answerTo(id, context).data))
}

/** A unit's series over the whole grid, from queries that each covered a stretch of it. */
function readStretches(
  ids: readonly number[],
  { grid, context, project }: { grid: Grid; context: Context; project: Projection | undefined },
): Series[] {
  const [first] = ids
  if (first === undefined) return []
  if (ids.length === 1) return read(first, context, (data) => readSeries(data, grid, project))
  const byKey = new Map<string, MutableSeries>()
  for (const id of ids) {
    const range = context.requests[id]?.range
    if (range === undefined) continue
    const shift = Math.round((range.start - grid.start) / grid.step)
    for (const part of read(id, context, (data) => readSeries(data, gridOf(range)))) {
      const key = labelsKey(part.labels)
      const whole = byKey.get(key) ?? emptySeries(part.labels, grid.count)
      byKey.set(key, whole)
      for (let i = 0; i < part.present.length; i++)
        if (part.present[i] === 1) copySample({ from: part, to: whole }, i, i + shift)
    }
  }
  return [...byKey.values()]
}

/** A scalar over the whole grid; it is nowhere absent. */
function readScalarStretches(
  ids: readonly number[],
  { grid, context }: { grid: Grid; context: Context },
): Float64Array {
  const values = new Float64Array(grid.count).fill(NaN)
  for (const id of ids) {
    const range = context.requests[id]?.range
    if (range === undefined) continue
    const part = read(id, context, (data) => readScalar(data, gridOf(range)))
    values.set(part, Math.round((range.start - grid.start) / grid.step))
  }
  return values
}

function unitSamples(leaf: LeafNode, context: Context): Samples[] {
  const all = leaf.requests.flatMap((ids) => joinPieces(ids.map((id) => read(id, context, readSamples))))
  if (leaf.overlap !== 'never') {
    const keys = new Set(all.map((samples) => labelsKey(samples.labels)))
    if (keys.size !== all.length) throw sameLabelset()
  }
  return all
}

/** A unit's raw samples from pieces of time, oldest first. A sample on a border may stand in both. */
function joinPieces(pieces: readonly (readonly Samples[])[]): readonly Samples[] {
  const [first = [], ...later] = pieces
  if (later.length === 0) return first
  const joined = new Map(first.map((samples) => [labelsKey(samples.labels), samples]))
  for (const samples of later.flat()) {
    const key = labelsKey(samples.labels)
    const earlier = joined.get(key)
    joined.set(key, earlier === undefined ? samples : append(earlier, samples))
  }
  return [...joined.values()]
}

function append(earlier: Samples, later: Samples): Samples {
  const end = earlier.times.at(-1) ?? -Infinity
  const from = later.times.findIndex((time) => time > end)
  if (from === -1) return earlier
  const hasHistograms = earlier.histograms !== undefined || later.histograms !== undefined
  return {
    labels: earlier.labels,
    times: concat(earlier.times, later.times.subarray(from)),
    values: concat(earlier.values, later.values.subarray(from)),
    histograms: hasHistograms ? [...padded(earlier), ...padded(later).slice(from)] : undefined,
  }
}

function concat(a: Float64Array, b: Float64Array): Float64Array {
  const all = new Float64Array(a.length + b.length)
  all.set(a)
  all.set(b, a.length)
  return all
}

function padded({ times, histograms }: Samples): readonly (Histogram | undefined)[] {
  return Array.from({ length: times.length }, (_, i) => histograms?.[i])
}
