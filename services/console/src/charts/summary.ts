import type { Annotation, ChartSeries, Exemplar, Threshold, TimeSpan } from './series.ts'
import { formatValue } from './units.ts'

/** Least, greatest, mean and last sample of a series. */
export interface SeriesFacts {
  readonly min: number
  readonly max: number
  readonly mean: number
  readonly last: number
  readonly trend: 'rising' | 'falling' | 'steady'
}

/** Facts of the samples that are there; undefined if none is. */
export function factsOf(values: readonly (number | null)[]): SeriesFacts | undefined {
  const there = values.filter((value) => value !== null)
  const last = there.at(-1)
  if (last === undefined) return undefined
  let [min, max, sum] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0]
  for (const value of there) {
    min = Math.min(min, value)
    max = Math.max(max, value)
    sum += value
  }
  return { min, max, mean: sum / there.length, last, trend: trendOf(there, max - min) }
}

const meanOf = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length

/** The last quarter against the first: a fifth of the spread is a trend. */
function trendOf(values: readonly number[], spread: number): SeriesFacts['trend'] {
  const quarter = Math.max(1, Math.floor(values.length / 4))
  const change = meanOf(values.slice(-quarter)) - meanOf(values.slice(0, quarter))
  if (values.length < 4 || spread === 0 || Math.abs(change) < spread / 5) return 'steady'
  return change > 0 ? 'rising' : 'falling'
}

/** A time of day with its date where the range is longer than a day. */
export function timeText(seconds: number, { from, to }: TimeSpan, isUtc: boolean): string {
  const withDate = to - from > 86_400 || new Date(from * 1_000).getDate() !== new Date(to * 1_000).getDate()
  return new Intl.DateTimeFormat('en-GB', {
    ...(withDate ? { day: 'numeric', month: 'short' } : {}),
    hour: '2-digit',
    minute: '2-digit',
    ...(to - from <= 600 ? { second: '2-digit' } : {}),
    ...(isUtc ? { timeZone: 'UTC' } : {}),
  }).format(new Date(seconds * 1_000))
}

/** What a chart shows, in sentences. */
export interface SummaryInput {
  readonly title: string
  readonly times: readonly number[]
  readonly series: readonly ChartSeries[]
  readonly span: TimeSpan
  readonly thresholds?: readonly Threshold[]
  readonly annotations?: readonly Annotation[]
  readonly exemplars?: readonly Exemplar[]
  readonly unit?: string | undefined
  readonly decimals?: number | undefined
  readonly isUtc?: boolean
}

const mostNamed = 4

/** The sentences that stand for a chart where it cannot be seen. */
export function summarise(input: SummaryInput): string {
  const { title, series, span, annotations = [], isUtc = false } = input
  const time = (at: number): string => timeText(at, span, isUtc)
  const head = title === '' ? 'Time series chart' : `${title}, time series chart`
  const shown = series.filter(({ values }) => values.some((value) => value !== null))
  const range = `from ${time(span.from)} to ${time(span.to)}`
  if (shown.length === 0) return `${head} ${range}: no samples.`
  const sentences = shown.slice(0, mostNamed).map((one) => seriesSentence(one, input, time))
  const more = shown.length - sentences.length
  return [
    `${head} of ${shown.length} series ${range}.`,
    ...sentences,
    ...(more > 0 ? [`${more} more series are in the table.`] : []),
    ...annotations.slice(0, 3).map(({ text, from }) => `${text} at ${time(from)}.`),
    ...exemplarSentence(input, time),
    ...(annotations.length > 3 ? [`${annotations.length - 3} more annotations.`] : []),
  ].join(' ')
}

function exemplarSentence(
  { exemplars = [], unit, decimals }: SummaryInput,
  time: (at: number) => string,
): readonly string[] {
  const greatest = exemplars.toSorted((a, b) => b.value - a.value)[0]
  if (greatest === undefined) return []
  const count = exemplars.length === 1 ? '1 exemplar' : `${exemplars.length} exemplars`
  return [`${count}, the greatest ${formatValue(greatest.value, unit, decimals)} at ${time(greatest.at)}.`]
}

function seriesSentence(one: ChartSeries, input: SummaryInput, time: (at: number) => string): string {
  const facts = factsOf(one.values)
  if (facts === undefined) return ''
  const unit = one.look?.unit ?? input.unit
  const decimals = one.look?.decimals ?? input.decimals
  const text = (value: number): string => formatValue(value, unit, decimals)
  const crossings = (input.thresholds ?? []).flatMap(({ value }) => {
    const since = aboveSince(one.values, value)
    if (since === undefined) return []
    return [` Above the threshold ${text(value)} since ${time(input.times[since] ?? 0)}.`]
  })
  const { min, max, last, trend } = facts
  return `${one.name}: last ${text(last)}, minimum ${text(min)}, maximum ${text(max)}, ${trend}.${crossings.at(-1) ?? ''}`
}

/** Where the last uninterrupted stretch above a value began, if the series ends above it. */
function aboveSince(values: readonly (number | null)[], threshold: number): number | undefined {
  let since: number | undefined
  values.forEach((value, i) => {
    if (value === null) return
    if (value <= threshold) since = undefined
    else since ??= i
  })
  return since
}
