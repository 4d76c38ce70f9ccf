import { authorize, parseAccessDocument, type Principal } from '@gatehouse/authz'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { freshDatabase, type TestDatabase } from '../../../../test/support/postgres.ts'
import { isPublicSharingAllowed, setPublicSharing } from '../dashboards/share-links.ts'
import { tenantRemainder } from '../data-sources.ts'
import { createPool, type Pool } from '../pool.ts'
import { signIn } from '../recognise.ts'
import { readSnapshot } from '../snapshot.ts'
import { withOrg } from '../transaction.ts'
import { applyAccess } from './apply-access.ts'
import { planAccess } from './plan-access.ts'

let database: TestDatabase
let pool: Pool

beforeAll(async () => {
  database = await freshDatabase()
  pool = createPool({ url: database.appUrl })
})
afterAll(async () => {
  await pool.end()
  await database.drop()
})

const replicas = [
  { name: 'a', url: 'http://127.0.0.1:9101' },
  { name: 'b', url: 'http://127.0.0.1:9102' },
]
const ann = { issuer: 'https://idp.example', subject: 'ann' }

function documentOf(change: Record<string, unknown> = {}) {
  return parseAccessDocument({
    apiVersion: 'gatehouse/v1',
    kind: 'Access',
    orgs: [
      {
        uid: 'health',
        name: 'Health',
        tenants: ['health'],
        teams: [
          { uid: 'triage', name: 'Triage', idpGroups: ['health-triage'], members: [ann] },
          { uid: 'imaging', name: 'Imaging' },
        ],
        folders: [
          { uid: 'models', title: 'Models' },
          { uid: 'risk', title: 'Risk', parent: 'models' },
        ],
        dataSources: [{ uid: 'main', name: 'Main', shards: [{ name: 's1', tenants: ['health'], replicas }] }],
        serviceAccounts: [{ uid: 'ci', name: 'CI', team: 'triage' }],
        roles: [{ name: 'prober', version: 1, permissions: ['datasources:query'] }],
        grants: [
          { team: 'triage', role: 'viewer', constraints: ['{team="triage"}'] },
          {
            serviceAccount: 'ci',
            role: 'prober',
            on: { dataSource: 'main' },
            expiresAt: '2030-01-01T00:00:00Z',
          },
          { user: ann, role: 'editor', on: { folder: 'models' } },
        ],
        guardrails: [{ uid: 'no-pii', selector: '{pii="true"}', reason: 'law' }],
        ...change,
      },
    ],
  })
}

const policy = async () => (await withOrg(pool, 'health', readSnapshot)).policy

