import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type GatewayWorld, startGatewayWorld } from '../support/gateway-world.ts'
import { type ApiAnswer, callApi } from '../support/prometheus-api.ts'
import { type RecordingPrometheus, startRecordingPrometheus } from '../support/recording-prometheus.ts'

let world: GatewayWorld
let shard: RecordingPrometheus
let token: string

beforeAll(async () => {
  shard = await startRecordingPrometheus()
  world = await startGatewayWorld({
    access: `
apiVersion: gatehouse/v1
kind: Access
orgs:
  - uid: org
    name: Org
    tenants: [a]
    serviceAccounts: [{ uid: all, name: All }]
    dataSources:
      - { uid: metrics, name: Metrics, shards: [{ name: one, tenants: [a], replicas: [{ name: r, url: "${shard.url}" }] }] }
    grants: [{ serviceAccount: all, role: viewer }]
`,
    gateway: { maxLoopDelay: '200ms' },
  })
  token = await world.token('org', 'all')
})
afterAll(async () => {
  await world.close()
  await shard.close()
})

let asked = 0
const ask = (): Promise<ApiAnswer> => {
  asked += 1
  return callApi(world.base(), 'query', { token, parameters: { query: `up{n="${asked}"}`, time: '1000' } })
}

describe('F18 a process that has more to do than it can', () => {
  const block = (ms: number): void => {
    for (const until = performance.now() + ms; performance.now() < until; );
  }

  it('answers 503 with Retry-After, its own pages still, and everything soon after', async () => {
    const statuses = new Set<number>()
    const retryAfter = new Set<string | null>()
    const health = new Set<number>()
    for (let i = 0; i < 12; i += 1) {
      const [answer, healthy] = [ask(), fetch(`${world.gateway.url}/-/healthy`)]
      block(500)
      const { status, headers } = await answer
      statuses.add(status)
      if (status === 503) retryAfter.add(headers.get('retry-after'))
      health.add((await healthy).status)
    }
    expect([statuses.has(503), [...retryAfter], [...health]]).toEqual([true, ['1'], [200]])
    let status = 503
    for (let i = 0; i < 100 && status !== 200; i += 1) {
      await sleep(100)
      status = (await ask()).status
    }
    expect(status).toBe(200)
  })
})
