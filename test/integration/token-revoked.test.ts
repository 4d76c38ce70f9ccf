import { join } from 'node:path'
import { type Gateway, startGateway } from '@gatehouse/gateway'
import { listTokens, revokeToken, withOrg } from '@gatehouse/store'
import { createLogger } from '@gatehouse/telemetry'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type GatewayWorld, startGatewayWorld } from '../support/gateway-world.ts'

const access = `apiVersion: gatehouse/v1
kind: Access
orgs:
  - uid: health
    name: Health
    tenants: [health]
    serviceAccounts: [{ uid: ci, name: CI }]
    dataSources:
      - { uid: metrics, name: Metrics, shards: [{ name: s, tenants: [health], replicas: [{ name: r, url: 'http://127.0.0.1:9' }] }] }
    grants: [{ serviceAccount: ci, role: viewer }]
`

let world: GatewayWorld
let other: Gateway

beforeAll(async () => {
  world = await startGatewayWorld({ access })
  const { audit } = world.config
  other = await startGateway(
    { ...world.config, audit: { ...audit, spoolDir: join(audit.spoolDir, '../other') } },
    { log: createLogger({ name: 'test', level: 'silent' }) },
  )
})
afterAll(async () => {
  await other.close()
  await world.close()
})

describe('a revoked token', () => {
  it('is refused by every gateway within two seconds, although each had just let it in', async () => {
    const revoked = await world.token('health', 'ci')
    const kept = await world.token('health', 'ci')
    const ask = (token: string) =>
      Promise.all(
        [world.gateway, other].map(async ({ url }) => {
          const headers = { authorization: `Bearer ${token}` }
          return (await fetch(`${url}/prom/metrics/api/v1/status/buildinfo`, { headers })).status
        }),
      )
    // No Prometheus answers here; that both gateways asked one is enough.
    expect([await ask(revoked), await ask(kept)]).toEqual([
      [503, 503],
      [503, 503],
    ])
    await withOrg(world.pool, 'health', async (tx) => {
      const [, first] = await listTokens(tx, 'ci')
      expect(await revokeToken(tx, first?.uid ?? '')).toBe(true)
    })
    const since = performance.now()
    await expect.poll(() => ask(revoked), { timeout: 2_000, interval: 50 }).toEqual([401, 401])
    console.log(`revoked: both gateways refuse it after ${Math.round(performance.now() - since)} ms`)
    expect(await ask(kept)).toEqual([503, 503])
  })
})