describe('applyAccess', () => {
  it('writes an org whole, and reads back as the policy it stands for', async () => {
    const changes = await applyAccess(pool, documentOf())
    expect(changes.every(({ kind }) => kind === 'added')).toBe(true)
    const { policy, dataSources } = await withOrg(pool, 'health', readSnapshot)
    expect(policy.tenants).toEqual(['health'])
    expect(policy.teams.map(({ uid }) => uid)).toEqual(['imaging', 'triage'])
    expect(dataSources.get('main')?.shards).toEqual([
      { name: 's1', slice: { tenants: ['health'] }, replicas },
    ])
    const principal: Principal = {
      kind: 'user',
      uid: 'u-1',
      orgUid: 'health',
      name: 'Somebody',
      teams: ['triage'],
      identity: undefined,
      credential: { kind: 'bearer', id: 'x' },
    }
    const resource = { kind: 'data-source', uid: 'main', orgUid: 'health' } as const
    const decision = authorize(policy, { principal, action: 'datasources:query', resource, now: 0 })
    expect(decision).toMatchObject({
      allowed: true,
      constraints: {
        alternatives: [
          [
            { name: 'tenant', op: '=', value: 'health' },
            { name: 'pii', op: '!=', value: 'true' },
            { name: 'team', op: '=', value: 'triage' },
          ],
        ],
      },
    })
  })

  it('changes nothing the second time, not even a version', async () => {
    const before = await policy()
    expect(await applyAccess(pool, documentOf())).toEqual([])
    expect(await policy()).toEqual(before)
  })

  it('reports and makes exactly the difference', async () => {
    const changes = await applyAccess(
      pool,
      documentOf({
        name: 'Health agency',
        guardrails: [],
        folders: [
          { uid: 'models', title: 'All models' },
          { uid: 'risk', title: 'Risk', parent: 'models' },
        ],
      }),
    )
    expect(changes).toEqual([
      { orgUid: 'health', table: 'orgs', kind: 'changed', key: 'health' },
      { orgUid: 'health', table: 'guardrails', kind: 'removed', key: 'no-pii' },
      { orgUid: 'health', table: 'folders', kind: 'changed', key: 'models' },
    ])
    await applyAccess(pool, documentOf())
  })

  it('keeps tokens, and what IdP groups give', async () => {
    const person = {
      issuer: 'https://idp.example',
      subject: 'bob',
      name: 'Bob',
      email: undefined,
      groups: ['health-triage'],
    }
    const bob = await signIn(pool, person)
    expect(bob?.memberships).toEqual([{ orgUid: 'health', teams: ['triage'] }])
    await signIn(pool, { ...person, ...ann, name: 'Ann' })
    const withoutAnn = documentOf({
      teams: [
        { uid: 'triage', name: 'Triage', idpGroups: ['health-triage'] },
        { uid: 'imaging', name: 'Imaging' },
      ],
      grants: [],
    })
    await applyAccess(pool, withoutAnn)
    const members = (await policy()).members.map(({ name, teams }) => ({ name, teams }))
    const fromGroup = [{ uid: 'triage', source: 'sso', groups: ['health-triage'] }]
    expect(members.toSorted((a, b) => a.name.localeCompare(b.name))).toEqual([
      { name: 'Ann', teams: fromGroup },
      { name: 'Bob', teams: fromGroup },
    ])
    await applyAccess(pool, documentOf())
  })

  it('moves a tenant between orgs, and refuses one that another org keeps', async () => {
    const org = (uid: string, tenants: string[]) => ({ uid, name: uid, tenants })
    const orgs = (...list: object[]) =>
      parseAccessDocument({ apiVersion: 'gatehouse/v1', kind: 'Access', orgs: list })
    await applyAccess(pool, orgs(org('a', ['x']), org('b', ['y'])))
    await applyAccess(pool, orgs(org('a', ['y']), org('b', ['x'])))
    expect(await withOrg(pool, 'a', (tx) => tx.rows('select value from tenants'))).toEqual([{ value: 'y' }])
    await expect(applyAccess(pool, orgs(org('c', ['health'])))).rejects.toMatchObject({ code: 'conflict' })
    expect(await withOrg(pool, 'c', (tx) => tx.rows('select 1 from orgs'))).toEqual([])
  })

  it('applies all or nothing', async () => {
    const before = await policy()
    // The tenant is another org's, so everything else of the document stays undone too.
    await expect(
      applyAccess(pool, documentOf({ name: 'Other', tenants: ['x'], guardrails: [], grants: [] })),
    ).rejects.toMatchObject({ code: 'conflict' })
    expect(await policy()).toEqual(before)
  })

  it('is the only way to change a folder that files declare, and removes what they no longer declare', async () => {
    const change = (sql: string) => withOrg(pool, 'health', (tx) => tx.rows(sql))
    const closed = { code: 'conflict', message: expect.stringContaining('files') }
    await expect(change(`update folders set parent_uid = null where uid = 'risk'`)).rejects.toMatchObject(
      closed,
    )
    await expect(change(`delete from folders where uid = 'risk'`)).rejects.toMatchObject(closed)
    await expect(withOrg(pool, 'health', (tx) => setPublicSharing(tx, true))).rejects.toMatchObject(closed)
    await change(
      `insert into folders (org_uid, uid, title, parent_uid) values ('health', 'own', 'Own', 'risk')`,
    )
    await change(`update folders set title = 'Our own' where uid = 'own'`)
    const without = documentOf({ folders: [{ uid: 'models', title: 'Models' }] })
    await expect(applyAccess(pool, without)).rejects.toMatchObject({ code: 'conflict' })
    await change(`update folders set parent_uid = 'models' where uid = 'own'`)
    expect(await applyAccess(pool, without)).toEqual([
      { orgUid: 'health', table: 'folders', kind: 'removed', key: 'risk' },
    ])
    await change(`delete from folders where uid = 'own'`)
    await applyAccess(pool, documentOf())
  })

  it('says whether dashboards may be shared by link', async () => {
    const changed = [{ orgUid: 'health', table: 'orgs', kind: 'changed', key: 'health' }]
    expect(await applyAccess(pool, documentOf({ publicSharing: true }))).toEqual(changed)
    expect(await withOrg(pool, 'health', isPublicSharingAllowed)).toBe(true)
    expect(await applyAccess(pool, documentOf())).toEqual(changed)
    expect(await withOrg(pool, 'health', isPublicSharingAllowed)).toBe(false)
  })

  it('leaves folders that people made', async () => {
    await withOrg(pool, 'health', (tx) =>
      tx.rows(
        `insert into folders (org_uid, uid, title, parent_uid) values ('health', 'mine', 'Mine', 'risk')`,
      ),
    )
    expect(await applyAccess(pool, documentOf())).toEqual([])
    expect((await policy()).folders.map(({ uid }) => uid)).toContain('mine')
  })

  it('plans exactly what it would do, in rows and in people, and does nothing', async () => {
    const before = await policy()
    const wider = documentOf({ grants: [{ team: 'triage', role: 'viewer' }] })
    const plan = await planAccess(pool, wider, { now: Date.UTC(2026, 0, 1) })
    expect(await policy()).toEqual(before)
    expect(plan.changes.map(({ table, kind }) => `${table} ${kind}`).toSorted()).toEqual([
      'grants added',
      'grants removed',
      'grants removed',
      'grants removed',
    ])
    const [health] = plan.orgs
    const found = health?.differences.map(({ kind, name, series, lost }) => [
      kind,
      name,
      series.map(({ change }) => change).join(),
      lost.length,
    ])
    expect(found).toContainEqual(['team', 'Triage', 'widened', 0])
    expect(found).toContainEqual(['user', 'Bob', 'widened', 0])
    const ann = found?.find(([, name]) => name === 'Ann')
    // She also loses the folder she edited.
    expect(ann?.[3]).toBeGreaterThan(0)
    expect(await applyAccess(pool, wider)).toEqual(
      plan.changes.map((change) => ({ ...change, key: expect.any(String) })),
    )
    await applyAccess(pool, documentOf())
    const elsewhere = [{ name: 'a', url: 'http://127.0.0.1:9103' }]
    const moved = documentOf({
      folders: [
        { uid: 'models', title: 'Models' },
        { uid: 'risk', title: 'Risk' },
      ],
      dataSources: [
        { uid: 'main', name: 'Main', shards: [{ name: 's1', tenants: ['health'], replicas: elsewhere }] },
      ],
    })
    const { orgs } = await planAccess(pool, moved, { now: Date.UTC(2026, 0, 1) })
    const [own] = orgs
    // Ann edits `models`, and so `risk` only while it is inside.
    expect(
      own?.differences.map(({ name, lost }) => [name, lost.includes('dashboards:write folders:uid:risk')]),
    ).toEqual([['Ann', true]])
    expect(
      own?.dataSources.map(({ uid, askedBy }) => [uid, askedBy.map(({ name }) => name).toSorted()]),
    ).toEqual([['main', ['Ann', 'Bob', 'CI']]])
    const version = (await policy()).version
    expect(await applyAccess(pool, documentOf())).toEqual([])
    expect((await policy()).version).toBe(version)
    expect(await planAccess(pool, documentOf(), { now: 0 })).toEqual({ changes: [], orgs: [] })
  })

  it('plans what other groups and issuers do: to the people who are known, and to whoever has a group', async () => {
    const now = Date.UTC(2026, 0, 1)
    const teamsOf = (triage: readonly string[], imaging: readonly string[]) => ({
      teams: [
        { uid: 'triage', name: 'Triage', idpGroups: triage, members: [ann] },
        { uid: 'imaging', name: 'Imaging', idpGroups: imaging },
      ],
    })
    const planned = async (change: Record<string, unknown>) => {
      const [org] = (await planAccess(pool, documentOf(change), { now })).orgs
      const told = (all: readonly { name: string; series: readonly { change: string }[] }[] = []) =>
        all.map(({ name, series }) => [name, series.map(({ change }) => change).join()])
      return { people: told(org?.differences), groups: told(org?.groups), issuers: org?.issuers }
    }
    expect(await planned(teamsOf(['elsewhere'], []))).toEqual({
      people: [['Bob', 'lost']],
      groups: [
        ['elsewhere', 'gained'],
        ['health-triage', 'lost'],
      ],
      issuers: undefined,
    })
    // Another team, which may do nothing, changes nothing.
    expect((await planned(teamsOf(['health-triage'], ['all-staff']))).groups).toEqual([])
    const issuers = ['https://elsewhere.example']
    expect(await planned({ issuers })).toEqual({
      people: [['Bob', 'lost']],
      groups: [],
      issuers: { before: undefined, after: issuers },
    })
  })

  it('is the only way to change what files declare', async () => {
    const change = (sql: string) => withOrg(pool, 'health', (tx) => tx.rows(sql))
    for (const sql of [
      `insert into guardrails (org_uid, uid, selector, reason) values ('health', 'x', '{a="b"}', 'why')`,
      `update grants set role = 'org-admin'`,
      `delete from teams`,
      `update service_accounts set team_uid = null`,
      `insert into team_members (org_uid, team_uid, user_uid, source) select 'health', 'imaging', user_uid, 'manual' from memberships`,
    ])
      await expect(change(sql), sql).rejects.toMatchObject({
        code: 'conflict',
        message: expect.stringContaining('files'),
      })
    await change(`update service_accounts set disabled = true`)
    await change(`update service_accounts set disabled = false`)
  })

  it('does not take over an org that is managed through the API unless told to', async () => {
    const document = parseAccessDocument({
      apiVersion: 'gatehouse/v1',
      kind: 'Access',
      orgs: [{ uid: 'by-api', name: 'By API' }],
    })
    await withOrg(pool, 'by-api', async (tx) => {
      await tx.rows(`insert into orgs (uid, name) values ('by-api', 'By API')`)
      await tx.rows(`insert into teams (org_uid, uid, name) values ('by-api', 't', 'T')`)
      await tx.rows(`delete from teams`)
    })
    await expect(applyAccess(pool, document)).rejects.toMatchObject({ code: 'conflict' })
    expect(await applyAccess(pool, document, { adopt: true })).toEqual([
      { orgUid: 'by-api', table: 'orgs', kind: 'changed', key: 'by-api' },
    ])
  })
})

