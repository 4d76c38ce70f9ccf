import { GatehouseError } from '@gatehouse/errors'
import { parseValue } from './format.ts'
import { labelsOf } from './labels.ts'
import type { Grid, Histogram, Labels, Samples, Series } from './model.ts'
import { RawItem, RawItems } from './raw-item.ts'
import { type MutableSeries, setFloat } from './series.ts'

/** The `data` member of an answer of the query API, parsed from JSON and not yet looked at. */
export type QueryData = unknown

function unusable(what: string): GatehouseError {
  return new GatehouseError('bad_gateway', `a shard's answer is not usable: ${what}`)
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isList(value: unknown): value is readonly unknown[] {
  return Array.isArray(value)
}

/** Series of an answer, in a list or made as they are come to. */
export interface Items extends Iterable<unknown> {
  readonly length: number
}

interface Answer {
  readonly resultType: string
  readonly result: Items
}

function answerOf(data: QueryData): Answer {
  if (!isRecord(data) || typeof data['resultType'] !== 'string') throw unusable('no result')
  const { resultType, result } = data
  if (!isList(result) && !(result instanceof RawItems)) throw unusable('no result')
  return { resultType, result }
}

/** Gives back what an answer's series take: all that was wanted of them has been read. */
export function releaseItems(data: QueryData): void {
  if (isRecord(data) && data['result'] instanceof RawItems) data['result'].release()
}

function readLabels(metric: unknown): Labels {
  if (!isRecord(metric)) throw unusable('a series without labels')
  // JSON.parse makes every member an own property, `__proto__` included.
  const pairs = Object.entries(metric).map(([name, value]): [string, string] => {
    if (typeof value !== 'string') throw unusable('a label that is no text')
    return [name, value]
  })
  return labelsOf(pairs)
}

/** A sample as the API has it. */
type Pair = readonly [seconds: number, value: unknown]

function assertPair(pair: unknown): asserts pair is Pair {
  if (!Array.isArray(pair) || typeof pair[0] !== 'number') throw unusable('a sample that is no pair')
}

function timeOf([seconds]: Pair): number {
  return Math.round(seconds * 1000)
}

function readFloat(value: unknown): number {
  if (typeof value !== 'string') throw unusable('a value that is no text')
  const number = Number(value)
  // Only the names of infinities and NaN are no numbers to JavaScript.
  return Number.isNaN(number) ? parseValue(value) : number
}

function readHistogram(value: unknown): Histogram {
  if (!isRecord(value)) throw unusable('a histogram that is no object')
  return value
}

interface RawSeries {
  readonly metric: unknown
  readonly floats: readonly unknown[]
  readonly histograms: readonly unknown[]
}

/** The sample pairs of a series: floats and histograms, whether one (instant) or many (range). */
function rawSeries(item: unknown): RawSeries {
  const series = item instanceof RawItem ? item.parse() : item
  if (!isRecord(series)) throw unusable('a series that is no object')
  const { metric, value, values, histogram, histograms } = series
  const list = (one: unknown, many: unknown) => (one === undefined ? (isList(many) ? many : []) : [one])
  return { metric, floats: list(value, values), histograms: list(histogram, histograms) }
}

/** Place of a sample on a grid. Samples of an instant vector belong to its one time. */
function indexOf(pair: Pair, grid: Grid): number {
  if (grid.step === 0) return 0
  const index = (timeOf(pair) - grid.start) / grid.step
  if (!Number.isInteger(index) || index < 0 || index >= grid.count) throw unusable('a sample off the grid')
  return index
}

/** The series of a vector, or of a range query's matrix, as they came. */
export function readItems(data: QueryData): Items {
  const { resultType, result } = answerOf(data)
  if (resultType !== 'vector' && resultType !== 'matrix') throw unusable(`a ${resultType} for a vector`)
  return result
}

/** Labels of a series as it came. */
export function readItemLabels(item: unknown): Labels {
  return readLabels(item instanceof RawItem ? item.metric() : rawSeries(item).metric)
}

/**
 * Reads a vector, or a range query's matrix, onto a grid; of labels only what `project` leaves of them is kept. Small arrays take several
 * times what they hold: series have their values in one array, and those without gaps share what says so.
 */
export function readSeries(
  data: QueryData,
  grid: Grid,
  project: (labels: Labels) => Labels = (labels) => labels,
): Series[] {
  const { count } = grid
  const items = readItems(data)
  const slab = new Float64Array(items.length * count)
  const full = new Uint8Array(count).fill(1)
  return Array.from(items, (item, n) => {
    const { metric, floats, histograms } = rawSeries(item)
    const series: MutableSeries = {
      labels: project(readLabels(metric)),
      values: slab.subarray(n * count, (n + 1) * count),
      present: new Uint8Array(count),
      histograms: undefined,
    }
    for (const pair of floats) {
      assertPair(pair)
      setFloat(series, indexOf(pair, grid), readFloat(pair[1]))
    }
    for (const pair of histograms) {
      assertPair(pair)
      const index = indexOf(pair, grid)
      series.histograms ??= []
      series.histograms[index] = readHistogram(pair[1])
      series.present[index] = 1
    }
    return series.present.includes(0) ? series : { ...series, present: full }
  })
}

interface RawSample {
  readonly time: number
  readonly value: number
  readonly histogram: Histogram | undefined
}

/** Reads a range vector: series with their own sample times. */
export function readSamples(data: QueryData): Samples[] {
  const { resultType, result } = answerOf(data)
  if (resultType !== 'matrix') throw unusable(`a ${resultType} for a range vector`)
  return Array.from(result, (item) => {
    const { metric, floats, histograms } = rawSeries(item)
    const samples: RawSample[] = []
    for (const pair of floats) {
      assertPair(pair)
      samples.push({ time: timeOf(pair), value: readFloat(pair[1]), histogram: undefined })
    }
    for (const pair of histograms) {
      assertPair(pair)
      samples.push({ time: timeOf(pair), value: 0, histogram: readHistogram(pair[1]) })
    }
    if (histograms.length > 0) samples.sort((a, b) => a.time - b.time)
    return {
      labels: readLabels(metric),
      times: Float64Array.from(samples, (sample) => sample.time),
      values: Float64Array.from(samples, (sample) => sample.value),
      histograms: histograms.length === 0 ? undefined : samples.map((sample) => sample.histogram),
    }
  })
}

/** Reads a scalar: of an instant query, or of a range query, which prints it as one series without labels. */
export function readScalar(data: QueryData, grid: Grid): Float64Array {
  const { resultType, result } = answerOf(data)
  if (resultType === 'scalar') {
    assertPair(result)
    return new Float64Array([readFloat(result[1])])
  }
  const [series] = readSeries(data, grid)
  if (series === undefined || series.present.includes(0)) throw unusable('a scalar with gaps')
  return series.values
}
