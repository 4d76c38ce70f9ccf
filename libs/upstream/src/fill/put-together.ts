import { GatehouseError } from '@gatehouse/errors'
import { compareBytes, compareLabelSets, type LabelSet, toLabelSet } from '@gatehouse/query'
import { z } from 'zod'
import type { Fillable } from './may-fill.ts'

const labels = z.record(z.string(), z.string())
const point = z.tuple([z.number(), z.unknown()])
const series = z.object({
  metric: labels,
  value: point.optional(),
  histogram: point.optional(),
  values: z.array(point).optional(),
  histograms: z.array(point).optional(),
})
const common = {
  status: z.literal('success'),
  warnings: z.array(z.string()).default([]),
  infos: z.array(z.string()).default([]),
}
const samplesEnvelope = z.object({
  ...common,
  data: z.object({ resultType: z.enum(['vector', 'matrix']), result: z.array(series) }),
})
const listEnvelope = z.object({ ...common, data: z.union([z.array(z.string()), z.array(labels)]) })

type Series = z.output<typeof series>
type Point = z.output<typeof point>

function read<T>(schema: z.ZodType<T>, body: Buffer): T {
  try {
    return schema.parse(JSON.parse(body.toString('utf8')))
  } catch (error) {
    throw new GatehouseError('bad_gateway', 'an upstream gave no usable answer', { detail: String(error) })
  }
}

/** As Prometheus writes times: three digits after the point, or none. */
function pointText([time, value]: Point): string {
  return `[${Number.isInteger(time) ? time : time.toFixed(3)},${JSON.stringify(value)}]`
}

interface Filled {
  readonly labels: LabelSet
  readonly metric: Series['metric']
  /** Floats and histograms by time; what came first stays. */
  readonly points: Map<number, { readonly point: Point; readonly isHistogram: boolean }>
}

function add(
  into: Map<string, Filled>,
  { metric, value, histogram, values = [], histograms = [] }: Series,
): void {
  const own = toLabelSet(metric)
  const key = JSON.stringify(own)
  const filled = into.get(key) ?? { labels: own, metric, points: new Map() }
  into.set(key, filled)
  const take = (points: readonly (Point | undefined)[], isHistogram: boolean): void => {
    for (const one of points)
      if (one !== undefined && !filled.points.has(one[0]))
        filled.points.set(one[0], { point: one, isHistogram })
  }
  take([value, ...values], false)
  take([histogram, ...histograms], true)
}

function seriesText({ metric, points }: Filled, isMatrix: boolean): string {
  const sorted = [...points.values()].toSorted((a, b) => a.point[0] - b.point[0])
  const texts = (isHistogram: boolean) =>
    sorted.filter((one) => one.isHistogram === isHistogram).map(({ point: one }) => pointText(one))
  const parts = [`"metric":${JSON.stringify(metric)}`]
  for (const [name, list] of [
    [isMatrix ? 'values' : 'value', texts(false)],
    [isMatrix ? 'histograms' : 'histogram', texts(true)],
  ] as const)
    if (list.length > 0) parts.push(`"${name}":${isMatrix ? `[${list.join(',')}]` : list[0]}`)
  return `{${parts.join(',')}}`
}

function samplesText(bodies: readonly Buffer[]) {
  const envelopes = bodies.map((body) => read(samplesEnvelope, body))
  const isMatrix = envelopes[0]?.data.resultType === 'matrix'
  const all = new Map<string, Filled>()
  for (const { data } of envelopes) for (const one of data.result) add(all, one)
  const sorted = [...all.values()].toSorted((a, b) => compareLabelSets(a.labels, b.labels))
  const result = sorted.map((one) => seriesText(one, isMatrix)).join(',')
  return { envelopes, data: `{"resultType":"${isMatrix ? 'matrix' : 'vector'}","result":[${result}]}` }
}

type Member = string | Series['metric']

/** Members of one list are of one kind. */
function compareMembers(a: Member, b: Member): number {
  if (typeof a === 'string' || typeof b === 'string')
    return typeof a === 'string' && typeof b === 'string' ? compareBytes(a, b) : 0
  return compareLabelSets(toLabelSet(a), toLabelSet(b))
}

function listText(bodies: readonly Buffer[]) {
  const envelopes = bodies.map((body) => read(listEnvelope, body))
  const members = new Map<string, Member>()
  for (const { data } of envelopes)
    for (const one of data) members.set(JSON.stringify(typeof one === 'string' ? one : toLabelSet(one)), one)
  const sorted = [...members.values()].toSorted(compareMembers)
  return { envelopes, data: JSON.stringify(sorted) }
}

/**
 * One answer out of those of several replicas, the first of them preferred: what it has stays as it is, what it lacks is taken from the
 * next that has it.
 * @throws GatehouseError `bad_gateway` if one of them is not what was asked for.
 */
export function putTogether(bodies: readonly Buffer[], kind: Fillable): Buffer {
  const [only] = bodies
  if (only !== undefined && bodies.length === 1) return only
  const { envelopes, data } = kind === 'samples' ? samplesText(bodies) : listText(bodies)
  const notes = (name: 'warnings' | 'infos'): string => {
    const all = [...new Set(envelopes.flatMap((envelope) => envelope[name]))]
    return all.length === 0 ? '' : `,"${name}":${JSON.stringify(all)}`
  }
  return Buffer.from(`{"status":"success","data":${data}${notes('warnings')}${notes('infos')}}`)
}
