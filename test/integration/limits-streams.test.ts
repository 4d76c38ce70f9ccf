import type { ServerResponse } from 'node:http'
import { cancelQuery, createStop, listRunning, withOrg } from '@gatehouse/store'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type GatewayWorld, startGatewayWorld } from '../support/gateway-world.ts'
import { type ApiAnswer, callApi } from '../support/prometheus-api.ts'
import {
  type RecordingPrometheus,
  sendJson,
  startRecordingPrometheus,
} from '../support/recording-prometheus.ts'

// Answers beyond cache.maxEntryBytes are passed on as they come.
let shard: RecordingPrometheus
let world: GatewayWorld
const tokens = new Map<string, string>()

const access = (): string => `apiVersion: gatehouse/v1
kind: Access
orgs:
  - uid: a
    name: A
    tenants: [a]
    teams: [{ uid: everybody, name: Everybody }]
    serviceAccounts: [{ uid: one, name: One }, { uid: two, name: Two }]
    dataSources:
      - uid: metrics
        name: Metrics
        shards: [{ name: s, tenants: [a], replicas: [{ name: s, url: "${shard.url}" }] }]
    grants: [{ serviceAccount: one, role: viewer }, { serviceAccount: two, role: viewer }]
`

beforeAll(async () => {
  shard = await startRecordingPrometheus()
  const limits = { query: { series: 3_000, samples: 1_000_000 } }
  world = await startGatewayWorld({ access: access(), limits, cache: { maxEntryBytes: 2_097_152 } })
  for (const account of ['one', 'two']) tokens.set(account, await world.token('a', account))
})
afterAll(async () => {
  await world.close()
  await shard.close()
})

let unique = 0
const range = (more: object = {}) => ({
  query: `m${(unique += 1)}`,
  start: '0',
  end: '1',
  step: '1',
  ...more,
})
const headersOf = (who: string) => ({ authorization: `Bearer ${tokens.get(who) ?? ''}` })

/** `broken` if the answer breaks off, as a fetch tells it; its id is in the shard's request otherwise. */
async function ask(path: string, parameters: Record<string, string>): Promise<ApiAnswer | 'broken'> {
  return callApi(world.base(), path, { parameters, token: tokens.get('one') ?? '' }).catch(() => 'broken')
}

const pad = 'x'.repeat(1_000)
const seriesText = (i: number): string =>
  `{"metric":{"i":"${String(i).padStart(6, '0')}","p":"${pad}"},"values":[[0,"1"]]}`
const matrix = (series: number, samples: number): string => {
  const all = Array.from({ length: series }, (_, i) => seriesText(i)).join(',')
  const stats = `"stats":{"timings":{},"samples":{"totalQueryableSamples":${samples},"peakSamples":1}}`
  return `{"status":"success","data":{"resultType":"matrix","result":[${all}],${stats}}}`
}
const answering = (text: string): void => shard.behave((_m, res) => sendJson(res, 200, text))

/** What the audit log says of the end of the newest answer. */
async function ending(): Promise<{ code: string; outcome: Record<string, unknown> } | undefined> {
  const rows = await world.sql<{ event: { code: string; outcome: Record<string, unknown> } }>(
    `select event from audit_events where event->>'code' like 'Q011%' order by at desc limit 1`,
  )
  return rows[0]?.event
}

describe('an answer too large to be held', () => {
  it.each([
    ['counts what was read for it', {}, 900_000],
    ['counts it for who asks, too', { stats: 'true' }, 900_001],
  ])('is whole within its limits, and %s', async (_what, wish, samples) => {
    answering(matrix(2_900, samples))
    const answer = await ask('query_range', { ...range(), ...wish })
    if (answer === 'broken') throw new Error('it broke off')
    expect([answer.status, answer.json.data.result.length, answer.text.includes('stats')]).toEqual([
      200,
      2_900,
      'stats' in wish,
    ])
    await expect
      .poll(ending, { timeout: 5_000 })
      .toMatchObject({ code: 'Q011I', outcome: { series: 2_900, samples } })
  })

  it.each([
    ['series', matrix(3_001, 10), {}],
    ['samples', matrix(2_900, 1_000_001), {}],
    ['samples, told to who asks,', matrix(2_900, 1_000_001), { stats: 'true' }],
  ])('breaks off beyond the limit of %s, and never ends like a whole one', async (_limit, text, wish) => {
    answering(text)
    expect(await ask('query_range', { ...range(), ...wish })).toBe('broken')
    await expect
      .poll(ending, { timeout: 5_000 })
      .toMatchObject({ code: 'Q011E', outcome: { errorCode: 'execution' } })
  })

  it.each([
    ['series', { 'match[]': '{a="b"}' }, '{"__name__":"up","i":"1"}'],
    ['query_exemplars', { query: 'up', start: '0', end: '1' }, '{"seriesLabels":{"i":"1"},"exemplars":[]}'],
  ])('bounds the series of %s, too', async (path, parameters, one) => {
    const list = (count: number): string =>
      `{"status":"success","data":[${Array.from({ length: count }, (_, i) => one.replace('1', String(i))).join(',')}]}`
    answering(list(2_000))
    expect(await ask(path, parameters)).toMatchObject({ status: 200 })
    answering(list(3_001))
    const more = { ...parameters, start: '0', end: '2' }
    expect(await ask(path, more)).toMatchObject({
      status: 422,
      json: { errorType: 'execution', error: expect.stringMatching(/series in the answer is 3,?001/) },
    })
  })
})

