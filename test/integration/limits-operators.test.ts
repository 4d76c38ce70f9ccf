import { setTimeout as sleep } from 'node:timers/promises'
import {
  cancelQuery,
  createStop,
  deleteStop,
  listRunning,
  listSlowQueries,
  listStops,
  readStatistics,
  type StoredStop,
  withOrg,
} from '@gatehouse/store'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type GatewayWorld, startGatewayWorld } from '../support/gateway-world.ts'
import { type ApiAnswer, callApi } from '../support/prometheus-api.ts'
import {
  type RecordingPrometheus,
  sendJson,
  startRecordingPrometheus,
} from '../support/recording-prometheus.ts'

let shard: RecordingPrometheus
let world: GatewayWorld
const tokens = new Map<string, string>()

const access = (): string => `apiVersion: gatehouse/v1
kind: Access
orgs:${['a', 'b']
  .map(
    (org) => `
  - uid: ${org}
    name: ${org}
    tenants: ["${org}-one", "${org}-two"]
    teams: [{ uid: everybody, name: Everybody }]
    serviceAccounts: [{ uid: one, name: One }, { uid: two, name: Two }]
    dataSources:
      - uid: metrics
        name: Metrics
        shards: [{ name: s, tenants: ["${org}-one", "${org}-two"], replicas: [{ name: s, url: "${shard.url}" }] }]
    grants: [{ serviceAccount: one, role: viewer }, { serviceAccount: two, role: viewer }]`,
  )
  .join('')}
`

beforeAll(async () => {
  shard = await startRecordingPrometheus()
  world = await startGatewayWorld({ access: access(), limits: { slowQuery: '300ms' } })
  for (const org of ['a', 'b'])
    for (const account of ['one', 'two']) tokens.set(`${org}/${account}`, await world.token(org, account))
})
afterAll(async () => {
  await world.close()
  await shard.close()
})

const call = (who: string, query: string, headers: Record<string, string> = {}): Promise<ApiAnswer> =>
  callApi(world.base(), 'query', { parameters: { query }, token: tokens.get(who) ?? '', headers })
const inOrg = <T>(work: Parameters<typeof withOrg<T>>[2], org = 'a'): Promise<T> =>
  withOrg(world.pool, org, work)

async function within<T>(ms: number, read: () => Promise<T>, isDone: (value: T) => boolean): Promise<T> {
  const until = performance.now() + ms
  for (;;) {
    const value = await read()
    if (isDone(value) || performance.now() > until) return value
    await sleep(50)
  }
}
const order = (kind: StoredStop['kind'], value: string, expiresAt?: number) =>
  inOrg((tx) => createStop(tx, { kind, value, reason: 'overload', createdBy: 'u', expiresAt }))
const statusOf = (who: string, query: string) => async () => (await call(who, query)).status
const slowly = (ms: number): void =>
  shard.behave(
    (_m, res) =>
      void setTimeout(
        () =>
          sendJson(
            res,
            200,
            '{"status":"success","data":{"resultType":"vector","result":[],"stats":{"timings":{},"samples":{"totalQueryableSamples":7,"peakSamples":1}}}}',
          ),
        ms,
      ),
  )

