import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { startTestProxy, type TestProxy } from '../../libs/cache/src/testing/redis-server.ts'
import { type GatewayWorld, startGatewayWorld } from '../support/gateway-world.ts'
import { callApi } from '../support/prometheus-api.ts'
import { type RecordingPrometheus, startRecordingPrometheus } from '../support/recording-prometheus.ts'

let shard: RecordingPrometheus
let postgres: TestProxy
let world: GatewayWorld
let token: string

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

beforeAll(async () => {
  shard = await startRecordingPrometheus()
  world = await startGatewayWorld({
    access: access(),
    gateway: { maxPolicyStaleness: '7s' },
    databaseVia: async (url) => {
      postgres = await startTestProxy(Number(new URL(url).port))
      return Object.assign(new URL(url), { hostname: '127.0.0.1', port: new URL(postgres.url).port }).href
    },
  })
  token = await world.token('a', 'one')
})
afterAll(async () => {
  await world.close()
  postgres.close()
  await shard.close()
})

async function ask(): Promise<number> {
  const parameters = { query: 'up', time: '1' }
  return (await callApi(world.base(), 'query', { parameters, token })).status
}

it('answers while Postgres is silent, up to the stated staleness and not beyond it, and again when it is back', async () => {
  expect(await ask()).toBe(200)
  // Connections stand and nothing comes: what a dead machine or a full network does, and a stopped server.
  postgres.garble = () => Buffer.alloc(0)
  const silent = performance.now()
  const told: [number, number][] = []
  while (performance.now() - silent < 9_000) {
    told.push([Math.round(performance.now() - silent), await ask()])
    await sleep(150)
  }
  const statuses = told.map(([, status]) => status)
  // One change, from answers to refusals, and no way back.
  const firstRefused = statuses.indexOf(503)
  expect(new Set(statuses.slice(0, firstRefused))).toEqual(new Set([200]))
  expect(new Set(statuses.slice(firstRefused))).toEqual(new Set([503]))
  expect(firstRefused).toBeGreaterThan(5)
  postgres.garble = undefined
  let status = 0
  for (let i = 0; i < 200 && status !== 200; i += 1) {
    await sleep(100)
    status = await ask()
  }
  expect(status).toBe(200)
}, 60_000)
