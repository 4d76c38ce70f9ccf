import * as z from 'zod/mini'
import { askWithHeaders } from '../api/client.ts'

const sample = z.tuple([z.number(), z.string()])
const labels = z.record(z.string(), z.string())
const histogram = z.looseObject({ count: z.string(), sum: z.string() })
const notes = { warnings: z.optional(z.array(z.string())), infos: z.optional(z.array(z.string())) }

const answer = z.object({
  data: z.discriminatedUnion('resultType', [
    z.object({
      resultType: z.literal('vector'),
      result: z.array(
        z.object({
          metric: labels,
          value: z.optional(sample),
          histogram: z.optional(z.tuple([z.number(), histogram])),
        }),
      ),
    }),
    z.object({
      resultType: z.literal('matrix'),
      result: z.array(
        z.object({
          metric: labels,
          values: z.optional(z.array(sample)),
          histograms: z.optional(z.array(z.tuple([z.number(), histogram]))),
        }),
      ),
    }),
    z.object({ resultType: z.literal('scalar'), result: sample }),
    z.object({ resultType: z.literal('string'), result: sample }),
  ]),
  ...notes,
})

export type Labels = Readonly<Record<string, string>>

/** A series of a result with its samples, oldest first: Unix seconds and the value as Prometheus wrote it. */
export interface ResultSeries {
  readonly labels: Labels
  readonly samples: readonly (readonly [number, string])[]
}

/** Where an answer comes from, as its headers say. */
export interface Origin {
  readonly asked: number | undefined
  readonly answered: number | undefined
  readonly replicas: readonly string[]
  readonly cache: string | undefined
}

export interface Result {
  readonly type: 'vector' | 'matrix' | 'scalar' | 'string'
  readonly series: readonly ResultSeries[]
  readonly warnings: readonly string[]
  readonly infos: readonly string[]
  readonly origin: Origin
  /** From asking to the parsed answer, ms. */
  readonly ms: number
}

function seriesOf({ data }: z.output<typeof answer>): ResultSeries[] {
  const textOf = ({ count, sum }: z.output<typeof histogram>): string =>
    `histogram: count ${count}, sum ${sum}`
  switch (data.resultType) {
    case 'vector':
      return data.result.map(({ metric, value, histogram: native }) => ({
        labels: metric,
        samples: value !== undefined ? [value] : native === undefined ? [] : [[native[0], textOf(native[1])]],
      }))
    case 'matrix':
      return data.result.map(({ metric, values, histograms = [] }) => ({
        labels: metric,
        samples: values ?? histograms.map(([at, native]) => [at, textOf(native)] as const),
      }))
    case 'scalar':
    case 'string':
      return [{ labels: {}, samples: [data.result] }]
  }
}

/** Reads the headers that say which shards and replicas answered, and what the cache did. */
export function originOf(headers: Headers): Origin {
  const shards = /asked=(\d+), answered=(\d+)/.exec(headers.get('x-gatehouse-shards') ?? '')
  const replicas = headers.get('x-gatehouse-replicas') ?? ''
  return {
    asked: shards === null ? undefined : Number(shards[1]),
    answered: shards === null ? undefined : Number(shards[2]),
    replicas: replicas
      .split(',')
      .map((one) => decodeURIComponent(one.trim()))
      .filter((one) => one !== ''),
    cache: headers.get('x-gatehouse-cache') ?? undefined,
  }
}

/** A query to run: at one time, or over a range, in Unix seconds. */
export interface Asked {
  readonly source: string
  readonly expr: string
  readonly at:
    | { readonly time: number }
    | { readonly start: number; readonly end: number; readonly step: number }
}

/** The parameters of a query, as Prometheus's API takes them. */
export function formOf({ expr, at }: Asked): Record<string, string> {
  const times = Object.entries(at).map(([name, value]) => [name, String(value)] as const)
  return { query: expr, ...Object.fromEntries(times) }
}

/**
 * Runs a query as any Prometheus client would.
 * @throws ApiError for what is not answered.
 */
export async function runQuery(
  asked: Asked,
  options: { readonly org: string; readonly signal: AbortSignal },
): Promise<Result> {
  const kind = 'time' in asked.at ? 'query' : 'query_range'
  const path = `/prom/${encodeURIComponent(asked.source)}/api/v1/${kind}`
  const from = performance.now()
  const { value, headers } = await askWithHeaders(path, answer, {
    method: 'POST',
    form: formOf(asked),
    ...options,
  })
  return {
    type: value.data.resultType,
    series: seriesOf(value),
    warnings: value.warnings ?? [],
    infos: value.infos ?? [],
    origin: originOf(headers),
    ms: Math.round(performance.now() - from),
  }
}

const request = z.object({ shard: z.string(), query: z.string() })
const explanation = z.object({
  data: z.object({
    query: z.string(),
    enforced: z.array(z.string()),
    constraints: z.array(z.string()),
    imposedBy: z.object({
      grants: z.array(
        z.object({ grant: z.string(), role: z.string(), via: z.string(), constraints: z.array(z.string()) }),
      ),
      tenants: z.array(z.string()),
      guardrails: z.array(z.object({ uid: z.string(), excludes: z.string() })),
    }),
    shards: z.array(z.string()),
    plan: z.object({
      kind: z.string(),
      because: z.optional(z.string()),
      beyond: z.optional(z.unknown()),
      pushedDown: z.optional(z.array(z.object({ expression: z.string(), requests: z.array(request) }))),
      evaluatedHere: z.optional(z.array(z.string())),
      engineStandsBy: z.optional(z.boolean()),
    }),
    cost: z.object({
      range: z.number(),
      points: z.number(),
      selectors: z.number(),
      requests: z.number(),
    }),
    cache: z.object({
      cacheable: z.boolean(),
      until: z.optional(z.string()),
      because: z.optional(z.string()),
    }),
  }),
})

/** How a query would be answered for me, and why so. */
export type Explanation = z.output<typeof explanation>['data']

/** Asks the gateway to explain a query; no shard is read. @throws ApiError */
export async function explainQuery(
  asked: Asked,
  options: { readonly org: string; readonly signal: AbortSignal },
): Promise<Explanation> {
  const path = `/prom/${encodeURIComponent(asked.source)}/explain`
  const { value } = await askWithHeaders(path, explanation, {
    method: 'POST',
    form: formOf(asked),
    ...options,
  })
  return value.data
}

const formatted = z.object({ data: z.string() })

/** The query as Prometheus formats it. @throws ApiError for what is not PromQL. */
export async function formatQuery(source: string, expr: string, org: string): Promise<string> {
  const path = `/prom/${encodeURIComponent(source)}/api/v1/format_query`
  const { value } = await askWithHeaders(path, formatted, { method: 'POST', form: { query: expr }, org })
  return value.data
}