describe('shard maps', () => {
  it('come back as queries are planned by them', async () => {
    const shards = [
      { name: 'prod', tenants: ['health'], series: '{env="prod"}', replicas },
      { name: 'recent', tenants: ['health'], series: '{env!="prod"}', samples: { from: '15d' }, replicas },
      {
        name: 'old',
        tenants: ['health'],
        series: '{env!="prod"}',
        samples: { until: '2030-01-01T00:00:00Z' },
        replicas,
      },
    ]
    const main = {
      uid: 'main',
      name: 'Main',
      engineUrl: 'http://127.0.0.1:9999',
      evaluationInterval: '15s',
      shards,
    }
    await applyAccess(pool, documentOf({ dataSources: [main] }))
    const { dataSources } = await withOrg(pool, 'health', readSnapshot)
    const source = dataSources.get('main')
    expect([source?.evaluationInterval, source?.engine]).toEqual([
      15_000,
      {
        name: 'engine',
        slice: { tenants: [] },
        replicas: [{ name: 'engine', url: 'http://127.0.0.1:9999' }],
      },
    ])
    const tenants = ['health']
    expect(source?.shards.map(({ slice }) => slice)).toEqual([
      {
        tenants,
        matchers: [{ name: 'env', op: '!=', value: 'prod' }],
        samples: { from: undefined, until: { at: 1_893_456_000_000 } },
      },
      { tenants, matchers: [{ name: 'env', op: '=', value: 'prod' }] },
      {
        tenants,
        matchers: [{ name: 'env', op: '!=', value: 'prod' }],
        samples: { from: { age: 1_296_000_000 }, until: undefined },
      },
    ])
  })

  it('by hash share the org’s tenants out as Prometheus’s hashmod does', async () => {
    const tenants = ['agency-a', 'agency-b', 'agency-c', 'agency-d', 'agency-e']
    const byHash = [0, 1, 2].map((remainder) => ({
      name: `s${remainder}`,
      tenantHash: { modulus: 3, remainder },
      replicas,
    }))
    await applyAccess(
      pool,
      documentOf({
        tenants,
        dataSources: [
          { uid: 'main', name: 'Main', shards: byHash },
          { uid: 'listed', name: 'Listed', shards: [{ name: 's', tenants: ['agency-b'], replicas }] },
        ],
      }),
    )
    const { dataSources } = await withOrg(pool, 'health', readSnapshot)
    expect(dataSources.get('listed')?.shards.map(({ slice }) => slice.tenants)).toEqual([['agency-b']])
    const slices = dataSources.get('main')?.shards.map(({ slice }) => slice.tenants) ?? []
    expect(slices.flat().toSorted()).toEqual(tenants)
    // test/conformance/hashmod.test.ts compares with a real Prometheus.
    for (const [remainder, own] of slices.entries())
      expect(own.map((tenant) => tenantRemainder(tenant, 3))).toEqual(own.map(() => remainder))
  })
})
