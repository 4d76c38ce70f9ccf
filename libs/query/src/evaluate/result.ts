import type { TimeRange } from '../model.ts'
import { type Items, readItemLabels } from './decode.ts'
import { formatTimestamp, formatValue } from './format.ts'
import { gridOf } from './grid.ts'
import { compareLabels, noLabels } from './labels.ts'
import { type Grid, type Labels, type Samples, type Series, timeAt, type Value } from './model.ts'
import { RawItem } from './raw-item.ts'
import { hasSamples } from './series.ts'
import type { QueryStats } from './stats.ts'

/** The answer to a query, as the query API has it. Times are ms since the epoch. */
export type QueryResult =
  | { readonly type: 'scalar'; readonly time: number; readonly value: number }
  | { readonly type: 'string'; readonly time: number; readonly value: string }
  | { readonly type: 'vector' | 'matrix'; readonly series: readonly Samples[] }
  /** Series as shards sent them, untouched. */
  | { readonly type: 'vector' | 'matrix'; readonly items: Items }

/** An evaluated value as a query's answer: an instant query's order is kept, a range query's series are sorted by labels. */
export function resultOf(value: Value, range: TimeRange): QueryResult {
  const grid = gridOf(range)
  const isInstant = range.step === 0
  switch (value.type) {
    case 'string':
      return { type: 'string', time: range.start, value: value.value }
    case 'scalar':
      if (isInstant) return { type: 'scalar', time: range.start, value: value.values[0] ?? NaN }
      return { type: 'matrix', series: toSamples([scalarSeries(value.values)], grid) }
    case 'vector': {
      const series = toSamples(value.series.filter(hasSamples), grid)
      return isInstant ? { type: 'vector', series } : { type: 'matrix', series: sorted(series) }
    }
    case 'matrix':
      return { type: 'matrix', series: sorted(value.samples) }
  }
}

/** The answer that is nothing but the union of what shards sent. */
export function unionOf(lists: readonly Items[], range: TimeRange): QueryResult {
  if (range.step === 0) return { type: 'vector', items: itemsOf(lists, () => chained(lists)) }
  const inOrder = lists.every(isSorted) ? lists : lists.map(sortedItems)
  const isOne = gridOf(range).count === 1
  return {
    type: 'matrix',
    items: itemsOf(lists, () => mergedItems(inOrder, isOne ? asSeries : (item) => item)),
  }
}

function itemsOf(lists: readonly Items[], iterate: () => Iterator<unknown>): Items {
  const length = lists.reduce((sum, list) => sum + list.length, 0)
  return { length, [Symbol.iterator]: iterate }
}

function* chained(lists: readonly Items[]): Generator<unknown, void> {
  for (const list of lists) yield* list
}

/** Whether series come in the order of labels, as Prometheus sends those of a range. */
function isSorted(list: Items): boolean {
  let before = noLabels
  for (const item of list) {
    const labels = readItemLabels(item)
    if (compareLabels(before, labels) > 0) return false
    before = labels
  }
  return true
}

function sortedItems(list: Items): Items {
  return Array.from(list, (item) => ({ item, labels: readItemLabels(item) }))
    .sort((a, b) => compareLabels(a.labels, b.labels))
    .map(({ item }) => item)
}

/** Sorted lists as one in the order of labels, without holding more of each than one series. */
function* mergedItems(lists: readonly Items[], shape: (item: unknown) => unknown): Generator<unknown, void> {
  const heads = lists.flatMap((list) => headOf(list[Symbol.iterator]()))
  while (heads.length > 0) {
    // Few shards: looking at each head is cheaper than keeping them in order. Of equal labels the earlier shard's come first.
    const least = heads.reduce((a, b) => (compareLabels(b.labels, a.labels) < 0 ? b : a))
    yield shape(least.item)
    heads.splice(heads.indexOf(least), 1, ...headOf(least.rest))
  }
}

function headOf(rest: Iterator<unknown>) {
  const next = rest.next()
  return next.done === true ? [] : [{ item: next.value, labels: readItemLabels(next.value), rest }]
}

