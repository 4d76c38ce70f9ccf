import type { Field, Frame } from './frame.ts'
import { seriesName } from './frame.ts'
import type { Target } from './panel.ts'

/** A float sample as Prometheus writes it: Unix seconds and the value as a text. */
export type Sample = readonly [seconds: number, value: string]

type Labels = Readonly<Record<string, string>>

/** A native histogram: bucket boundaries and counts. */
export interface HistogramSample {
  readonly count: string
  readonly sum: string
  readonly buckets?: readonly (readonly [number, string, string, string])[] | undefined
}

/** The data of an answer to a query. */
export type PrometheusData =
  | {
      readonly resultType: 'vector'
      readonly result: readonly {
        readonly metric: Labels
        readonly value?: Sample | undefined
        readonly histogram?: readonly [number, HistogramSample] | undefined
      }[]
    }
  | {
      readonly resultType: 'matrix'
      readonly result: readonly {
        readonly metric: Labels
        readonly values?: readonly Sample[] | undefined
        readonly histograms?: readonly (readonly [number, HistogramSample])[] | undefined
      }[]
    }
  | { readonly resultType: 'scalar' | 'string'; readonly result: Sample }

/** A query with its text as it was sent. */
export interface Asked {
  readonly target: Target
  /** The legend format with variables put in. */
  readonly legend: string
  readonly expr: string
  /** Seconds; undefined for an instant query. */
  readonly step: number | undefined
}

interface OneSeries {
  readonly labels: Labels
  readonly times: readonly number[]
  readonly values: readonly number[]
  readonly texts?: readonly string[]
}

const toNumber = (text: string): number =>
  text === '+Inf' || text === 'Inf'
    ? Number.POSITIVE_INFINITY
    : text === '-Inf'
      ? Number.NEGATIVE_INFINITY
      : Number(text)

function seriesOf(data: PrometheusData): readonly OneSeries[] {
  switch (data.resultType) {
    case 'vector':
      return data.result.flatMap(({ metric, value, histogram }) => [
        ...(value === undefined
          ? []
          : [{ labels: metric, times: [value[0] * 1_000], values: [toNumber(value[1])] }]),
        ...(histogram === undefined ? [] : bucketSeries(metric, [histogram])),
      ])
    case 'matrix':
      return data.result.flatMap(({ metric, values = [], histograms = [] }) => [
        ...(values.length === 0
          ? []
          : [
              {
                labels: metric,
                times: values.map(([seconds]) => seconds * 1_000),
                values: values.map(([, text]) => toNumber(text)),
              },
            ]),
        ...bucketSeries(metric, histograms),
      ])
    case 'scalar':
      return [{ labels: {}, times: [data.result[0] * 1_000], values: [toNumber(data.result[1])] }]
    case 'string':
      return [{ labels: {}, times: [data.result[0] * 1_000], values: [Number.NaN], texts: [data.result[1]] }]
  }
}

/** A native histogram as the classic series of its buckets, cumulative by upper bound. */
function bucketSeries(
  metric: Labels,
  samples: readonly (readonly [number, HistogramSample])[],
): readonly OneSeries[] {
  const bounds = new Set(samples.flatMap(([, { buckets = [] }]) => buckets.map(([, , upper]) => upper)))
  const sorted = [...bounds].toSorted((a, b) => Number(a) - Number(b))
  return sorted.map((le) => ({
    labels: { ...metric, le },
    times: samples.map(([seconds]) => seconds * 1_000),
    values: samples.map(([, { buckets = [] }]) =>
      buckets.reduce(
        (sum, [, , upper, count]) => (Number(upper) <= Number(le) ? sum + Number(count) : sum),
        0,
      ),
    ),
  }))
}

/** The name of a series by its query's legend format; undefined where names follow from the labels. */
export function legendOf(
  { legend, expr }: Pick<Asked, 'legend' | 'expr'>,
  labels: Labels,
): string | undefined {
  const isAuto = legend === '__auto'
  if (isAuto && Object.keys(labels).length > 0) return undefined
  const text = isAuto || legend === '' ? seriesName(labels) : fillLegend(legend, labels)
  return text === '{}' ? expr : text
}

/** Puts labels into `{{label}}`; a label that is not there leaves nothing. */
export function fillLegend(format: string, labels: Labels): string {
  return format.replace(/\{\{\s*(.+?)\s*\}\}/g, (_whole, name: string) => labels[name] ?? '')
}

/**
 * Frames of an answer as Grafana's Prometheus data source makes them: one for each series, one table for `format: table`, and
 * buckets in order for `format: heatmap`. `tables` is how many queries of the panel are tables: more than one, and values have names.
 */
export function framesOf(data: PrometheusData, asked: Asked, tables: number): readonly Frame[] {
  const { target } = asked
  const series = seriesOf(data)
  if (target.format === 'table') return series.length === 0 ? [] : [tableOf(series, target, tables)]
  if (target.format === 'heatmap') return heatmapFrames(series, asked)
  return series.map((one) => frameOf(one, asked))
}

function frameOf({ labels, times, values, texts }: OneSeries, asked: Asked): Frame {
  const { target, step } = asked
  const value: Field = {
    name: 'Value',
    type: texts === undefined ? 'number' : 'string',
    labels,
    values: texts ?? values,
    legend: legendOf(asked, labels),
  }
  return {
    refId: target.refId,
    name: undefined,
    fields: [{ name: 'Time', type: 'time', labels: {}, values: times, legend: undefined }, value],
    ...(step === undefined ? {} : { step }),
  }
}

function tableOf(series: readonly OneSeries[], { refId }: Target, tables: number): Frame {
  const names = [...new Set(series.flatMap(({ labels }) => Object.keys(labels)))].toSorted()
  const column = (name: string, type: Field['type'], values: Field['values']): Field => ({
    name,
    type,
    labels: {},
    values,
    legend: undefined,
  })
  const each = <T>(pick: (one: OneSeries, i: number) => T): T[] =>
    series.flatMap((one) => one.times.map((_, i) => pick(one, i)))
  return {
    refId,
    name: undefined,
    fields: [
      column(
        'Time',
        'time',
        each(({ times }, i) => times[i] ?? null),
      ),
      ...names.map((name) =>
        column(
          name,
          'string',
          each(({ labels }) => labels[name] ?? ''),
        ),
      ),
      column(
        tables > 1 ? `Value #${refId}` : 'Value',
        'number',
        each(({ values }, i) => values[i] ?? null),
      ),
    ],
  }
}

const bound = (text: string | undefined): number => (text === undefined ? Number.NaN : toNumber(text))

/** Buckets by rising upper bound, each without what the one below it holds. */
function heatmapFrames(series: readonly OneSeries[], asked: Asked): readonly Frame[] {
  const sorted = series
    .filter(({ labels }) => labels['le'] !== undefined)
    .toSorted((a, b) => bound(a.labels['le']) - bound(b.labels['le']))
  if (sorted.length === 0) return series.map((one) => frameOf(one, asked))
  return sorted.map((one, i) => {
    const below = sorted[i - 1]
    const at = new Map(below?.times.map((time, k) => [time, below.values[k] ?? 0]))
    const values = one.values.map((value, k) => Math.max(0, value - (at.get(one.times[k] ?? 0) ?? 0)))
    const frame = frameOf({ ...one, values }, asked)
    const fields = frame.fields.map((field) =>
      field.type === 'number' ? { ...field, name: one.labels['le'] ?? '', legend: one.labels['le'] } : field,
    )
    return { ...frame, fields }
  })
}
