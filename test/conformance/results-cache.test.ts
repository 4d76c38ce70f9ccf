import { join } from 'node:path'
import { type CachedAnswer, type CacheRequest, type Fetch, openCache, type OpenCache } from '@gatehouse/cache'
import { cacheSchema, limitsSchema } from '@gatehouse/config'
import { GatehouseError } from '@gatehouse/errors'
import {
  ensureTools,
  type Prometheus,
  type PrometheusVersion,
  startPrometheus,
  temporaryDir,
  toolPath,
} from '@gatehouse/local'
import { parse, print } from '@gatehouse/promql'
import { bypassReason, cacheFacts, type TimeRange } from '@gatehouse/query'
import { createLogger, createMetrics } from '@gatehouse/telemetry'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { callApi } from '../support/prometheus-api.ts'
import { remoteWrite, type WrittenSeries } from '../support/remote-write.ts'
import { corpusOf } from './shards/corpus/index.ts'
import { corpusSeries, dataEnd, dataStart } from './shards/data.ts'

await ensureTools(['prometheus-2', 'prometheus-3'])
const versions = (['2', '3'] as const).filter(
  (version) => toolPath(`prometheus-${version}/prometheus`) !== undefined,
)
const minute = 60_000

/** Label sets whose order and escapes are easy to get wrong. */
function awkwardSeries(): WrittenSeries[] {
  const values = [
    'a',
    'A',
    '_',
    '"',
    '\\',
    '\n',
    '\u0001',
    'é',
    '\uffee',
    '\u{1f600}',
    '<&>',
    'a,b="c"',
    '{}',
  ]
  const samples = Array.from({ length: 20 }, (_, n) => ({ time: dataStart + n * 5 * minute, value: n / 7 }))
  return values.flatMap((value, i) =>
    ['A', '_b', 'a', 'ab', '__proto__', 'constructor'].map((name) => ({
      labels: new Map([
        ['__name__', 'awkward'],
        [name, value],
        ...(i % 2 === 0 ? [['z', String(i)] as const] : []),
      ]),
      samples,
    })),
  )
}

async function startLoaded(version: PrometheusVersion, dir: string): Promise<Prometheus> {
  const server = await startPrometheus({
    dataDir: join(dir, version),
    version,
    flags: [
      '--web.enable-remote-write-receiver',
      '--enable-feature=native-histograms,promql-experimental-functions',
    ],
  })
  const series = [...corpusSeries(), ...awkwardSeries()].map(({ labels, samples }) => ({
    labels: new Map([...labels].sort(([a], [b]) => (a < b ? -1 : 1))),
    samples,
  }))
  // Servers take samples up to an hour behind the newest.
  for (let from = dataStart; from <= dataEnd + minute; from += 30 * minute) {
    const part = series.map(({ labels, samples }) => ({
      labels,
      samples: samples.filter(({ time }) => time >= from && time < from + 30 * minute),
    }))
    await remoteWrite(
      server.url,
      part.filter(({ samples }) => samples.length > 0),
    )
  }
  return server
}

async function evaluate({ url }: Prometheus, query: string, range: TimeRange): Promise<Buffer> {
  const { status, text, json } = await callApi(url, 'query_range', {
    parameters: {
      query,
      start: (range.start / 1000).toFixed(3),
      end: (range.end / 1000).toFixed(3),
      step: (range.step / 1000).toFixed(3),
    },
    headers: { 'accept-encoding': 'identity' },
  })
  if (status === 200) return Buffer.from(text)
  throw new GatehouseError(status === 422 ? 'execution' : 'bad_data', String(json?.error ?? text))
}

function requestFor(query: string, range: TimeRange): CacheRequest {
  const expr = parse(query)
  return {
    key: {
      orgUid: 'o',
      dataSourceUid: 'd',
      dataSourceVersion: 1,
      endpoint: 'query_range',
      expressions: [print(expr)],
      times: { kind: 'range', ...range },
      shards: ['s'],
      subject: undefined,
      lookbackDelta: undefined,
      limit: undefined,
      limitPerMetric: undefined,
      stats: undefined,
    },
    facts: cacheFacts(expr),
    freshness: { freshnessMs: minute, outOfOrderMs: 0 },
    policyVersion: '1',
    noStore: false,
    allowStale: false,
    allowsPartial: false,
    party: 'one',
    signal: new AbortController().signal,
  }
}

