import { join } from 'node:path'
import { ensureTools, type Prometheus, startPrometheus, temporaryDir } from '@gatehouse/local'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type GatewayWorld, startGatewayWorld } from '../support/gateway-world.ts'
import { callApi } from '../support/prometheus-api.ts'
import {
  type RecordingPrometheus,
  sendJson,
  startRecordingPrometheus,
} from '../support/recording-prometheus.ts'

const dir = temporaryDir()
let world: GatewayWorld
let real: Prometheus
let recorded: RecordingPrometheus
const tokens = new Map<string, string>()

beforeAll(async () => {
  await ensureTools(['prometheus-2'])
  real = await startPrometheus({ dataDir: join(dir.path, 'real') })
  recorded = await startRecordingPrometheus()
  const source = `
      - uid: metrics
        name: Metrics
        shards:
          - { name: one, tenants: [health], replicas: [{ name: a, url: "${recorded.url}" }, { name: b, url: "${real.url}" }] }`
  const accounts = `
    serviceAccounts: [{ uid: operator, name: Operator }, { uid: org-admin, name: Admin }, { uid: viewer, name: Viewer }]
    grants: [{ serviceAccount: operator, role: operator }, { serviceAccount: org-admin, role: org-admin }, { serviceAccount: viewer, role: viewer }]`
  world = await startGatewayWorld({
    access: `apiVersion: gatehouse/v1
kind: Access
orgs:
  - uid: health
    name: Health
    tenants: [health]
    dataSources:${source}${accounts}
  - uid: platform
    name: Platform
    platform: true${accounts}
`,
  })
  for (const org of ['health', 'platform'])
    for (const account of ['operator', 'org-admin', 'viewer'])
      tokens.set(`${org}/${account}`, await world.token(org, account))
})
afterAll(async () => {
  await world.close()
  await real.stop()
  await recorded.close()
  dir.remove()
})

const ask = (who: string, page: string, parameters: Record<string, string>) =>
  callApi(world.base(), `status/${page}`, { token: tokens.get(who) ?? '', parameters, method: 'GET' })
const ofHealth = { org: 'health', shard: 'one', replica: 'b' }

describe('what a replica says of itself', () => {
  it.each(['config', 'flags', 'runtimeinfo', 'tsdb', 'walreplay'])(
    'as %s is passed on to an operator of the platform',
    async (page) => {
      const { status, json, headers } = await ask('platform/operator', page, ofHealth)
      const direct = await callApi(real.url, `status/${page}`, { method: 'GET' })
      expect([status, Object.keys(json.data)]).toEqual([200, Object.keys(direct.json.data)])
      expect(headers.get('x-gatehouse-replicas')).toBe('one/b')
    },
  )

  it('is asked of the replica that is named, with no more than is known', async () => {
    recorded.behave((_message, res) => sendJson(res, 200, '{"status":"success","data":{}}'))
    const { status } = await ask('platform/operator', 'tsdb', {
      ...ofHealth,
      replica: 'a',
      limit: '3',
      x: 'y',
    })
    expect([status, recorded.requests.at(-1)]).toMatchObject([200, { url: '/api/v1/status/tsdb?limit=3' }])
    for (const [page, parameters, url] of [
      ['tsdb/blocks', { limit: '3' }, 'tsdb/blocks'],
      ['self_metrics', { metric_name_pattern: 'go_.*' }, 'self_metrics?metric_name_pattern=go_.*'],
    ] as const) {
      await ask('platform/operator', page, { ...ofHealth, replica: 'a', ...parameters })
      expect(recorded.requests.at(-1)).toMatchObject({ url: `/api/v1/status/${url}` })
    }
    const { json } = await ask('platform/operator', 'tsdb', { org: 'health', replica: 'c' })
    expect(json).toMatchObject({ errorType: 'bad_data', error: expect.stringContaining('name one of a, b') })
  })

  it.each(['health/operator', 'health/org-admin', 'health/viewer', 'platform/org-admin', 'platform/viewer'])(
    'is not shown to %s: it tells of every tenant on the shard',
    async (who) => {
      const before = recorded.requests.length
      for (const org of ['health', '']) {
        const { status, requestId } = await ask(who, 'tsdb', { ...ofHealth, org, replica: 'a' })
        expect(status).toBe(403)
        expect(await world.auditOf(requestId)).toMatchObject([{ code: 'Q006D', detail: { page: 'tsdb' } }])
      }
      expect(recorded.requests.length).toBe(before)
    },
  )

  it('is recorded with whose shard it was', async () => {
    const { requestId } = await ask('platform/operator', 'flags', ofHealth)
    expect(await world.auditOf(requestId)).toMatchObject([
      {
        code: 'Q006I',
        orgUid: 'platform',
        actor: { kind: 'service-account' },
        detail: { page: 'flags', ...ofHealth },
        outcome: { result: 'allowed' },
      },
    ])
  })

  it('is nowhere for other pages, data sources and orgs', async () => {
    for (const [page, parameters] of [
      ['walreplays', ofHealth],
      ['tsdb', { ...ofHealth, org: 'nowhere' }],
      ['tsdb', {}],
    ] as [string, Record<string, string>][])
      expect((await ask('platform/operator', page, parameters)).status, page).toBe(404)
  })
})
