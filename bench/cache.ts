// What the results cache costs beside the JSON path, on one thread: `npm run bench -- cache`. Medians of interleaved rounds.
import { openCache, type CacheRequest, type Fetch } from '@gatehouse/cache'
import { cacheSchema, limitsSchema } from '@gatehouse/config'
import { exactKey, renderMatrix, scanMatrix, type TimeRange } from '@gatehouse/query'
import { createLogger, createMetrics } from '@gatehouse/telemetry'

const minute = 60_000
const now = Math.floor(Date.now() / minute) * minute
const rounds = 7

/** A body as Prometheus writes it: 17-digit floats, one sample a step. */
function body(series: number, { start, end, step }: TimeRange): Buffer {
  const texts: string[] = []
  for (let s = 0; s < series; s += 1) {
    const samples: string[] = []
    for (let t = start; t <= end; t += step)
      samples.push(`[${t / 1000},"${Math.abs(Math.sin(t * (s + 1)))}"]`)
    const name = String(s).padStart(4, '0')
    texts.push(
      `{"metric":{"__name__":"http_requests:rate5m","instance":"${name}","tenant":"acme"},"values":[${samples.join(',')}]}`,
    )
  }
  return Buffer.from(`{"status":"success","data":{"resultType":"matrix","result":[${texts.join(',')}]}}`)
}

function requestFor(range: TimeRange, series: number): CacheRequest {
  return {
    key: {
      orgUid: 'o-1',
      dataSourceUid: 'metrics',
      dataSourceVersion: 3,
      endpoint: 'query_range',
      expressions: [`sum by(instance, tenant) (rate(http_requests_total{tenant="acme",n="${series}"}[5m]))`],
      times: { kind: 'range', ...range },
      shards: ['one', 'two'],
      subject: undefined,
      lookbackDelta: undefined,
      limit: undefined,
      limitPerMetric: undefined,
      stats: undefined,
    },
    facts: {
      isOfRange: false,
      hasNegativeOffset: false,
      isOrderDependent: false,
      latestAt: Number.NEGATIVE_INFINITY,
    },
    freshness: { freshnessMs: minute, outOfOrderMs: 0 },
    policyVersion: 'p1',
    noStore: false,
    allowStale: true,
    allowsPartial: false,
    party: 'one',
    signal: new AbortController().signal,
  }
}

const { results, close } = await openCache<never>({
  cache: cacheSchema.parse({}),
  limits: limitsSchema.parse({}),
  metrics: createMetrics(),
  log: createLogger({ name: 'bench', level: 'error' }),
  worker: undefined,
  drop: () => undefined,
})

type Case = readonly [name: string, times: number, run: (i: number) => unknown]

/** What the usual path does on a hit: parse, crop, print. */
function jsonPath(text: Buffer, from: number): string {
  const answer = JSON.parse(text.toString()) as { data: { result: { values: [number, string][] }[] } }
  for (const one of answer.data.result) one.values = one.values.filter(([time]) => time * 1000 >= from)
  return JSON.stringify(answer)
}

async function casesFor(
  series: number,
  points: number,
  step: number,
): Promise<{ size: number; cases: Case[] }> {
  const end = now - 10 * minute
  const range = { start: end - (points - 1) * step, end, step }
  const whole = body(series, range)
  const fetch: Fetch<never> = async ({ range: wanted }) => ({
    kind: 'body',
    body: wanted?.start === range.start ? whole : body(series, wanted ?? range),
    isComplete: true,
    asOf: undefined,
  })
  const hot = requestFor(range, series)
  await results.cached(hot, fetch)
  const extent = scanMatrix(whole, range, now).extent
  const tail = body(series, { start: end + step, end: end + 2 * step, step })
  const tailFetch: Fetch<never> = async () => ({
    kind: 'body',
    body: tail,
    isComplete: true,
    asOf: undefined,
  })
  let salt = 0
  /** A cache that knows the first window, asked for the one moved by two points. */
  const moved = async (): Promise<void> => {
    salt += 1
    const fresh = { ...hot, key: { ...hot.key, orgUid: `moved-${salt}` } }
    await results.cached(fresh, fetch)
    const began = performance.now()
    const range2 = { start: range.start + 2 * step, end: end + 2 * step, step }
    await results.cached({ ...fresh, key: { ...fresh.key, times: { kind: 'range', ...range2 } } }, tailFetch)
    movedMs.push(performance.now() - began)
  }
  const movedMs: number[] = []
  const few = Math.max(3, Math.ceil(2_000_000 / whole.length))
  for (let i = 0; i < few * 2; i += 1) await moved()
  const cases: Case[] = [
    ['hot hit, same window', 2_000, () => results.cached(hot, fetch)],
    ['  of it the key', 2_000, () => exactKey(hot.key)],
    [
      'hit, another window from extents',
      few,
      (i) =>
        results.cached(
          requestFor({ ...range, start: range.start + ((i % (points - 2)) + 1) * step }, series),
          fetch,
        ),
    ],
    ['cut a body into an extent', few, () => scanMatrix(whole, range, now)],
    ['write an extent', few, () => renderMatrix(extent)],
    ['JSON path: parse, crop, print', few, () => jsonPath(whole, range.start + step)],
  ]
  movedMs.sort((a, b) => a - b)
  process.stdout.write(
    `\n${series} series × ${points} points, ${(whole.length / 1000).toFixed(0)} kB\n` +
      `${'window moved by two points, extended'.padEnd(40)}${((movedMs[few] ?? 0) * 1000).toFixed(1).padStart(12)} µs\n`,
  )
  return { size: whole.length, cases }
}

for (const [series, points, step] of [
  [14, 361, minute],
  [14, 1_441, 15_000],
  [100, 361, minute],
] as const) {
  const { cases } = await casesFor(series, points, step)
  const found = cases.map(() => [] as number[])
  for (let round = 0; round < rounds; round += 1) {
    for (const [index, [, times, run]] of cases.entries()) {
      const began = performance.now()
      for (let i = 0; i < times; i += 1) await run(i + round * times)
      found[index]?.push(((performance.now() - began) * 1000) / times)
    }
  }
  for (const [index, [name]] of cases.entries()) {
    const median = found[index]?.toSorted((a, b) => a - b)[Math.floor(rounds / 2)] ?? 0
    process.stdout.write(`${name.padEnd(40)}${median.toFixed(1).padStart(12)} µs\n`)
  }
}
await close()
