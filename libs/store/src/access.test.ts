import { parseAccessDocument, type Permission } from '@gatehouse/authz'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { freshDatabase, type TestDatabase } from '../../../test/support/postgres.ts'
import { requireAdministrator } from './administrators.ts'
import { applyAccess } from './apply/apply-access.ts'
import { createGrant, deleteGrant, listGrants, type NewGrant } from './grants.ts'
import { createPool, type Pool } from './pool.ts'
import { signIn } from './recognise.ts'
import { deleteRole, listRoles, putRole } from './roles.ts'
import { withOrg } from './transaction.ts'

let database: TestDatabase
let pool: Pool
const people: string[] = []

beforeAll(async () => {
  database = await freshDatabase()
  pool = createPool({ url: database.appUrl, size: 20 })
  await withOrg(pool, 'own', async (tx) => {
    await tx.rows(`insert into orgs (uid, name) values ('own', 'Own')`)
    await tx.rows(
      `insert into teams (org_uid, uid, name, idp_groups) values ('own', 'team', 'Team', '{all}')`,
    )
    await tx.rows(`insert into data_sources (org_uid, uid, name) values ('own', 'main', 'Main')`)
  })
  for (let i = 0; i < 10; i++) {
    const user = await signIn(pool, {
      issuer: 'https://idp',
      subject: `p${i}`,
      name: `P${i}`,
      email: undefined,
      groups: ['all'],
    })
    people.push(user?.uid ?? '')
  }
  const declared = {
    apiVersion: 'gatehouse/v1',
    kind: 'Access',
    orgs: [{ uid: 'declared', name: 'Declared', teams: [{ uid: 'team', name: 'Team' }] }],
  }
  await applyAccess(pool, parseAccessDocument(declared))
})
afterAll(async () => {
  await pool.end()
  await database.drop()
})

const grantTo = (change: Partial<NewGrant> = {}): NewGrant => ({
  subject: { kind: 'team', uid: 'team' },
  role: 'viewer',
  where: { kind: 'org' },
  constraints: [],
  notBefore: undefined,
  expiresAt: undefined,
  reason: '',
  ...change,
})

describe('grants', () => {
  it('are stored and read back as they were given', async () => {
    const given = grantTo({
      where: { kind: 'data-source', uid: 'main' },
      constraints: ['{env="prod"}', '{team=~"a|b"}'],
      notBefore: 1_000,
      expiresAt: 2_000,
      reason: 'incident 7',
    })
    const uid = await withOrg(pool, 'own', (tx) => createGrant(tx, given))
    const [found] = await withOrg(pool, 'own', listGrants)
    expect(found).toEqual({
      ...given,
      uid,
      constraints: [[{ name: 'env', op: '=', value: 'prod' }], [{ name: 'team', op: '=~', value: 'a|b' }]],
    })
    expect(await withOrg(pool, 'elsewhere', (tx) => deleteGrant(tx, uid))).toBe(false)
    expect(await withOrg(pool, 'own', (tx) => deleteGrant(tx, uid))).toBe(true)
  })

  it.each<[string, Partial<NewGrant>, string]>([
    ['an unknown team', { subject: { kind: 'team', uid: 'nope' } }, 'conflict'],
    ['a person of no membership', { subject: { kind: 'user', uid: 'u-nobody' } }, 'conflict'],
    ['an unknown data source', { where: { kind: 'data-source', uid: 'nope' } }, 'conflict'],
    ['a constraint that matches everything', { constraints: ['{env=~".*"}'] }, 'bad_data'],
    ['a period that ends before it begins', { notBefore: 2, expiresAt: 1 }, 'bad_data'],
  ])('are refused for %s', async (_name, change, code) => {
    await expect(withOrg(pool, 'own', (tx) => createGrant(tx, grantTo(change)))).rejects.toMatchObject({
      code,
    })
  })

  it('are refused in an org that is declared in files', async () => {
    await expect(withOrg(pool, 'declared', (tx) => createGrant(tx, grantTo()))).rejects.toMatchObject({
      code: 'conflict',
    })
  })
})

describe('custom roles', () => {
  const role = (version: number, ...permissions: Permission[]) => ({
    name: 'custom',
    version,
    description: '',
    permissions,
  })
  const read: Permission = { action: 'dashboards:read', scope: '*' }
  const write: Permission = { action: 'dashboards:write', scope: 'folders:uid:x' }

  it('change their permissions only with their version', async () => {
    await withOrg(pool, 'own', (tx) => putRole(tx, role(1, read)))
    await withOrg(pool, 'own', (tx) => putRole(tx, role(1, read)))
    await expect(withOrg(pool, 'own', (tx) => putRole(tx, role(1, read, write)))).rejects.toMatchObject({
      code: 'conflict',
    })
    await withOrg(pool, 'own', (tx) => putRole(tx, role(2, read, write)))
    expect(await withOrg(pool, 'own', listRoles)).toEqual([role(2, read, write)])
    await expect(withOrg(pool, 'own', (tx) => putRole(tx, role(1, read)))).rejects.toMatchObject({
      code: 'conflict',
    })
  })

  it('never take a shipped name', async () => {
    await expect(
      withOrg(pool, 'own', (tx) => putRole(tx, { ...role(9, read), name: 'viewer' })),
    ).rejects.toMatchObject({
      code: 'conflict',
    })
  })

  it('stay while a grant names them', async () => {
    const uid = await withOrg(pool, 'own', (tx) => createGrant(tx, grantTo({ role: 'custom' })))
    await expect(withOrg(pool, 'own', (tx) => deleteRole(tx, 'custom'))).rejects.toMatchObject({
      code: 'conflict',
    })
    await withOrg(pool, 'own', (tx) => deleteGrant(tx, uid))
    expect(await withOrg(pool, 'own', (tx) => deleteRole(tx, 'custom'))).toBe(true)
    expect(await withOrg(pool, 'own', (tx) => deleteRole(tx, 'custom'))).toBe(false)
  })
})

describe('the last administrator', () => {
  const admin = (uid: string, change: Partial<NewGrant> = {}) =>
    grantTo({ subject: { kind: 'user', uid }, role: 'org-admin', ...change })

  it('stays, also when ten are dismissed at the same moment', async () => {
    const uids: string[] = []
    for (const person of people) uids.push(await withOrg(pool, 'own', (tx) => createGrant(tx, admin(person))))
    const dismissals = await Promise.allSettled(
      uids.map((uid) =>
        withOrg(pool, 'own', async (tx) => {
          await deleteGrant(tx, uid)
          await requireAdministrator(tx, Date.now())
        }),
      ),
    )
    expect(dismissals.filter(({ status }) => status === 'rejected')).toHaveLength(1)
    const left = (await withOrg(pool, 'own', listGrants)).filter(({ role }) => role === 'org-admin')
    expect(left).toHaveLength(1)
  })

  it('is a person, and one for good', async () => {
    const [left] = (await withOrg(pool, 'own', listGrants)).filter(({ role }) => role === 'org-admin')
    const replace = (change: Partial<NewGrant>) =>
      withOrg(pool, 'own', async (tx) => {
        await deleteGrant(tx, left?.uid ?? '')
        await createGrant(tx, admin(people[0] ?? '', change))
        await requireAdministrator(tx, Date.now())
      })
    await expect(replace({ expiresAt: Date.now() + 1e9 })).rejects.toMatchObject({ code: 'conflict' })
    await expect(replace({ where: { kind: 'data-source', uid: 'main' } })).rejects.toMatchObject({
      code: 'conflict',
    })
    await replace({})
  })
})
