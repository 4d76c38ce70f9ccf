import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type AuditEvent, eventTable } from '@gatehouse/audit'
import { expect, it } from 'vitest'
import { startGatewayWorld } from '../support/gateway-world.ts'

const root = join(import.meta.dirname, '../..')

it('every code of the catalogue is written somewhere', () => {
  const sources = ['libs', 'services'].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter(
        (file) => /\/src\/.*\.ts$/.test(file) && !/\.test\.ts$|^console\/|audit\/src\/codes\.ts$/.test(file),
      )
      .map((file) => readFileSync(join(root, folder, file), 'utf8')),
  )
  const all = sources.join('\n')
  expect(Object.keys(eventTable).filter((stem) => !all.includes(`'${stem}`))).toEqual([])
})

it('a process leaves its start, its settings, the access settings it takes up, and its stop', async () => {
  const world = await startGatewayWorld({
    access: `
apiVersion: gatehouse/v1
kind: Access
orgs:
  - uid: org
    name: Org
    tenants: [org]
    serviceAccounts: [{ uid: all, name: All }]
    dataSources: [{ uid: metrics, name: M, shards: [{ name: s, tenants: [org], replicas: [{ name: r, url: 'http://127.0.0.1:9' }] }] }]
    grants: [{ serviceAccount: all, role: viewer }]`,
  })
  const authorization = `Bearer ${await world.token('org', 'all')}`
  await fetch(`${world.base()}/api/v1/query?query=up`, { headers: { authorization } })
  await world.gateway.close()
  const rows = await world.sql<{ event: AuditEvent }>(
    `select event from audit_events where code like 'S%' order by at, id`,
  )
  const events = rows.map(({ event }) => event)
  expect(events.map(({ code }) => code).toSorted()).toEqual(['S001I', 'S002I', 'S003I', 'S004I'])
  expect(events.at(-1)?.code).toBe('S002I')
  const loaded = events.find(({ code }) => code === 'S003I')
  expect(loaded).toMatchObject({ orgUid: 'org', detail: { version: expect.any(String) } })
  const settings = events.find(({ code }) => code === 'S004I')
  expect(settings?.detail).toMatchObject({ settings: { level: 'write' }, sha256: expect.any(String) })
  await world.close()
})
