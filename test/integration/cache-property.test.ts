import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import { ensureTools, type Prometheus, startPrometheus, startRedis, temporaryDir } from '@gatehouse/local'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type GatewayWorld, startGatewayWorld } from '../support/gateway-world.ts'
import { type ApiAnswer, callApi } from '../support/prometheus-api.ts'
import { remoteWrite } from '../support/remote-write.ts'

/** Samples arrive up to 2.4 s late, and nothing younger than the bound of 3 s is kept. */
const freshnessMs = 3_000
const latestMs = 2_400
const stepMs = 500
const realNow = Date.now

const folder = temporaryDir()
const shards: Prometheus[] = []
const ports: number[] = []
const worlds: GatewayWorld[] = []
const endings: (() => Promise<unknown>)[] = []
const tokens = new Map<string, string>()
/** Series `load{tenant,node}`: who writes them to which shard, how late each sample of a node comes. */
const nodes = ['a', 'b', 'c', 'd'].flatMap((tenant, t) =>
  ['1', '2'].map((node, n) => ({ tenant, node, shard: t % 2, late: ((t * 2 + n) * latestMs) / 8 })),
)
let written = 0
/** Times of samples that arrived later than the bound allows, as the machine was busy: nothing is promised of what they are part of. */
const tooLate: number[] = []
/** How long after its time a sample is part of an answer, ms: look-back, range and offset of the queries. */
const reachMs = 5_000
let isWriting = true
let skew = 0

const start = (i: number, port?: number): Promise<Prometheus> =>
  startPrometheus({
    dataDir: join(folder.path, `shard-${i}`),
    flags: ['--web.enable-remote-write-receiver', '--query.lookback-delta=2s'],
    ...(port === undefined ? {} : { port }),
  })

/** Whoever may see tenants a and b, by grants that can be narrowed. */
const access = (tenants: string): string => `apiVersion: gatehouse/v1
kind: Access
orgs:
  - uid: o
    name: O
    tenants: [a, b, c, d]
    teams: [{ uid: everybody, name: Everybody }]
    serviceAccounts: [{ uid: all, name: All }, { uid: some, name: Some }]
    dataSources:
      - uid: metrics
        name: Metrics
        shards:
          - { name: one, tenants: [a, c], replicas: [{ name: one, url: "http://127.0.0.1:${ports[0]}" }] }
          - { name: two, tenants: [b, d], replicas: [{ name: two, url: "http://127.0.0.1:${ports[1]}" }] }
    grants:
      - { serviceAccount: all, role: viewer }
      - { serviceAccount: some, role: viewer, constraints: ['{tenant=~"${tenants}"}'] }
`

/** Each sample is written when its lateness is over; a shard that is down gets it when it is back, if it is not too late then. */
async function keepWriting(): Promise<void> {
  const from = Math.floor(realNow() / stepMs) * stepMs - 60_000
  const done = new Map(nodes.map((node) => [node, from]))
  while (isWriting) {
    const now = realNow()
    for (const [i, server] of shards.entries()) {
      const series = nodes
        .filter(({ shard }) => shard === i)
        .map((node) => {
          const samples: { time: number; value: number }[] = []
          for (let t = done.get(node) ?? from; t + node.late <= now; t += stepMs) {
            // A sample whose shard was away is lost, as a scrape would be: were it written now it would be later than the bound allows.
            if (now - t <= latestMs + stepMs || t < from + 60_000)
              samples.push({ time: t, value: Math.sin(t + node.late) })
            done.set(node, t + stepMs)
          }
          return {
            labels: new Map([
              ['__name__', 'load'],
              ['node', node.node],
              ['tenant', node.tenant],
            ]),
            samples,
          }
        })
      await remoteWrite(
        server.url,
        series.filter(({ samples }) => samples.length > 0),
      ).catch(() => undefined)
      const arrived = realNow()
      for (const { time } of series.flatMap(({ samples }) => samples))
        if (time >= from + 60_000 && arrived - time > freshnessMs - 50) tooLate.push(time)
    }
    written = now
    await sleep(100)
  }
}

beforeAll(async () => {
  await ensureTools(['prometheus-2', 'redis'])
  const redis = await startRedis({ dataDir: join(folder.path, 'redis') })
  for (const i of [0, 1]) {
    const server = await start(i)
    shards[i] = server
    ports[i] = server.port
  }
  const writing = keepWriting()
  const cache = {
    freshness: `${freshnessMs}ms`,
    repeatTtl: '200ms',
    redis: { url: redis.url, secret: { value: 'a secret' } },
  }
  for (const settings of [cache, { enabled: false }]) {
    const world = await startGatewayWorld({ access: access('a|b'), cache: settings })
    worlds.push(world)
    for (const who of ['all', 'some']) tokens.set(`${worlds.length - 1}/${who}`, await world.token('o', who))
  }
  endings.push(async () => {
    Date.now = realNow
    isWriting = false
    await writing
    for (const world of worlds) await world.close()
    await Promise.all([redis.stop(), ...shards.map((server) => server.stop())])
    folder.remove()
  })
  while (written === 0) await sleep(50)
}, 120_000)
afterAll(() => endings[0]?.())

type Step =
  | {
      readonly do: 'ask'
      readonly who: 'all' | 'some'
      readonly query: number
      readonly back: number
      readonly points: number
      readonly step: number
      readonly odd: number
      readonly partial: boolean
    }
  | { readonly do: 'wait'; readonly ms: number }
  | { readonly do: 'clock'; readonly ms: number }
  | { readonly do: 'outage'; readonly shard: number }
  | { readonly do: 'policy'; readonly tenants: string }

