import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type GatewayWorld, startGatewayWorld } from '../support/gateway-world.ts'
import { type ApiAnswer, callApi } from '../support/prometheus-api.ts'
import {
  type RecordingPrometheus,
  sendJson,
  startRecordingPrometheus,
} from '../support/recording-prometheus.ts'

let shard: RecordingPrometheus
let other: RecordingPrometheus
let world: GatewayWorld
const tokens = new Map<string, string>()

/** Two orgs on the same shard; `a` also has one of its own. */
const access = (): string => `apiVersion: gatehouse/v1
kind: Access
orgs:${['a', 'b']
  .map(
    (org) => `
  - uid: ${org}
    name: ${org}
    tenants: ["${org}"]
    teams: [{ uid: everybody, name: Everybody }]
    serviceAccounts: [{ uid: one, name: One }, { uid: two, name: Two }, { uid: three, name: Three, team: everybody }]
    roles: [{ name: prober, version: 1, permissions: ['datasources:query'] }]
    dataSources:
      - uid: metrics
        name: Metrics
        shards: [{ name: s, tenants: ["a", "b"], replicas: [{ name: s, url: "${shard.url}" }] }]
      - uid: more
        name: More
        shards: [{ name: t, tenants: ["a", "b"], replicas: [{ name: t, url: "${other.url}" }] }]
    grants:
      - { serviceAccount: one, role: viewer }
      - { serviceAccount: two, role: viewer }
      - { serviceAccount: three, role: viewer }
      - { team: everybody, role: prober, on: { dataSource: more } }
      - { serviceAccount: one, role: prober, expiresAt: "2020-01-01T00:00:00Z" }`,
  )
  .join('')}
`

beforeAll(async () => {
  shard = await startRecordingPrometheus()
  other = await startRecordingPrometheus()
  const limits = {
    query: {
      range: '1d',
      points: 100,
      subqueryPoints: 1_000,
      series: 10,
      responseBytes: 10_000,
      queryBytes: 200,
      depth: 10,
      regexCost: 100,
    },
    slotsPerShard: 5,
    queueWait: '1s',
    maxQueued: 50,
    overrides: [
      { org: 'a', serviceAccount: 'two', query: { points: 10 }, rate: { perSecond: 1, burst: 5 } },
      { org: 'b', dataSource: 'more', slots: 1 },
      { org: 'b', serviceAccount: 'two', slots: 1 },
      { org: 'b', dataSource: 'more', query: { series: 5, responseBytes: 400, samples: 50, range: '10m' } },
      {
        org: 'a',
        role: 'prober',
        query: { points: 20, series: 5, responseBytes: 400, samples: 50, range: '10m' },
      },
    ],
  }
  world = await startGatewayWorld({ access: access(), limits })
  for (const org of ['a', 'b'])
    for (const account of ['one', 'two', 'three'])
      tokens.set(`${org}/${account}`, await world.token(org, account))
})
afterAll(async () => {
  await world.close()
  await shard.close()
  await other.close()
})

const call = (
  who: string,
  path: string,
  parameters: Record<string, string>,
  dataSource = 'metrics',
): Promise<ApiAnswer> => callApi(world.base(dataSource), path, { parameters, token: tokens.get(who) ?? '' })
let unique = 0
/** A range that nobody asked for before, of so many points. */
const range = (points: number, query = `m${(unique += 1)}`) => ({
  query,
  start: '0',
  end: String(points - 1),
  step: '1',
})
const matrix = (series: number): string => {
  const one = (i: number): string => `{"metric":{"i":"${String(i).padStart(3, '0')}"},"values":[[0,"1"]]}`
  const all = Array.from({ length: series }, (_, i) => one(i))
  return `{"status":"success","data":{"resultType":"matrix","result":[${all.join(',')}]}}`
}

