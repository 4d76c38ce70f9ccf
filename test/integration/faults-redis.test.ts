import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  eventually,
  freePort,
  startTestRedis,
  type TestRedis,
} from '../../libs/cache/src/testing/redis-server.ts'
import { type GatewayWorld, startGatewayWorld } from '../support/gateway-world.ts'
import { type ApiAnswer, callApi } from '../support/prometheus-api.ts'
import {
  type RecordingPrometheus,
  sendJson,
  startRecordingPrometheus,
} from '../support/recording-prometheus.ts'
import { changeRedis, sendRedis } from '../support/redis-commands.ts'

let shard: RecordingPrometheus
let redis: TestRedis
/** Two gateways that know nothing of each other but what is in Redis. */
let one: GatewayWorld
let two: GatewayWorld
let port: number
const tokens = new Map<GatewayWorld, string>()

const access = (): string => `apiVersion: gatehouse/v1
kind: Access
orgs:
  - uid: a
    name: A
    tenants: [a]
    serviceAccounts: [{ uid: one, name: One }]
    dataSources:
      - uid: metrics
        name: Metrics
        shards: [{ name: s, tenants: [a], replicas: [{ name: s, url: "${shard.url}" }] }]
    grants: [{ serviceAccount: one, role: viewer }]
`
const maxBytes = 2_000_000

/** A matrix at the times that were asked for, which says what was asked. */
function answerRange(body: string): string {
  const form = new URLSearchParams(body)
  const [start, end] = [Number(form.get('start')), Number(form.get('end'))]
  const values: [number, string][] = []
  for (let t = start; t <= end; t += 60) values.push([t, String(t)])
  const metric = { query: form.get('query') ?? '', tenant: 'a' }
  return JSON.stringify({ status: 'success', data: { resultType: 'matrix', result: [{ metric, values }] } })
}

function answerWell(afterMs = 0): void {
  shard.behave((_message, res) => {
    const body = shard.requests.at(-1)?.body ?? ''
    setTimeout(
      () => sendJson(res, 200, body === '' ? '{"status":"success","data":["x"]}' : answerRange(body)),
      afterMs,
    )
  })
}

beforeAll(async () => {
  shard = await startRecordingPrometheus()
  answerWell()
  port = await freePort()
  const cache = {
    maxBytes,
    lookupTtl: '4s',
    redis: { url: `redis://127.0.0.1:${port}`, secret: { value: 'a secret' } },
  }
  // There is no Redis yet.
  one = await startGatewayWorld({ access: access(), cache })
  two = await startGatewayWorld({ access: access(), cache })
  for (const world of [one, two]) tokens.set(world, await world.token('a', 'one'))
})
afterAll(async () => {
  await Promise.all([one.close(), two.close()])
  await redis.stop()
  await shard.close()
})

const window = (query: string) => ({ query, start: '0', end: '36000', step: '60' })
const call = (world: GatewayWorld, path: string, parameters: Record<string, string>): Promise<ApiAnswer> =>
  callApi(world.base(), path, {
    parameters,
    token: tokens.get(world) ?? '',
    method: path === 'labels' ? 'GET' : 'POST',
  })
const cacheOf = ({ headers }: ApiAnswer): string | null => headers.get('x-gatehouse-cache')

/** Asks for a range and checks every byte of the answer. */
async function ask(world: GatewayWorld, query: string): Promise<string | null> {
  const answer = await call(world, 'query_range', window(query))
  const expected = answerRange(new URLSearchParams({ ...window(`${query}{tenant="a"}`) }).toString())
  expect([answer.status, answer.text]).toEqual([200, expected])
  return cacheOf(answer)
}

async function metric({ gateway }: GatewayWorld, name: string): Promise<number> {
  const text = await (await fetch(`${gateway.url}/metrics`)).text()
  const lines = text.split('\n').filter((line) => line.startsWith(name))
  return lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0)
}
const commands = (world: GatewayWorld, command: string, result: string): Promise<number> =>
  metric(world, `gatehouse_cache_redis_commands_total{command="${command}",result="${result}"}`)
const isUp = async (world: GatewayWorld): Promise<boolean> =>
  (await metric(world, 'gatehouse_cache_redis_up')) === 1
const bothUp = (): Promise<void> => eventually(async () => (await isUp(one)) && (await isUp(two)))
let unique = 0
/** A query whose answer one gateway has fetched and written to Redis. */
async function stored(): Promise<string> {
  for (;;) {
    const query = `stored_${(unique += 1)}`
    const before = await commands(one, 'write', 'ok')
    await ask(one, query)
    await sleep(100)
    // On a machine that has no time, Redis may have been given up for a moment: then with another query.
    if ((await commands(one, 'write', 'ok')) >= before + 2 && (await isUp(two))) return query
    await bothUp()
  }
}