const queries = [
  'load',
  'sum by (node) (load)',
  'sum by (tenant) (avg_over_time(load[2s]))',
  'max(load) - min(load offset 1s)',
  'topk(1, sum by (tenant) (load)) or absent(nothing)',
]

const steps: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 20,
    arbitrary: fc.record({
      do: fc.constant('ask' as const),
      who: fc.constantFrom('all', 'all', 'all', 'some'),
      query: fc.nat(queries.length - 1),
      back: fc.constantFrom(0, 0, 0, 1, 3, 10),
      points: fc.constantFrom(1, 5, 20, 40),
      step: fc.constantFrom(500, 500, 500, 1_000),
      odd: fc.constantFrom(0, 0, 0, 0, 0, 123),
      partial: fc.constantFrom(false, false, true),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.constantFrom(20, 250, 600, 1_500) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('clock' as const), ms: fc.constantFrom(0, 0, 30_000, -30_000) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('outage' as const), shard: fc.nat(1) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('policy' as const),
      tenants: fc.constantFrom('a|b', 'a', 'b|c|d'),
    }),
  },
)

const seen = new Map<string, number>()

const isPromised = (time: number): boolean => !tooLate.some((late) => time >= late && time <= late + reachMs)

/** Waits until what is being written now has arrived. */
async function untilWritten(): Promise<void> {
  for (let passes = 0, last = written; passes < 2; await sleep(20))
    if (written !== last) {
      last = written
      passes += 1
    }
}

/** Series → time → value, up to a time; values as numbers, as sums may be rounded otherwise. */
function samplesUntil({ json }: ApiAnswer, until: number): Map<string, Map<number, number>> {
  const series = new Map<string, Map<number, number>>()
  for (const { metric, values } of json.data.result as { metric: object; values: [number, string][] }[]) {
    const settled = values.filter(([time]) => time * 1000 <= until && isPromised(time * 1000))
    if (settled.length > 0)
      series.set(
        JSON.stringify(metric),
        new Map(settled.map(([time, value]) => [time, Number(Number(value).toPrecision(12))])),
      )
  }
  return series
}

const call = (world: number, who: string, parameters: Record<string, string>): Promise<ApiAnswer> => {
  const base = worlds[world]?.base() ?? ''
  return callApi(base, 'query_range', { parameters, token: tokens.get(`${world}/${who}`) ?? '' })
}

async function ask(one: Extract<Step, { do: 'ask' }>): Promise<void> {
  const now = realNow()
  const end = Math.floor(now / one.step) * one.step - one.back * one.step + one.odd
  const parameters = {
    query: queries[one.query] ?? '',
    start: String((end - (one.points - 1) * one.step) / 1000),
    end: String(end / 1000),
    step: String(one.step / 1000),
    ...(one.partial ? { partial_response: 'true' } : {}),
  }
  const cached = await call(0, one.who, parameters)
  Date.now = realNow
  const fresh = await call(1, one.who, parameters)
  Date.now = () => realNow() + skew
  expect([cached.status, parameters]).toEqual([fresh.status, parameters])
  const result = cached.headers.get('x-gatehouse-cache') ?? ''
  seen.set(result.split(';')[0] ?? '', (seen.get(result.split(';')[0] ?? '') ?? 0) + 1)
  const until = now - freshnessMs
  if (!isDeepStrictEqual(samplesUntil(cached, until), samplesUntil(fresh, until))) await untilWritten()
  expect([parameters, result, skew, now, samplesUntil(cached, until)]).toEqual([
    parameters,
    result,
    skew,
    now,
    samplesUntil(fresh, until),
  ])
}

async function play(one: Step): Promise<void> {
  switch (one.do) {
    case 'ask':
      return ask(one)
    case 'wait':
      await sleep(one.ms)
      return
    case 'clock':
      skew = one.ms
      Date.now = () => realNow() + skew
      return
    case 'policy':
      await Promise.all(worlds.map((world) => world.apply(access(one.tenants))))
      return
    case 'outage': {
      await shards[one.shard]?.stop()
      const down = await call(0, 'all', {
        query: 'sum(load)',
        start: String(realNow() / 1000 - 1),
        end: String(realNow() / 1000),
        step: '1',
      })
      expect(down.status).toBeGreaterThanOrEqual(500)
      shards[one.shard] = await start(one.shard, ports[one.shard])
      for (const who of ['all', 'some'])
        while ((await call(0, who, { query: 'sum(load)', start: '1', end: '2', step: '1' })).status !== 200)
          await sleep(100)
      while ((await call(1, 'all', { query: 'sum(load)', start: '1', end: '2', step: '1' })).status !== 200)
        await sleep(100)
    }
  }
}

describe('a cached answer of real shards', () => {
  it('equals the uncached one for every sample older than the bound, whatever happens', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(steps, { minLength: 75, maxLength: 100, size: 'max' }), async (sequence) => {
        for (const one of sequence) await play(one)
        skew = 0
        Date.now = realNow
      }),
      { numRuns: Number(process.env['GATEHOUSE_CACHE_RUNS'] ?? 3), endOnFailure: true },
    )
    // The sequences do exercise the cache; how often is left to chance.
    expect(seen.get('extended') ?? 0).toBeGreaterThan(10)
    expect((seen.get('hit') ?? 0) + (seen.get('extended') ?? 0)).toBeGreaterThan(15)
  }, 400_000)
})