describe('limits on one query', () => {
  it('advise at 70 %, warn at 90 % and refuse above, with numbers', async () => {
    const told = async (points: number) => {
      const { status, json } = await call('a/one', 'query_range', range(points))
      return [status, json.infos, json.warnings, json.error]
    }
    expect(await told(69)).toEqual([200, undefined, undefined, undefined])
    expect(await told(70)).toEqual([
      200,
      ['points per series is 70, 70 % of the limit of 100'],
      undefined,
      undefined,
    ])
    const warning = 'points per series is 90, 90 % of the limit of 100; more will be refused'
    expect(await told(90)).toEqual([200, undefined, [warning], undefined])
    expect(await told(101)).toEqual([
      422,
      undefined,
      undefined,
      'points per series is 101, more than the limit of 100; shorten the range or enlarge the step to get at most 100 points',
    ])
  })

  it('counts the points of subqueries apart: a day by the minute is no wide range', async () => {
    const ask = async (window: string) => {
      const query = `max_over_time((m${(unique += 1)} + 0)[${window}])`
      return (await call('a/one', 'query', { query, time: '100000' })).status
    }
    expect([await ask('10m:1s'), await ask('10m:500ms')]).toEqual([200, 422])
  })

  it.each([
    ['time range read', { query: 'rate(x[2d])', time: '1' }],
    ['length of the query', { query: `x{a="${'y'.repeat(200)}"}`, time: '1' }],
    ['length of the query', { query: `(${'('.repeat(200)}`, time: '1' }],
    ['depth of the query', { query: `${'-'.repeat(12)}x`, time: '1' }],
    ['cost of regular expressions', { query: 'x{a=~"(y{20}){20}"}', time: '1' }],
    ['cost of regular expressions', { query: 'x{a=~"y{60}"} + x{a!~"y{60}"}', time: '1' }],
  ])('refuse by %s before a shard hears of it', async (limit, parameters) => {
    const asked = shard.requests.length
    const { status, json } = await call('a/one', 'query', parameters)
    expect([status, json.errorType, shard.requests.length]).toEqual([422, 'execution', asked])
    expect(json.error).toMatch(new RegExp(`^${limit} is .* more than the limit of .*; `))
  })

  it('look at answers, too', async () => {
    shard.behave((_m, res) => sendJson(res, 200, matrix(11)))
    const many = await call('a/one', 'query_range', range(1))
    expect([many.status, many.json.error]).toEqual([
      422,
      'series in the answer is 11, more than the limit of 10; aggregate, or add matchers, to get at most 10 series',
    ])
    shard.behave((_m, res) => sendJson(res, 200, matrix(9)))
    const parameters = range(1)
    const warned = await call('a/one', 'query_range', parameters)
    expect(warned.json.warnings).toEqual([expect.stringContaining('90 %')])
    // What is told to one caller is not kept for others.
    expect((await call('a/one', 'query_range', parameters)).headers.get('x-gatehouse-cache')).toBe('hit')
    shard.behave((_m, res) => sendJson(res, 200, `{"status":"success","data":["${'x'.repeat(10_000)}"]}`))
    const long = await call('a/one', 'labels', { start: '1', end: '2' })
    expect([long.status, long.json.error]).toEqual([422, expect.stringContaining('size of the answer')])
    shard.behave(undefined)
  })

  it('are the strictest of those of org, team, service account and data source, whatever is cached', async () => {
    const parameters = range(11)
    expect((await call('a/one', 'query_range', parameters)).status).toBe(200)
    expect((await call('a/two', 'query_range', parameters)).status).toBe(422)
  })

  it.each([
    ['a role', 'a/three', 'metrics'],
    ['a data source', 'b/one', 'more'],
  ])('of %s are those of time, series, bytes and samples, too', async (_whose, who, source) => {
    const behaves = (body: string): void => {
      for (const server of [shard, other]) server.behave((_m, res) => sendJson(res, 200, body))
    }
    const refusal = async (parameters: Record<string, string>) => {
      const { status, json } = await call(who, 'query_range', parameters, source)
      return [status, json.error]
    }
    const beyond = (text: string): unknown[] => [422, expect.stringMatching(`^${text}; .+`)]
    expect(await refusal(range(1, 'rate(x[11m])'))).toEqual(
      beyond('time range read is 11m, more than the limit of 10m'),
    )
    behaves(matrix(6))
    expect(await refusal(range(1))).toEqual(beyond('series in the answer is 6, more than the limit of 5'))
    behaves(matrix(1).replace('000', 'x'.repeat(400)))
    expect(await refusal(range(1))).toEqual(beyond('size of the answer is .*, more than the limit of 400.*'))
    const stats = '"stats":{"samples":{"totalQueryableSamples":51,"peakSamples":51}}'
    behaves(matrix(1).replace(/\}\}$/, `,${stats}}}`))
    for (const wish of [{}, { stats: 'true' }, { stats: 'all' }])
      expect(await refusal({ ...range(1), ...wish })).toEqual(
        beyond('samples .*is 51, more than the limit of 50'),
      )
    for (const server of [shard, other]) server.behave(undefined)
    // Who has not the role, or had it once, has none of its limits.
    expect((await call('a/one', 'query_range', range(21))).status).toBe(200)
  })

  it.each([
    ['series', (text: string) => ({ 'match[]': text })],
    ['labels', (text: string) => ({ 'match[]': text })],
    ['label/a/values', (text: string) => ({ 'match[]': text })],
    ['../../federate', (text: string) => ({ 'match[]': text })],
    ['query_exemplars', (text: string) => ({ query: text, start: '0', end: '1' })],
  ])('bound the texts of %s, too', async (path, parameters) => {
    const told = async (text: string) => {
      const { status, text: body } = await callApi(world.base('metrics'), path, {
        parameters: parameters(text),
        token: tokens.get('a/one') ?? '',
        method: 'GET',
      })
      return [status, /cost of regular|length of the query/.exec(body)?.[0]]
    }
    expect((await told('up{a=~"x{80}"}'))[0]).not.toBe(422)
    const asked = shard.requests.length
    expect(await told('up{a=~"x{101}"}')).toEqual([422, 'cost of regular'])
    expect(await told(`up{a="${'x'.repeat(200)}"}`)).toEqual([422, 'length of the query'])
    expect(shard.requests.length).toBe(asked)
    expect((await told('up{'))[0]).toBe(400)
  })

  it('bound the series of a federation', async () => {
    const told = async (series: number) => {
      const lines = Array.from(
        { length: series },
        (_, i) => `m{a="b\\n#",i="instance-${i}"} 1 1700000000000\n`,
      )
      shard.behave((_m, res) =>
        res.writeHead(200, { 'content-type': 'text/plain' }).end(`# TYPE m untyped\n${lines.join('')}`),
      )
      const parameters = { 'match[]': 'm' }
      const token = tokens.get('a/one') ?? ''
      const { status, text } = await callApi(world.base(), '../../federate', {
        parameters,
        token,
        method: 'GET',
      })
      shard.behave(undefined)
      return [status, /series in the answer is [^;]*/.exec(text)?.[0]]
    }
    expect(await told(10)).toEqual([200, undefined])
    expect(await told(11)).toEqual([422, 'series in the answer is 11, more than the limit of 10'])
  })

  it('bound all match[] of a request together, and advise and warn of them', async () => {
    const told = async (...costs: number[]) => {
      shard.behave((_m, res) => sendJson(res, 200, '{"status":"success","data":[]}'))
      const { status, json } = await callApi(world.base('metrics'), 'labels', {
        parameters: costs.map((cost) => ['match[]', `up{a=~"x{${cost}}"}`]),
        token: tokens.get('a/one') ?? '',
      })
      shard.behave(undefined)
      return [status, json.infos, json.warnings, json.error]
    }
    const is = (cost: number): string =>
      `cost of regular expressions is ${cost}, ${cost} % of the limit of 100`
    expect(await told(30, 39)).toEqual([200, undefined, undefined, undefined])
    expect(await told(30, 40)).toEqual([200, [is(70)], undefined, undefined])
    expect(await told(30, 30, 30)).toEqual([200, undefined, [`${is(90)}; more will be refused`], undefined])
    expect(await told(50, 51)).toEqual([
      422,
      undefined,
      undefined,
      'cost of regular expressions is 101, more than the limit of 100; use fewer alternatives or repetitions, or = and != instead',
    ])
  })

  it('are shown beforehand by explain', async () => {
    const { json } = await call('a/one', '../../explain', range(95))
    expect(json.data.limits[0]).toEqual({ name: 'points', share: 0.95 })
  })
})