describe('Redis', () => {
  it('that is absent from the beginning is done without, and used once it is there', async () => {
    expect(await ask(one, 'early')).toBe('miss')
    expect(await ask(one, 'early')).toBe('hit')
    redis = await startTestRedis([], port)
    await bothUp()
    await eventually(async () => (await ask(two, await stored())) === 'hit')
  })

  it.each([
    ['garbage', `'rubbish'`],
    ['values of other names', 'values[i % #values + 1]'],
    ['values that were cut off', 'string.sub(values[i], 1, -2)'],
    ['values with a byte changed', `string.sub(values[i], 1, 80) .. 'x' .. string.sub(values[i], 82)`],
  ])('that holds %s is not believed', async (_what, change) => {
    const query = await stored()
    const before = await commands(two, 'read', 'mismatch')
    expect(await changeRedis(port, change)).toBeGreaterThan(1)
    await eventually(() => isUp(two))
    expect(await ask(two, query)).toBe('miss')
    expect(await commands(two, 'read', 'mismatch')).toBeGreaterThan(before)
  })

  it('that is full is still read, and written again when there is room', async () => {
    const query = await stored()
    await sendRedis(port, 'CONFIG', 'SET', 'maxmemory', '1')
    const refused = await commands(one, 'write', 'error')
    expect(await ask(one, 'no_room')).toBe('miss')
    expect(await ask(one, 'no_room')).toBe('hit')
    await eventually(
      async () => (await commands(one, 'write', 'error')) + (await commands(one, 'claim', 'error')) > refused,
    )
    await eventually(() => isUp(two))
    expect(await ask(two, query)).toBe('hit')
    await sendRedis(port, 'CONFIG', 'SET', 'maxmemory', '0')
    await eventually(async () => (await ask(two, await stored())) === 'hit')
  })

  it('that hangs makes an answer wait three times its timeout at most, then rests, and is used again', async () => {
    await bothUp()
    redis.signal('SIGSTOP')
    const before = await metric(two, 'gatehouse_cache_redis_commands_total{command="read",result="timeout"}')
    const claims = await commands(two, 'claim', 'timeout')
    for (let i = 0; i < 20; i += 1) expect(await ask(two, `hung_${i}`)).toBe('miss')
    for (let i = 0; i < 20; i += 1) expect(await ask(two, `hung_${i}`)).toBe('hit')
    const waited =
      (await commands(two, 'read', 'timeout')) - before + (await commands(two, 'claim', 'timeout')) - claims
    // All requests together waited for it so often.
    expect(waited).toBeGreaterThan(0)
    expect(waited).toBeLessThanOrEqual(3)
    expect(await isUp(two)).toBe(false)
    redis.signal('SIGCONT')
    await bothUp()
    await eventually(async () => (await ask(two, await stored())) === 'hit')
  })

  it('that dies is done without, and used again', async () => {
    redis.signal('SIGKILL')
    for (let i = 0; i < 20; i += 1) expect(await ask(two, `dead_${i}`)).toBe('miss')
    redis = await startTestRedis([], port)
    await bothUp()
    await eventually(async () => (await ask(two, await stored())) === 'hit')
  })
})

describe('many at once, with a Redis that hangs', () => {
  beforeAll(() => redis.signal('SIGSTOP'))
  afterAll(() => {
    redis.signal('SIGCONT')
    answerWell()
  })

  it('a thousand equal cold requests are one request to the shard', async () => {
    answerWell(500)
    const before = shard.requests.length
    const results = await Promise.all(Array.from({ length: 1_000 }, () => ask(two, 'herd')))
    expect(shard.requests.length - before).toBe(1)
    expect(results.filter((result) => result === 'miss')).toHaveLength(1)
  })

  it('all get the error of the one that fails, and none tries again', async () => {
    shard.behave((_m, res) =>
      setTimeout(
        () => sendJson(res, 422, '{"status":"error","errorType":"execution","error":"too many"}'),
        300,
      ),
    )
    const before = shard.requests.length
    const answers = await Promise.all(
      Array.from({ length: 200 }, () => call(two, 'query_range', window('failing'))),
    )
    expect(new Set(answers.map(({ status, json }) => `${status} ${json.error}`))).toEqual(
      new Set(['422 the query could not be executed']),
    )
    expect(shard.requests.length - before).toBe(1)
  })

  it('an answer that expires while many ask is fetched once, and none waits', async () => {
    answerWell(300)
    await call(two, 'labels', { start: '1', end: '2' })
    await sleep(4_050)
    const before = shard.requests.length
    const answers = await Promise.all(
      Array.from({ length: 100 }, () => call(two, 'labels', { start: '1', end: '2' })),
    )
    // Those that come last may find the new one.
    expect(answers.map(cacheOf).filter((told) => told !== 'stale' && told !== 'hit')).toEqual([])
    expect(cacheOf(answers[0] ?? expect.fail('no answer'))).toBe('stale')
    await eventually(() => shard.requests.length > before)
    expect(shard.requests.length - before).toBe(1)
  })

  it('any number of queries takes no more memory than is configured, and no label of the metrics', async () => {
    answerWell()
    const lines = async (): Promise<number> =>
      (await (await fetch(`${two.gateway.url}/metrics`)).text()).split('\n').length
    const before = await lines()
    for (let i = 0; i < 20; i += 1)
      await Promise.all(Array.from({ length: 15 }, (_, n) => ask(two, `distinct_${i}_${n}`)))
    const bytes = await metric(two, 'gatehouse_cache_memory_bytes')
    expect(bytes).toBeGreaterThan(maxBytes / 2)
    expect(bytes).toBeLessThanOrEqual(maxBytes)
    expect(await lines()).toBeLessThan(before + 5)
  })
})
