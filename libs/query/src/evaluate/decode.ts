import { GatehouseError } from '@gatehouse/errors'
import { parseValue } from './format.ts'
import { labelsOf } from './labels.ts'
import type { Grid, Histogram, Labels, Samples } from './model.ts'
import { emptySeries, type MutableSeries, setFloat } from './series.ts'

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

interface Answer {
  readonly resultType: string
  readonly result: readonly unknown[]
}

function answerOf(data: QueryData): Answer {
  if (!isRecord(data) || typeof data['resultType'] !== 'string' || !isList(data['result'])) {
    throw unusable('no result')
  }
  return { resultType: data['resultType'], result: data['result'] }
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

/** Time in ms and the raw value of a `[seconds, value]` pair. */
function readPair(pair: unknown): { time: number; value: unknown } {
  if (!isList(pair) || typeof pair[0] !== 'number') throw unusable('a sample that is no pair')
  return { time: Math.round(pair[0] * 1000), value: pair[1] }
}

function readFloat(value: unknown): number {
  if (typeof value !== 'string') throw unusable('a value that is no text')
  return parseValue(value)
}

function readHistogram(value: unknown): Histogram {
  if (!isRecord(value)) throw unusable('a histogram that is no object')
  return value
}

/** The sample pairs of a series: floats and histograms, whether one (instant) or many (range). */
function pairsOf(series: unknown): {
  metric: unknown
  floats: readonly unknown[]
  histograms: readonly unknown[]
} {
  if (!isRecord(series)) throw unusable('a series that is no object')
  const { metric, value, values, histogram, histograms } = series
  const list = (one: unknown, many: unknown) => (one === undefined ? (isList(many) ? many : []) : [one])
  return { metric, floats: list(value, values), histograms: list(histogram, histograms) }
}

/** Reads a vector, or a matrix of a range query, onto a grid. Samples of an instant vector belong to its one time. */
export function readSeries(data: QueryData, grid: Grid): MutableSeries[] {
  const { resultType, result } = answerOf(data)
  if (resultType !== 'vector' && resultType !== 'matrix') throw unusable(`a ${resultType} for a vector`)
  const indexOf = (time: number) => {
    const index = grid.step === 0 ? 0 : (time - grid.start) / grid.step
    if (!Number.isInteger(index) || index < 0 || index >= grid.count) throw unusable('a sample off the grid')
    return index
  }
  return result.map((item) => {
    const { metric, floats, histograms } = pairsOf(item)
    const series = emptySeries(readLabels(metric), grid.count)
    for (const pair of floats) {
      const { time, value } = readPair(pair)
      setFloat(series, indexOf(time), readFloat(value))
    }
    for (const pair of histograms) {
      const { time, value } = readPair(pair)
      series.histograms ??= []
      series.histograms[indexOf(time)] = readHistogram(value)
      series.present[indexOf(time)] = 1
    }
    return series
  })
}

/** Reads a range vector: series with their own sample times. */
export function readSamples(data: QueryData): Samples[] {
  const { resultType, result } = answerOf(data)
  if (resultType !== 'matrix') throw unusable(`a ${resultType} for a range vector`)
  return result.map((item) => {
    const { metric, floats, histograms } = pairsOf(item)
    const samples: { time: number; value: number; histogram: Histogram | undefined }[] = []
    for (const pair of floats) {
      const { time, value } = readPair(pair)
      samples.push({ time, value: readFloat(value), histogram: undefined })
    }
    for (const pair of histograms) {
      const { time, value } = readPair(pair)
      samples.push({ time, value: 0, histogram: readHistogram(value) })
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
  if (resultType === 'scalar') return new Float64Array([readFloat(readPair(result).value)])
  const [series] = readSeries(data, grid)
  if (series === undefined || series.present.includes(0)) throw unusable('a scalar with gaps')
  return series.values
}
