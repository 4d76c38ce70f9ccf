import { withOrg, writeRunning } from '@gatehouse/store'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type AccessApiWorld, startAccessApiWorld } from '../support/access-api-world.ts'

let world: AccessApiWorld

beforeAll(async () => {
  world = await startAccessApiWorld()
  const row = {
    uid: 'q-1',
    requestId: 'r',
    principalUid: 'viewer',
    dataSourceUid: 'metrics',
    endpoint: 'query',
    query: 'secret_metric',
    fingerprint: 'f',
    startedAt: Date.now() - 5_000,
  }
  await withOrg(world.pool, 'health', (tx) => writeRunning(tx, 'p', [row]))
})
afterAll(() => world.close())

const stop = { kind: 'fingerprint', value: 'abc', reason: 'overload', minutes: 5 }

describe('orders, running queries and costs over the API', () => {
  it('are given, listed and taken back by administrators and the platform’s operators only', async () => {
    const made = await world.as('health/org-admin', 'post', '/orgs/health/query-stops', { body: stop })
    expect([made.status, made.json.value, made.json.createdBy]).toEqual([201, 'abc', 'org-admin'])
    const seen = await world.as('platform/operator', 'get', '/orgs/health/query-stops')
    expect(seen.json.items).toEqual([made.json])
    const path = `/orgs/health/query-stops/${made.json.uid}`
    for (const who of ['health/viewer', 'health/editor', 'health/auditor'])
      expect([who, (await world.as(who, 'delete', path)).status]).toEqual([who, 403])
    for (const who of ['transport/org-admin', 'transport/operator', 'platform/viewer'])
      expect([who, (await world.as(who, 'delete', path)).status]).toEqual([who, 404])
    expect((await world.as('platform/operator', 'delete', path)).status).toBe(200)
    expect((await world.as('health/org-admin', 'delete', path)).status).toBe(404)
    expect((await world.as('health/org-admin', 'get', '/orgs/health/query-stops')).json.items).toEqual([])
  })

  it('show the platform’s operators who asks in another org, not what', async () => {
    const own = await world.as('health/org-admin', 'get', '/orgs/health/running-queries')
    expect(own.json.items).toEqual([expect.objectContaining({ uid: 'q-1', query: 'secret_metric' })])
    const other = await world.as('platform/operator', 'get', '/orgs/health/running-queries')
    expect(other.json.items).toEqual([
      expect.objectContaining({ uid: 'q-1', query: null, principalUid: 'viewer' }),
    ])
    const body = { reason: 'too long' }
    expect(
      (await world.as('health/viewer', 'post', '/orgs/health/running-queries/q-1/cancel', { body })).status,
    ).toBe(403)
    expect(
      (await world.as('health/org-admin', 'post', '/orgs/health/running-queries/q-2/cancel', { body }))
        .status,
    ).toBe(404)
    expect(
      (await world.as('health/org-admin', 'post', '/orgs/health/running-queries/q-1/cancel', { body }))
        .status,
    ).toBe(200)
    for (const path of ['slow-queries', 'query-statistics?by=dashboard'])
      expect((await world.as('health/org-admin', 'get', `/orgs/health/${path}`)).json.items).toEqual([])
  })
})