/** A sample of an instant query as a series of one: a range of one time is asked of the shards as an instant. */
function asSeries(raw: unknown): unknown {
  const item = raw instanceof RawItem ? raw.parse() : raw
  if (typeof item !== 'object' || item === null) return item
  const { value, histogram, ...rest } = item as Record<string, unknown>
  if (value !== undefined) return { ...rest, values: [value] }
  return histogram === undefined ? item : { ...rest, histograms: [histogram] }
}

function scalarSeries(values: Float64Array): Series {
  return { labels: noLabels, values, present: new Uint8Array(values.length).fill(1), histograms: undefined }
}

function sorted(series: readonly Samples[]): Samples[] {
  return series.filter((one) => one.times.length > 0).toSorted((a, b) => compareLabels(a.labels, b.labels))
}

/** The samples of series on a grid, without the gaps. Those without any share their times. */
export function toSamples(list: readonly Series[], grid: Grid): Samples[] {
  const allTimes = Float64Array.from({ length: grid.count }, (_, i) => timeAt(grid, i))
  return list.map((series) => {
    const { labels, values, present, histograms } = series
    return present.includes(0)
      ? withoutGaps(series, allTimes)
      : { labels, times: allTimes, values, histograms }
  })
}

function withoutGaps({ labels, values, present, histograms }: Series, allTimes: Float64Array): Samples {
  const isPresent = (_: unknown, i: number): boolean => present[i] === 1
  return {
    labels,
    times: allTimes.filter(isPresent),
    values: values.filter(isPresent),
    histograms:
      histograms === undefined ? undefined : Array.from(values, (_, i) => histograms[i]).filter(isPresent),
  }
}

/**
 * The `data` member of the API's answer as JSON, in pieces of about one series, so that a long answer can be written
 * without holding up anything else.
 */
export function* renderResult(result: QueryResult, stats?: QueryStats): Generator<string | Uint8Array, void> {
  const end = stats === undefined ? ']}' : `],"stats":${JSON.stringify(stats)}}`
  if (result.type === 'scalar' || result.type === 'string') {
    const text = result.type === 'scalar' ? formatValue(result.value) : result.value
    yield `{"resultType":"${result.type}","result":[${formatTimestamp(result.time)},${JSON.stringify(text)}${end}`
    return
  }
  yield `{"resultType":"${result.type}","result":[`
  let separator = ''
  if ('items' in result) {
    for (const item of result.items) {
      if (separator !== '') yield separator
      yield item instanceof RawItem ? item.bytes() : JSON.stringify(item)
      separator = ','
    }
  } else {
    for (const series of result.series) {
      yield separator + (result.type === 'vector' ? renderInstant(series) : renderRange(series))
      separator = ','
    }
  }
  yield end
}

function renderLabels(labels: Labels): string {
  const pairs = [...labels].map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`)
  return `{${pairs.join(',')}}`
}

function renderSample({ times, values, histograms }: Samples, i: number): string {
  const histogram = histograms?.[i]
  const value = histogram === undefined ? `"${formatValue(values[i] ?? NaN)}"` : JSON.stringify(histogram)
  return `[${formatTimestamp(times[i] ?? 0)},${value}]`
}

function renderInstant(series: Samples): string {
  const member = series.histograms?.[0] === undefined ? 'value' : 'histogram'
  return `{"metric":${renderLabels(series.labels)},"${member}":${renderSample(series, 0)}}`
}

function renderRange(series: Samples): string {
  const list = (member: string, isWanted: (i: number) => boolean) => {
    let text = ''
    for (let i = 0; i < series.times.length; i++) {
      if (isWanted(i)) text += `${text === '' ? '' : ','}${renderSample(series, i)}`
    }
    return text === '' ? '' : `,"${member}":[${text}]`
  }
  const { histograms } = series
  const floats = list('values', (i) => histograms?.[i] === undefined)
  const others = histograms === undefined ? '' : list('histograms', (i) => histograms[i] !== undefined)
  return `{"metric":${renderLabels(series.labels)}${floats}${others}}`
}
