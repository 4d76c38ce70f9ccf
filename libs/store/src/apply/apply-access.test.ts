import { authorize, parseAccessDocument, type Principal } from '@gatehouse/authz'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { freshDatabase, type TestDatabase } from '../../../../test/support/postgres.ts'
import { createPool, type Pool } from '../pool.ts'
import { signIn } from '../recognise.ts'
import { readSnapshot } from '../snapshot.ts'
import { withOrg } from '../transaction.ts'
import { applyAccess } from './apply-access.ts'

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
    const fromGroup = [{ uid: 'triage', source: 'sso' }]
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
    await withOrg(pool, 'health', (tx) =>
      tx.rows(
        `insert into dashboards (org_uid, uid, folder_uid, title) values ('health', 'board', 'risk', 'Board')`,
      ),
    )
    // The folder is in use, so everything else of the document stays undone too.
    await expect(
      applyAccess(pool, documentOf({ name: 'Other', folders: [], grants: [] })),
    ).rejects.toMatchObject({
      code: 'conflict',
    })
    expect(await policy()).toEqual(before)
  })

  it('does not take over an org that is managed through the API unless told to', async () => {
    const document = parseAccessDocument({
      apiVersion: 'gatehouse/v1',
      kind: 'Access',
      orgs: [{ uid: 'by-api', name: 'By API' }],
    })
    await withOrg(pool, 'by-api', (tx) => tx.rows(`insert into orgs (uid, name) values ('by-api', 'By API')`))
    await expect(applyAccess(pool, document)).rejects.toMatchObject({ code: 'conflict' })
    expect(await applyAccess(pool, document, { adopt: true })).toEqual([
      { orgUid: 'by-api', table: 'orgs', kind: 'changed', key: 'by-api' },
    ])
  })
})
