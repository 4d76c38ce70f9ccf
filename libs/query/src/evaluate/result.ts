import type { TimeRange } from '../model.ts'
import { formatTimestamp, formatValue } from './format.ts'
import { gridOf } from './grid.ts'
import { compareLabels, noLabels } from './labels.ts'
import {
  type Grid,
  type Histogram,
  type Labels,
  type Samples,
  type Series,
  timeAt,
  type Value,
} from './model.ts'
import { hasSamples } from './series.ts'

/** A series of an answer: its samples in order. */
export interface ResultSeries {
  readonly labels: Labels
  readonly samples: readonly ResultSample[]
}

export interface ResultSample {
  /** ms since the epoch. */
  readonly time: number
  readonly value: number | Histogram
}

/** The answer to a query, as the query API has it. */
export type QueryResult =
  | { readonly type: 'scalar'; readonly time: number; readonly value: number }
  | { readonly type: 'string'; readonly time: number; readonly value: string }
  | { readonly type: 'vector' | 'matrix'; readonly series: readonly ResultSeries[] }

/** An evaluated value as a query's answer: an instant query's order is kept, a range query's series are sorted by labels. */
export function resultOf(value: Value, range: TimeRange): QueryResult {
  const grid = gridOf(range)
  const isInstant = range.step === 0
  switch (value.type) {
    case 'string':
      return { type: 'string', time: range.start, value: value.value }
    case 'scalar':
      if (isInstant) return { type: 'scalar', time: range.start, value: value.values[0] ?? NaN }
      return {
        type: 'matrix',
        series: [{ labels: noLabels, samples: gridSamples(scalarSeries(value.values), grid) }],
      }
    case 'vector': {
      const series = value.series
        .filter(hasSamples)
        .map((one) => ({ labels: one.labels, samples: gridSamples(one, grid) }))
      return isInstant ? { type: 'vector', series } : { type: 'matrix', series: sorted(series) }
    }
    case 'matrix':
      return { type: 'matrix', series: sorted(value.samples.map(timedSamples)) }
  }
}

function scalarSeries(values: Float64Array): Series {
  return { labels: noLabels, values, present: new Uint8Array(values.length).fill(1), histograms: undefined }
}

function sorted(series: readonly ResultSeries[]): ResultSeries[] {
  return series.filter((one) => one.samples.length > 0).toSorted((a, b) => compareLabels(a.labels, b.labels))
}

function gridSamples(series: Series, grid: Grid): ResultSample[] {
  const samples: ResultSample[] = []
  for (let i = 0; i < grid.count; i++) {
    if (series.present[i] !== 1) continue
    samples.push({ time: timeAt(grid, i), value: series.histograms?.[i] ?? series.values[i] ?? NaN })
  }
  return samples
}

function timedSamples(samples: Samples): ResultSeries {
  return {
    labels: samples.labels,
    samples: Array.from(samples.times, (time, i) => ({
      time,
      value: samples.histograms?.[i] ?? samples.values[i] ?? NaN,
    })),
  }
}

/**
 * The `data` member of the API's answer as JSON, in pieces of about one series, so that a long answer can be written
 * without holding up anything else.
 */
export function* renderResult(result: QueryResult): Generator<string, void> {
  if (result.type === 'scalar' || result.type === 'string') {
    const text = result.type === 'scalar' ? formatValue(result.value) : result.value
    yield `{"resultType":"${result.type}","result":[${formatTimestamp(result.time)},${JSON.stringify(text)}]}`
    return
  }
  yield `{"resultType":"${result.type}","result":[`
  let separator = ''
  for (const series of result.series) {
    yield separator + (result.type === 'vector' ? renderInstant(series) : renderRange(series))
    separator = ','
  }
  yield ']}'
}

function renderLabels(labels: Labels): string {
  const pairs = [...labels].map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`)
  return `{${pairs.join(',')}}`
}

function renderSample({ time, value }: ResultSample): string {
  return `[${formatTimestamp(time)},${typeof value === 'number' ? `"${formatValue(value)}"` : JSON.stringify(value)}]`
}

function renderInstant({ labels, samples }: ResultSeries): string {
  const [sample] = samples
  if (sample === undefined) return ''
  const member = typeof sample.value === 'number' ? 'value' : 'histogram'
  return `{"metric":${renderLabels(labels)},"${member}":${renderSample(sample)}}`
}

function renderRange({ labels, samples }: ResultSeries): string {
  const floats = samples.filter((sample) => typeof sample.value === 'number')
  const histograms = samples.filter((sample) => typeof sample.value !== 'number')
  const list = (member: string, some: readonly ResultSample[]) =>
    some.length === 0 ? '' : `,"${member}":[${some.map(renderSample).join(',')}]`
  return `{"metric":${renderLabels(labels)}${list('values', floats)}${list('histograms', histograms)}}`
}
