import * as z from 'zod/mini'
import { type ApiRequest, ask } from '../../api/client.ts'
import type { Exemplar } from '../../charts/index.ts'
import { seriesText } from '../../parts/series-text.ts'
import type { PrometheusData } from '../model/prometheus-frames.ts'
import type { PanelRequest } from '../model/requests.ts'
import type { Asking } from './context.ts'

const sample = z.tuple([z.number(), z.string()])
const labels = z.record(z.string(), z.string())
const histogram = z.tuple([
  z.number(),
  z.object({
    count: z.string(),
    sum: z.string(),
    buckets: z.optional(z.array(z.tuple([z.number(), z.string(), z.string(), z.string()]))),
  }),
])
const notes = { warnings: z.optional(z.array(z.string())), infos: z.optional(z.array(z.string())) }
const queryAnswer = z.object({
  data: z.discriminatedUnion('resultType', [
    z.object({
      resultType: z.literal('vector'),
      result: z.array(
        z.object({ metric: labels, value: z.optional(sample), histogram: z.optional(histogram) }),
      ),
    }),
    z.object({
      resultType: z.literal('matrix'),
      result: z.array(
        z.object({
          metric: labels,
          values: z.optional(z.array(sample)),
          histograms: z.optional(z.array(histogram)),
        }),
      ),
    }),
    z.object({ resultType: z.literal(['scalar', 'string']), result: sample }),
  ]),
  ...notes,
})
const textsAnswer = z.object({ data: z.array(z.string()), ...notes })
const seriesAnswer = z.object({ data: z.array(labels), ...notes })

const exemplarsAnswer = z.object({
  data: z.array(
    z.object({
      seriesLabels: labels,
      exemplars: z.array(z.object({ labels, value: z.string(), timestamp: z.number() })),
    }),
  ),
})

/** What a query answered, with what is said beside it. */
export interface QueryResult {
  readonly data: PrometheusData
  readonly notes: readonly string[]
}

/** For what a request is made. */
interface Purpose {
  readonly panelId?: number
  readonly signal: AbortSignal
}

function requestFor({ org, token, dashboardUid }: Asking, { panelId, signal }: Purpose): ApiRequest {
  const hints = {
    'x-dashboard-uid': dashboardUid,
    ...(panelId === undefined ? {} : { 'x-panel-id': String(panelId) }),
  }
  return { org, token, hints, signal }
}

const path = (source: string, rest: string): string => `/prom/${encodeURIComponent(source)}/api/v1/${rest}`

/** Runs a panel's query. @throws ApiError */
export async function runRequest(
  asking: Asking,
  request: PanelRequest,
  purpose: Purpose,
): Promise<QueryResult> {
  const { source, expr, start, end, step } = request
  const form: Record<string, string> =
    step === undefined
      ? { query: expr, time: String(end) }
      : { query: expr, start: String(start), end: String(end), step: String(step) }
  const rest = step === undefined ? 'query' : 'query_range'
  const answer = await ask(path(source, rest), queryAnswer, {
    ...requestFor(asking, purpose),
    method: 'POST',
    form,
  })
  return { data: answer.data, notes: [...(answer.warnings ?? []), ...(answer.infos ?? [])] }
}

/** Exemplars of a panel's query in its range. @throws ApiError */
export async function readExemplars(
  asking: Asking,
  { source, expr, start, end }: PanelRequest,
  purpose: Purpose,
): Promise<readonly Exemplar[]> {
  const answer = await ask(path(source, 'query_exemplars'), exemplarsAnswer, {
    ...requestFor(asking, purpose),
    method: 'POST',
    form: { query: expr, start: String(start), end: String(end) },
  })
  return answer.data.flatMap(({ seriesLabels, exemplars }) =>
    exemplars.map((one) => ({
      at: one.timestamp,
      value: Number(one.value),
      text: Object.entries(one.labels)
        .map(([name, text]) => `${name} ${text}`)
        .join(', '),
      series: seriesText(seriesLabels),
    })),
  )
}

/** Bounds of a look-up, Unix seconds. */
export interface LookupRange {
  readonly start: number
  readonly end: number
}

function query(range: LookupRange, selector: string | undefined): string {
  const parameters = new URLSearchParams({ start: String(range.start), end: String(range.end) })
  if (selector !== undefined) parameters.append('match[]', selector)
  return parameters.toString()
}

/** Values of a label, of the series a selector selects. @throws ApiError */
export async function labelValues(
  asking: Asking,
  what: { readonly source: string; readonly label: string; readonly selector: string | undefined },
  bounds: LookupRange & Purpose,
): Promise<readonly string[]> {
  const rest = `label/${encodeURIComponent(what.label)}/values?${query(bounds, what.selector)}`
  return (await ask(path(what.source, rest), textsAnswer, requestFor(asking, bounds))).data
}

/** Names of labels. @throws ApiError */
export async function labelNames(
  asking: Asking,
  what: { readonly source: string; readonly selector: string | undefined },
  bounds: LookupRange & Purpose,
): Promise<readonly string[]> {
  const rest = `labels?${query(bounds, what.selector)}`
  return (await ask(path(what.source, rest), textsAnswer, requestFor(asking, bounds))).data
}

/** Series of a selector. @throws ApiError */
export async function findSeries(
  asking: Asking,
  what: { readonly source: string; readonly selector: string },
  bounds: LookupRange & Purpose,
): Promise<readonly Readonly<Record<string, string>>[]> {
  const rest = `series?${query(bounds, what.selector)}`
  return (await ask(path(what.source, rest), seriesAnswer, requestFor(asking, bounds))).data
}