/** Three windows that overlap and step on, then one over all of them; starts fall between scrapes. */
function windows(step: number, odd: number): TimeRange[] {
  const at = (n: number): number => dataStart + odd + n * step
  const last = Math.floor((dataEnd - dataStart) / step)
  const part = (from: number, to: number): TimeRange => ({
    start: at(Math.round(from * last)),
    end: at(Math.round(to * last)),
    step,
  })
  return [part(0.3, 0.5), part(0.45, 0.8), part(0.1, 0.35), part(0.05, 0.9)]
}

function openOne(): Promise<OpenCache<never>> {
  return openCache<never>({
    cache: cacheSchema.parse({}),
    limits: limitsSchema.parse({}),
    metrics: createMetrics(),
    log: createLogger({ name: 'test', level: 'silent' }),
    worker: undefined,
    drop: () => undefined,
  })
}

describe.each(versions)('answers put together from extents, Prometheus %s', (version) => {
  const folder = temporaryDir()
  let server: Prometheus
  let cache: OpenCache<never>
  beforeAll(async () => {
    server = await startLoaded(version, folder.path)
    cache = await openOne()
  })
  afterAll(async () => {
    await cache.close()
    await server.stop()
    folder.remove()
  })

  const ask = (query: string, range: TimeRange): Promise<CachedAnswer<never>> => {
    const fetch: Fetch<never> = async ({ range: wanted }) => ({
      kind: 'body',
      body: await evaluate(server, query, wanted ?? range),
      isComplete: true,
      asOf: undefined,
    })
    return cache.results.cached(requestFor(query, range), fetch)
  }

  it.each([
    ['60 s', 60_000, 0, 12],
    ['60 s, unaligned', 60_000, 12_345, 3],
    ['7 s', 7_001, 3, 12],
  ])('are those of one evaluation, at steps of %s', async (_name, step, odd, every) => {
    const counts = { same: 0, rounded: 0, annotated: 0, bypassed: 0, refused: 0 }
    const different: string[] = []
    const queries = corpusOf(version).filter(({ instantOnly }, i) => instantOnly !== true && i % every === 0)
    for (const query of ['awkward', 'sum by (A) (awkward)', ...queries.map((entry) => entry.query)]) {
      const all = windows(step, odd)
      const whole = all.at(-1) as TimeRange
      let expected: Buffer
      try {
        expected = await evaluate(server, query, whole)
        for (const range of all.slice(0, -1)) await ask(query, range)
      } catch {
        counts.refused += 1
        continue
      }
      const answer = await ask(query, whole)
      if (answer.kind !== 'body') throw new Error('a stream')
      const facts = cacheFacts(parse(query))
      const demand = { noStore: false, limit: undefined, stats: undefined }
      if (bypassReason(facts, demand, Date.now()) !== undefined) counts.bypassed += 1
      else if (/"(warnings|infos)":/.test(expected.toString('latin1'))) counts.annotated += 1
      else if (answer.body.equals(expected)) counts.same += 1
      else if (isRounded(answer.body, expected)) counts.rounded += 1
      else different.push(query)
    }
    expect(different).toEqual([])
    expect(counts.same).toBeGreaterThan((0.7 * queries.length) | 0)
    // Sums of floats in another order.
    expect(counts.rounded).toBeLessThan(0.05 * queries.length)
  })
})

/** Whether two answers differ only in the last digits of numbers. */
function isRounded(a: Buffer, b: Buffer): boolean {
  const number = /"(-?[0-9][^"]*)"/g
  const [left, right] = [a.toString(), b.toString()]
  if (left.replace(number, '""') !== right.replace(number, '""')) return false
  const numbers = (text: string): number[] => [...text.matchAll(number)].map((match) => Number(match[1]))
  const others = numbers(right)
  return numbers(left).every((value, i) => {
    const other = others[i] ?? Number.NaN
    return (
      Object.is(value, other) || Math.abs(value - other) <= 1e-9 * Math.max(Math.abs(value), Math.abs(other))
    )
  })
}