describe('rates', () => {
  it('refuse with Retry-After, one caller for all it sends', async () => {
    const answers = []
    for (let i = 0; i < 12; i += 1) answers.push(await call('a/two', 'query', { query: 'up', time: '1' }))
    const refused = answers.filter(({ status }) => status === 429)
    expect(refused.length).toBeGreaterThan(3)
    expect(Number(refused[0]?.headers.get('retry-after'))).toBeGreaterThanOrEqual(1)
    expect((await call('a/one', 'query', { query: 'up', time: '1' })).status).toBe(200)
    const [event] = await world.auditOf(refused[0]?.requestId ?? '')
    expect(event).toMatchObject({
      code: 'Q009D',
      outcome: { result: 'denied' },
      actor: { kind: 'service-account' },
    })
  })
})

describe('fairness', () => {
  /** Answers after so long, and counts how many it has at once. */
  const slow = (ms: number) => {
    const seen = { now: 0, most: 0 }
    const handler: Parameters<RecordingPrometheus['behave']>[0] = (_m, res) => {
      seen.now += 1
      seen.most = Math.max(seen.most, seen.now)
      setTimeout(() => {
        seen.now -= 1
        sendJson(res, 200, matrix(1))
      }, ms)
    }
    return { seen, handler }
  }

  it('a dashboard of 40 panels at once passes', async () => {
    const { seen, handler } = slow(40)
    shard.behave(handler)
    const answers = await Promise.all(
      Array.from({ length: 40 }, () => call('a/one', 'query_range', range(2))),
    )
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]))
    // One slot is left for other orgs, even while they are idle.
    expect(seen.most).toBe(4)
    shard.behave(undefined)
  })

  it('nobody takes all slots of a shard; who waits too long gets 429', async () => {
    const { handler } = slow(700)
    shard.behave(handler)
    const flood = Array.from({ length: 30 }, () => call('a/one', 'query_range', range(2)))
    await sleep(200)
    const started = performance.now()
    const quiet = await call('b/one', 'query_range', range(2))
    expect([quiet.status, performance.now() - started < 1_500]).toEqual([200, true])
    const answers = await Promise.all(flood)
    const refused = answers.filter(({ status }) => status === 429)
    expect(refused.length).toBeGreaterThan(10)
    expect(refused[0]?.headers.get('retry-after')).toBe('1')
    expect(answers.filter(({ status }) => status === 200).length).toBeGreaterThanOrEqual(4)
    shard.behave(undefined)
  })

  it('a hit needs no slot', async () => {
    const parameters = range(1)
    shard.behave((_m, res) => sendJson(res, 200, matrix(1)))
    await call('a/one', 'query_range', parameters)
    const { handler } = slow(700)
    shard.behave(handler)
    const flood = Array.from({ length: 10 }, () => call('a/one', 'query_range', range(2)))
    const hits = await Promise.all(Array.from({ length: 20 }, () => call('a/one', 'query_range', parameters)))
    expect(hits.map(({ headers }) => headers.get('x-gatehouse-cache'))).toEqual(hits.map(() => 'hit'))
    await Promise.all(flood)
    shard.behave(undefined)
  })

  it('keeps what one data source may have at once', async () => {
    const { seen, handler } = slow(100)
    other.behave(handler)
    const answers = await Promise.all(
      Array.from({ length: 5 }, () => call('b/one', 'query_range', range(2), 'more')),
    )
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200])
    expect(seen.most).toBe(1)
    other.behave(undefined)
  })

  it('who takes over from an equal request that waited too long does not begin to wait anew', async () => {
    const { handler } = slow(1_600)
    other.behave(handler)
    const first = call('b/one', 'query_range', range(2), 'more')
    await sleep(50)
    const same = range(2)
    const answers = await Promise.all(
      Array.from({ length: 6 }, () => call('b/one', 'query_range', same, 'more')),
    )
    // Another second's wait would have had the slot.
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 429))
    expect((await first).status).toBe(200)
    other.behave(undefined)
  })

  it('nobody waits for an equal request of somebody who may not run it yet', async () => {
    const { promise: isOver, resolve: over } = Promise.withResolvers<void>()
    const [long, same] = [range(2), range(2)]
    shard.behave((_m, res) => {
      const isLong = shard.requests.at(-1)?.body.includes(long.query)
      void (isLong === true ? isOver : Promise.resolve()).then(() => sendJson(res, 200, matrix(1)))
    })
    const running = call('b/two', 'query_range', long)
    await sleep(50)
    const waiting = call('b/two', 'query_range', same)
    await sleep(50)
    const answered = await Promise.all([call('b/one', 'query_range', same), waiting])
    expect(answered.map(({ status }) => status)).toEqual([200, 200])
    over()
    expect((await running).status).toBe(200)
    shard.behave(undefined)
  })

  it('gives slots back when clients leave', async () => {
    const { handler } = slow(5_000)
    shard.behave(handler)
    const leaving = Array.from({ length: 8 }, () =>
      callApi(world.base(), 'query_range', {
        parameters: range(2),
        token: tokens.get('a/one') ?? '',
        signal: AbortSignal.timeout(200),
      }).catch(() => undefined),
    )
    await Promise.all(leaving)
    shard.behave(undefined)
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => call('a/one', 'query_range', range(2))),
    )
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]))
    const metrics = await (await fetch(`${world.gateway.url}/metrics`)).text()
    expect(metrics).toMatch(/^gatehouse_queue_running 0$/m)
    expect(metrics).toMatch(/^gatehouse_running_queries 0$/m)
  })
})