describe('a query whose answer is on its way', () => {
  const going = new Set<ServerResponse>()
  /** An answer that goes on for longer than anybody waits, and is passed on after a second. */
  const slowly = (): void =>
    shard.behave((_m, res) => {
      going.add(res)
      res.writeHead(200, { 'content-type': 'application/json' })
      res.write('{"status":"success","data":{"resultType":"matrix","result":[')
      let i = 0
      const timer = setInterval(() => {
        i += 1
        res.write(seriesText(i).replace(pad, pad.repeat(50)) + (i < 2_000 ? ',' : ']}}'))
        if (i === 2_000) res.end()
      }, 20)
      res.on('close', () => {
        clearInterval(timer)
        going.delete(res)
      })
    })

  /** Reads until it breaks off. */
  async function read(who: string, more: object): Promise<string> {
    const url = `${world.base()}/api/v1/query_range?${new URLSearchParams({ ...range(more) })}`
    const answer = await fetch(url, { headers: headersOf(who) })
    let bytes = 0
    try {
      for await (const piece of answer.body ?? []) bytes += piece.length
      return `${answer.status}, whole`
    } catch {
      return `${answer.status}, broken off${bytes > 0 ? ' after some' : ''}`
    }
  }

  const onItsWay = '200, broken off after some'

  it('ends when an operator cancels it', async () => {
    slowly()
    const reading = read('one', {})
    const running = () => withOrg(world.pool, 'a', (tx) => listRunning(tx))
    await expect.poll(async () => (await running()).length, { timeout: 10_000 }).toBe(1)
    const [query] = await running()
    await withOrg(world.pool, 'a', (tx) => cancelQuery(tx, { uid: query?.uid ?? '', reason: 'enough' }))
    expect(await reading).toBe(onItsWay)
    await expect.poll(() => going.size, { timeout: 5_000 }).toBe(0)
    await expect.poll(ending, { timeout: 5_000 }).toMatchObject({ code: 'Q011W' })
  }, 30_000)

  it('ends when its principal is stopped, and when its time is over', async () => {
    slowly()
    expect(await read('two', { timeout: '3s' })).toBe(onItsWay)
    const reading = read('two', {})
    await expect.poll(() => going.size, { timeout: 5_000 }).toBe(1)
    await new Promise((resolve) => setTimeout(resolve, 1_500))
    await withOrg(world.pool, 'a', (tx) =>
      createStop(tx, {
        kind: 'principal',
        value: 'two',
        reason: 'enough',
        createdBy: 'olga',
        expiresAt: undefined,
      }),
    )
    expect(await reading).toBe(onItsWay)
    await expect.poll(() => going.size, { timeout: 5_000 }).toBe(0)
  }, 30_000)

  const running = async (): Promise<number> => {
    const text = await (await fetch(`${world.gateway.url}/metrics`)).text()
    return Number(/^gatehouse_queue_running (.+)$/m.exec(text)?.[1])
  }

  it('leaves no slot behind where it is the missing part of a range', async () => {
    const fields = () => new URLSearchParams(shard.requests.at(-1)?.body ?? '')
    shard.behave((_m, res) => {
      const [start, end] = [Number(fields().get('start')), Number(fields().get('end'))]
      const times = Array.from({ length: (end - start) / 60 + 1 }, (_, i) => `[${start + i * 60},"1"]`).join(
        ',',
      )
      const all = Array.from({ length: 300 }, (_, i) => `{"metric":{"i":"${100 + i}"},"values":[${times}]}`)
      sendJson(res, 200, `{"status":"success","data":{"resultType":"matrix","result":[${all.join(',')}]}}`)
    })
    const { query } = range()
    const small = await ask('query_range', { query, start: '600000', end: '601800', step: '60' })
    // The part before is too large to be held, so the whole is asked for, and passed on.
    const zoomedOut = await ask('query_range', { query, start: '540000', end: '601800', step: '60' })
    for (const answer of [small, zoomedOut]) expect(answer === 'broken' ? 0 : answer.status).toBe(200)
    expect(
      shard.requests.slice(-2).map(({ body }) => Number(new URLSearchParams(body).get('start'))),
    ).toEqual([540_000, 540_000])
    await expect.poll(running).toBe(0)
  })

  it('leaves no slot behind where it replaces one that has expired', async () => {
    const vector = (series: number): string =>
      `{"status":"success","data":{"resultType":"vector","result":[${Array.from({ length: series }, (_, i) => seriesText(i).replace('"values":[[0,"1"]]', '"value":[0,"1"]')).join(',')}]}}`
    answering(vector(1))
    const asked = { query: range().query, time: String(Math.floor(Date.now() / 1_000)) }
    await ask('query', asked)
    answering(vector(2_900))
    const before = shard.requests.length
    // Shortly after its two seconds the old answer is given once more, and a new one asked for.
    await expect
      .poll(
        async () => {
          await ask('query', asked)
          return shard.requests.length
        },
        { timeout: 10_000, interval: 200 },
      )
      .toBe(before + 1)
    await expect.poll(running).toBe(0)
  })
})