describe('orders of operators', () => {
  it('stop a principal within two seconds, in their org, until they are taken back', async () => {
    const uid = await order('principal', 'two')
    expect(await within(2_000, statusOf('a/two', 'up'), (status) => status === 422)).toBe(422)
    expect((await call('a/two', 'up')).json.error).toBe('stopped by an operator: overload')
    expect(await statusOf('a/one', 'up')()).toBe(200)
    expect(await statusOf('b/two', 'up')()).toBe(200)
    expect((await inOrg(listStops)).map((stop) => stop.uid)).toEqual([uid])
    await inOrg((tx) => deleteStop(tx, uid))
    expect(await within(2_000, statusOf('a/two', 'up'), (status) => status === 200)).toBe(200)
  })

  it('stop a tenant, and leave queries that cannot read it', async () => {
    const uid = await order('tenant', 'a-one')
    expect(await within(2_000, statusOf('a/one', 'up'), (status) => status === 422)).toBe(422)
    expect(await statusOf('a/one', 'up{tenant="a-one"}')()).toBe(422)
    expect(await statusOf('a/one', 'up{tenant="a-two"}')()).toBe(200)
    expect(await statusOf('b/one', 'up')()).toBe(200)
    await inOrg((tx) => deleteStop(tx, uid))
    expect(await within(2_000, statusOf('a/one', 'up'), (status) => status === 200)).toBe(200)
  })

  it('stop a query by its shape, those that run too, and end by themselves', async () => {
    slowly(5_000)
    const started = performance.now()
    const runs = call('a/one', 'sum(rate(costly[5m]))')
    const fingerprint = (
      await within(
        4_000,
        () => inOrg(listRunning),
        (rows) => rows.length > 0,
      )
    )[0]?.fingerprint
    await order('fingerprint', fingerprint ?? '', Date.now() + 3_000)
    const ended = await runs
    expect([ended.status, ended.json.error]).toEqual([499, 'stopped by an operator: overload'])
    expect(performance.now() - started).toBeLessThan(4_900)
    shard.behave(undefined)
    expect(await statusOf('a/one', 'sum(rate(costly[1h]))')()).toBe(422)
    expect(await statusOf('b/one', 'sum(rate(costly[1h]))')()).toBe(200)
    expect(await within(4_000, statusOf('a/one', 'sum(rate(costly[1h]))'), (status) => status === 200)).toBe(
      200,
    )
  })

  it.each([
    ['series', 'series', 'slow_one, other{x="1"}'],
    ['labels', 'labels', 'slow_one, other{x="1"}'],
    ['label_values', 'label/x/values', 'slow_one, other{x="1"}'],
    ['federate', '../../federate', 'slow_one, other{x="1"}'],
    ['labels', 'labels', ''],
  ])('list and cancel %s as queries (%s?match[]=%s)', async (endpoint, path, text) => {
    slowly(8_000)
    const parameters =
      text === '' ? [] : text.split(', ').map((match): [string, string] => ['match[]', match])
    const runs = callApi(world.base(), path, { parameters, token: tokens.get('a/one') ?? '', method: 'GET' })
    const [row] = await within(
      4_000,
      () => inOrg(listRunning),
      (rows) => rows.length > 0,
    )
    expect(row).toMatchObject({ principalUid: 'one', dataSourceUid: 'metrics', endpoint, query: text })
    await inOrg((tx) => cancelQuery(tx, { uid: row?.uid ?? '', reason: 'too long' }))
    const { status, text: body } = await runs
    expect([status, body]).toEqual([499, expect.stringContaining('stopped by an operator: too long')])
    shard.behave(undefined)
    const gone = await within(
      4_000,
      () => inOrg(listRunning),
      (rows) => rows.length === 0,
    )
    expect(gone).toEqual([])
  })

  it('stop look-ups by their shape, and a tenant’s', async () => {
    slowly(5_000)
    const lookUp = (parameters: [string, string][], path = 'series') =>
      callApi(world.base(), path, { parameters, token: tokens.get('a/one') ?? '' })
    const runs = lookUp([['match[]', 'wide{x="1"}']])
    const [row] = await within(
      4_000,
      () => inOrg(listRunning),
      (rows) => rows.length > 0,
    )
    const uid = await order('fingerprint', row?.fingerprint ?? '')
    expect((await runs).json.error).toBe('stopped by an operator: overload')
    shard.behave(undefined)
    expect((await lookUp([['match[]', 'wide{x="2"}']])).status).toBe(422)
    expect((await lookUp([['match[]', 'wide{x="2"}']], 'labels')).status).not.toBe(422)
    await inOrg((tx) => deleteStop(tx, uid))
    await order('tenant', 'a-one', Date.now() + 4_000)
    const statusFor = (tenant: string) => async () =>
      (await lookUp([['match[]', `up{tenant="${tenant}"}`]])).status
    expect(await within(2_000, statusFor('a-one'), (status) => status === 422)).toBe(422)
    expect(await statusFor('a-two')()).not.toBe(422)
    expect(await within(6_000, statusFor('a-one'), (status) => status !== 422)).not.toBe(422)
  })

  it('cancel one query that runs', async () => {
    slowly(8_000)
    const runs = call('a/one', 'slow_one')
    const [row] = await within(
      4_000,
      () => inOrg(listRunning),
      (rows) => rows.some(({ query }) => query === 'slow_one'),
    )
    expect(row).toMatchObject({
      principalUid: 'one',
      dataSourceUid: 'metrics',
      endpoint: 'query',
      query: 'slow_one',
    })
    expect(await inOrg(listRunning, 'b')).toEqual([])
    await inOrg((tx) => cancelQuery(tx, { uid: row?.uid ?? '', reason: 'too long' }))
    const { status, json } = await runs
    expect([status, json.error]).toEqual([499, 'stopped by an operator: too long'])
    shard.behave(undefined)
    expect(
      await within(
        4_000,
        () => inOrg(listRunning),
        (rows) => rows.length === 0,
      ),
    ).toEqual([])
  })
})

describe('statistics', () => {
  it('count samples and time by principal, dashboard, data source and shape; slow queries are listed', async () => {
    slowly(400)
    await call('b/one', 'rate(counted{x="1"}[5m])', { 'x-dashboard-uid': 'board' })
    await call('b/two', 'rate(counted{x="2"}[1m])', { 'x-dashboard-uid': 'board' })
    shard.behave(undefined)
    const since = Date.now() - 3_600_000
    const read = (by: Parameters<typeof readStatistics>[1]['by']) =>
      inOrg((tx) => readStatistics(tx, { by, since, limit: 10 }), 'b')
    const boards = await within(
      8_000,
      () => read('dashboard'),
      // The first may be written before the second has ended.
      (rows) => rows.some(({ key, queries }) => key === 'board' && queries === 2),
    )
    expect(boards.find(({ key }) => key === 'board')).toMatchObject({ queries: 2, failed: 0, samples: 14 })
    expect((await read('principal')).map(({ key }) => key).toSorted()).toEqual(['one', 'two'])
    const [slowest] = await inOrg(listSlowQueries, 'b')
    expect(slowest).toMatchObject({ dashboardUid: 'board', samples: 7, cache: 'miss', endpoint: 'query' })
    const shapes = await read('fingerprint')
    expect(shapes.find(({ key }) => key === slowest?.fingerprint)).toMatchObject({ queries: 2 })
    slowly(400)
    await callApi(world.base(), 'labels', {
      token: tokens.get('b/one') ?? '',
      parameters: { 'match[]': 'counted' },
    })
    shard.behave(undefined)
    const slow = await within(
      8_000,
      () => inOrg(listSlowQueries, 'b'),
      (rows) => rows.some(({ endpoint }) => endpoint === 'labels'),
    )
    expect(slow.find(({ endpoint }) => endpoint === 'labels')).toMatchObject({ query: 'counted' })
    const [event] = await world.sql<{ samples: number }>(
      `select (event -> 'outcome' ->> 'samples')::int as samples from audit_events where event -> 'request' ->> 'query' like '%counted%'`,
    )
    expect(event?.samples).toBe(7)
  })
})
