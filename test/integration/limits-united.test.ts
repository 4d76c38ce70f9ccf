import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type GatewayWorld, startGatewayWorld } from '../support/gateway-world.ts'
import { callApi } from '../support/prometheus-api.ts'
import {
  type RecordingPrometheus,
  sendJson,
  startRecordingPrometheus,
} from '../support/recording-prometheus.ts'

let shard: RecordingPrometheus
let other: RecordingPrometheus
let world: GatewayWorld
const tokens = new Map<string, string>()
const access = (): string => `apiVersion: gatehouse/v1
kind: Access
orgs:
  - uid: a
    name: a
    tenants: ["a1", "a2"]
    teams: [{ uid: t, name: T }]
    serviceAccounts: [{ uid: one, name: One }, { uid: robot, name: Robot, team: t }, { uid: mate, name: Mate, team: t }]
    dataSources:
      - uid: metrics
        name: Metrics
        shards: [{ name: s, tenants: ["a1"], replicas: [{ name: s, url: "${shard.url}" }] }]
      - uid: more
        name: More
        shards: [{ name: t, tenants: ["a2"], replicas: [{ name: t, url: "${other.url}" }] }]
      - uid: both
        name: Both
        shards:
          - { name: s, tenants: ["a1"], replicas: [{ name: s, url: "${shard.url}" }] }
          - { name: t, tenants: ["a2"], replicas: [{ name: t, url: "${other.url}" }] }
    grants:
      - { serviceAccount: one, role: viewer }
      - { team: t, role: viewer }
`
beforeAll(async () => {
  shard = await startRecordingPrometheus()
  other = await startRecordingPrometheus()
  world = await startGatewayWorld({
    access: access(),
    cache: { dataSources: [{ org: 'a', dataSource: 'more', outOfOrderWindow: '2h' }] },
    limits: {
      slotsPerShard: 10,
      queueWait: '2s',
      overrides: [
        { org: 'a', dataSource: 'more', query: { points: 10 }, rate: { perSecond: 0.1, burst: 30 } },
        { org: 'a', serviceAccount: 'robot', slots: 1 },
      ],
    },
  })
  for (const account of ['one', 'robot', 'mate']) tokens.set(account, await world.token('a', account))
})
afterAll(async () => {
  await world.close()
  await shard.close()
  await other.close()
})
const call = (who: string, path: string, parameters: Record<string, string>, ds = 'metrics') =>
  callApi(world.base(ds), path, { parameters, token: tokens.get(who) ?? '' })
let unique = 0
const range = (points: number, query = `m${(unique += 1)}`) => ({
  query,
  start: '0',
  end: String(points - 1),
  step: '1',
})
const matrix =
  '{"status":"success","data":{"resultType":"matrix","result":[{"metric":{"tenant":"a2"},"values":[[0,"1"]]}]}}'

it('everything asked as one is kept as carefully as the data source of it that changes longest', async () => {
  const now = Math.floor(Date.now() / 60_000) * 60
  const parameters = {
    query: 'late{tenant="a2"}',
    start: String(now - 3000),
    end: String(now - 2700),
    step: '60',
  }
  const answer = (value: string): void =>
    other.behave((_m, res) => {
      const form = new URLSearchParams(other.requests.at(-1)?.body)
      const values: [number, string][] = []
      for (let t = Number(form.get('start')); t <= Number(form.get('end')); t += 60) values.push([t, value])
      const result = [{ metric: { tenant: 'a2' }, values }]
      sendJson(res, 200, JSON.stringify({ status: 'success', data: { resultType: 'matrix', result } }))
    })
  answer('1')
  await call('mate', 'query_range', parameters, 'all')
  // Longer than the very same text may be given again.
  await sleep(2_500)
  answer('2')
  const { headers, json } = await call('mate', 'query_range', parameters, 'all')
  expect([headers.get('x-gatehouse-cache'), json.data.result[0].values[0][1]]).toEqual(['miss', '2'])
  other.behave(undefined)
})

it('everything asked as one has the limits of each data source in it', async () => {
  const wide = range(11, 'x{tenant="a2"}')
  expect((await call('one', 'query_range', wide, 'metrics')).status).toBe(200)
  for (const dataSource of ['more', 'all']) {
    const { status, json } = await call('one', 'query_range', wide, dataSource)
    expect([status, json.errorType]).toEqual([422, 'execution'])
  }
  const statuses: number[] = []
  // Four of the thirty are spent.
  for (let i = 0; i < 30; i += 1)
    statuses.push((await call('one', 'query', { query: `y${i}`, time: '1' }, 'all')).status)
  expect(statuses.filter((status) => status === 200).length).toBeLessThan(30)
  expect(statuses.at(-1)).toBe(429)
  expect((await call('one', 'query', { query: 'z', time: '1' }, 'more')).status).toBe(429)
  expect((await call('one', 'query', { query: 'z', time: '1' }, 'metrics')).status).toBe(200)
})

it('a cap of one account does not hold up the others of its team', async () => {
  const { promise: isOver, resolve: over } = Promise.withResolvers<void>()
  shard.behave((_m, res) => {
    const isLong = shard.requests.at(-1)?.body.includes('long')
    void (isLong === true ? isOver : Promise.resolve()).then(() => sendJson(res, 200, matrix))
  })
  const running = [1, 2, 3].map((i) => call('robot', 'query_range', range(2, `long${i}`)))
  await sleep(100)
  expect((await call('mate', 'query', { query: 'quick', time: '1' })).status).toBe(200)
  over()
  await Promise.all(running)
  shard.behave(undefined)
})

it('a shard that hangs takes no slots of the others', async () => {
  const { promise: isOver, resolve: over } = Promise.withResolvers<void>()
  const answer = '{"status":"success","data":{"resultType":"matrix","result":[]}}'
  shard.behave((_m, res) => sendJson(res, 200, answer))
  other.behave((_m, res) => void isOver.then(() => sendJson(res, 200, answer)))
  const before = shard.requests.length
  const hanging = Array.from({ length: 12 }, (_, i) =>
    call('one', 'query_range', range(2, `both${i}`), 'both'),
  )
  // As many as one org may have at once have had their answer of the one shard, and wait for the other.
  await expect.poll(() => shard.requests.length - before, { timeout: 5_000 }).toBeGreaterThanOrEqual(8)
  for (let i = 0; i < 10; i += 1)
    expect((await call('mate', 'query', { query: `well${i}`, time: '1' })).status).toBe(200)
  over()
  await Promise.all(hanging)
  for (const server of [shard, other]) server.behave(undefined)
})
