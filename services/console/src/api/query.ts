import * as z from 'zod/mini'
import { ask } from './client.ts'

const sample = z.tuple([z.number(), z.string()])
const labels = z.record(z.string(), z.string())
const answer = z.object({
  data: z.discriminatedUnion('resultType', [
    z.object({
      resultType: z.literal('vector'),
      result: z.array(
        z.object({ metric: labels, value: z.optional(sample), histogram: z.optional(z.unknown()) }),
      ),
    }),
    z.object({
      resultType: z.literal('matrix'),
      result: z.array(z.object({ metric: labels, values: z.optional(z.array(sample)) })),
    }),
    z.object({ resultType: z.literal('scalar'), result: sample }),
    z.object({ resultType: z.literal('string'), result: sample }),
  ]),
  warnings: z.optional(z.array(z.string())),
  infos: z.optional(z.array(z.string())),
})

/** One line of a result. */
export interface ResultRow {
  readonly series: string
  readonly value: string
}

export interface QueryAnswer {
  readonly rows: readonly ResultRow[]
  readonly notes: readonly string[]
}

/** A series as Prometheus writes it: `up{job="api"}`. */
export function seriesText({ __name__: name = '', ...rest }: Record<string, string>): string {
  const pairs = Object.entries(rest).map(([label, value]) => `${label}=${JSON.stringify(value)}`)
  if (pairs.length === 0) return name === '' ? '{}' : name
  return `${name}{${pairs.join(', ')}}`
}

function rowsOf({ data }: z.output<typeof answer>): ResultRow[] {
  switch (data.resultType) {
    case 'vector':
      return data.result.map(({ metric, value }) => ({
        series: seriesText(metric),
        value: value?.[1] ?? 'histogram',
      }))
    case 'matrix':
      return data.result.map(({ metric, values = [] }) => ({
        series: seriesText(metric),
        value: `${values.length} samples, last ${values.at(-1)?.[1] ?? '–'}`,
      }))
    case 'scalar':
      return [{ series: 'scalar', value: data.result[1] }]
    case 'string':
      return [{ series: 'string', value: data.result[1] }]
  }
}

/** Runs an instant query now, as any Prometheus client would. */
export async function runQuery(
  dataSource: string,
  query: string,
  options: { readonly org: string; readonly signal: AbortSignal },
): Promise<QueryAnswer> {
  const path = `/prom/${encodeURIComponent(dataSource)}/api/v1/query`
  const result = await ask(path, answer, { method: 'POST', form: { query }, ...options })
  return { rows: rowsOf(result), notes: [...(result.warnings ?? []), ...(result.infos ?? [])] }
}
