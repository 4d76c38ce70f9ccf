import { parseAccessDocument } from '@gatehouse/authz'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { freshDatabase, type TestDatabase } from '../../../test/support/postgres.ts'
import { applyAccess } from './apply/apply-access.ts'
import { createPool, type Pool } from './pool.ts'
import { signIn } from './recognise.ts'
import { openSession } from './sessions.ts'

import { type OrgTransaction, withOrg } from './transaction.ts'

const orgs = ['aa', 'bb']
const who = { issuer: 'https://idp.example.org', subject: 'ann' }
let database: TestDatabase
let pool: Pool

beforeAll(async () => {
  database = await freshDatabase()
  pool = createPool({ url: database.appUrl, size: 5 })
  const teams = (uid: string) => [{ uid: 'crew', name: 'Crew', idpGroups: [uid] }]
  const document = {
    apiVersion: 'gatehouse/v1',
    kind: 'Access',
    orgs: orgs.map((uid) => ({ uid, name: uid, teams: teams(uid) })),
  }
  await applyAccess(pool, parseAccessDocument(document), {})
})
afterAll(async () => {
  await pool.end()
  await database.drop()
})

const leave = (tx: OrgTransaction) => tx.rows('delete from memberships where org_uid = $1', [tx.orgUid])
const count = async (org: string, table: string) =>
  (await withOrg(pool, org, (tx) => tx.rows(`select from ${table} where org_uid = $1`, [tx.orgUid]))).length

// The session is kept in aa; whoever is the later one ends it.
it.each([
  ['aa', 'bb'],
  ['bb', 'aa'],
])('lets somebody leave %s while they are leaving %s', async (first, second) => {
  const user = await signIn(pool, { ...who, name: 'Ann', email: undefined, groups: orgs })
  if (user === undefined) throw new Error('a new person is disabled')
  await openSession(pool, {
    ...who,
    hash: first.repeat(32).replaceAll('b', 'c'),
    orgUid: 'aa',
    userUid: user.uid,
    idpSession: undefined,
    address: '127.0.0.1',
    userAgent: undefined,
    idleMs: 60_000,
    lifetimeMs: 60_000,
  })
  let other: Promise<unknown> = Promise.resolve()
  await withOrg(pool, first, async (tx) => {
    await leave(tx)
    other = withOrg(pool, second, leave)
    // It is on its way, or waits for this one.
    await new Promise((done) => setTimeout(done, 300))
  })
  await other
  expect([await count('aa', 'memberships'), await count('bb', 'memberships')]).toEqual([0, 0])
  expect([await count('aa', 'sessions'), await count('bb', 'sessions')]).toEqual([0, 0])
})
