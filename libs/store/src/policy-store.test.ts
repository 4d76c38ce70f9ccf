import { setTimeout as sleep } from 'node:timers/promises'
import { parseAccessDocument } from '@gatehouse/authz'
import pg from 'pg'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { freshDatabase, type TestDatabase } from '../../../test/support/postgres.ts'
import { applyAccess } from './apply/apply-access.ts'
import { createPolicyStore, type PolicyStore } from './policy-store.ts'
import { createPool, type Pool } from './pool.ts'
import { withOrg } from './transaction.ts'

let database: TestDatabase
let pool: Pool
let store: PolicyStore
let admin: pg.Client

function withTeam(name: string) {
  return parseAccessDocument({
    apiVersion: 'gatehouse/v1',
    kind: 'Access',
    orgs: [{ uid: 'health', name: 'Health', teams: [{ uid: 'team', name }] }],
  })
}
const teamName = async (): Promise<string | undefined> => (await store.get('health')).policy.teams[0]?.name

async function until(check: () => Promise<boolean>, withinMs: number): Promise<number> {
  const started = performance.now()
  while (!(await check())) {
    if (performance.now() - started > withinMs) throw new Error(`not within ${withinMs} ms`)
    await sleep(10)
  }
  return performance.now() - started
}

beforeAll(async () => {
  database = await freshDatabase()
  admin = new pg.Client({ connectionString: database.adminUrl })
  await admin.connect()
})
beforeEach(async () => {
  pool = createPool({ url: database.appUrl })
  await applyAccess(pool, withTeam('First'))
  store = createPolicyStore({ pool, maxStaleness: 60_000, pollInterval: 60_000 })
  await store.refresh()
  // Until the listener stands, only the poll would tell.
  await until(async () => {
    const { rows } = await admin.query(
      `select 1 from pg_stat_activity where application_name = 'gatehouse listen' and datname = current_database()`,
    )
    return rows.length === 1
  }, 5_000)
  await sleep(50)
})
afterEach(async () => {
  await store.close()
  await pool.end()
})
afterAll(async () => {
  await admin.end()
  await database.drop()
})

async function cutListener(): Promise<void> {
  await admin.query(
    `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'gatehouse listen' and datname = current_database()`,
  )
}

describe('a policy store', () => {
  it('gives the same object until something changes, then follows the notification', async () => {
    const before = await store.get('health')
    expect(await store.get('health')).toBe(before)
    await applyAccess(pool, withTeam('Second'))
    await until(async () => (await teamName()) === 'Second', 2_000)
    expect((await store.get('health')).policy.version).not.toBe(before.policy.version)
  })

  it('follows by polling, as often as it is shipped, when notifications are cut', {
    timeout: 20_000,
  }, async () => {
    await store.close()
    store = createPolicyStore({ pool, maxStaleness: 60_000 })
    await store.get('health')
    const cutting = setInterval(() => void cutListener(), 20)
    try {
      await applyAccess(pool, withTeam('Polled'))
      await until(async () => (await teamName()) === 'Polled', 10_000)
    } finally {
      clearInterval(cutting)
    }
  })

  it('hears again after its connection was cut', async () => {
    await store.get('health')
    await cutListener()
    await sleep(1_500)
    await applyAccess(pool, withTeam('Heard'))
    await until(async () => (await teamName()) === 'Heard', 2_000)
  })

  it('reads once however many ask', async () => {
    const all = await Promise.all(Array.from({ length: 50 }, () => store.get('health')))
    expect(new Set(all).size).toBe(1)
  })

  it('knows nothing of an org that does not exist or was deleted', async () => {
    await expect(store.get('nope')).rejects.toMatchObject({ code: 'not_found' })
    await withOrg(pool, 'gone', (tx) => tx.rows(`insert into orgs (uid, name) values ('gone', 'Gone')`))
    await store.get('gone')
    await withOrg(pool, 'gone', (tx) => tx.rows('delete from orgs'))
    await until(
      async () =>
        store.get('gone').then(
          () => false,
          () => true,
        ),
      2_000,
    )
    await expect(store.get('gone')).rejects.toMatchObject({ code: 'not_found' })
  })

  it('answers from what it knows while Postgres is away, then fails closed', async () => {
    await store.close()
    store = createPolicyStore({ pool, maxStaleness: 1_500, pollInterval: 100 })
    await store.get('health')
    await admin.query(`alter database ${new URL(database.appUrl).pathname.slice(1)} connection limit 0`)
    try {
      await admin.query(
        `select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()`,
      )
      expect(await teamName()).toBe('First')
      await until(async () => store.staleness() > 1_500, 5_000)
      await expect(store.get('health')).rejects.toMatchObject({ code: 'unavailable' })
    } finally {
      await admin.query(`alter database ${new URL(database.appUrl).pathname.slice(1)} connection limit -1`)
    }
    await until(
      async () =>
        store.get('health').then(
          () => true,
          () => false,
        ),
      10_000,
    )
    expect(await teamName()).toBe('First')
  })
})

describe('versions', () => {
  beforeAll(async () => {
    const setUp = createPool({ url: database.appUrl })
    await setUp.query(`select recognise_user('u-new', 'https://idp', 'n', 'New', null)`)
    await withOrg(setUp, 'counted', async (tx) => {
      await tx.rows(`insert into orgs (uid, name) values ('counted', 'Counted')`)
      await tx.rows(`insert into teams (org_uid, uid, name) values ('counted', 'team', 'Team')`)
    })
    await setUp.end()
  })

  it.each([
    ['tenants', `insert into tenants (org_uid, value) values ('counted', 'extra')`],
    [
      'roles',
      `insert into roles (org_uid, name, version, permissions) values ('counted', 'r', 1, '["orgs:read"]')`,
    ],
    ['grants', `insert into grants (org_uid, uid, team_uid, role) values ('counted', 'g', 'team', 'viewer')`],
    ['a grant change', `update grants set role = 'editor'`],
    ['a grant removal', `delete from grants`],
    [
      'guardrails',
      `insert into guardrails (org_uid, uid, selector, reason) values ('counted', 'x', '{a="b"}', 'why')`,
    ],
    ['folders', `insert into folders (org_uid, uid, title) values ('counted', 'f', 'F')`],
    ['data sources', `insert into data_sources (org_uid, uid, name) values ('counted', 'd', 'D')`],
    [
      'shards',
      `insert into shards (org_uid, data_source_uid, name, slice) values ('counted', 'd', 's', '{"tenants": []}')`,
    ],
    [
      'replicas',
      `insert into replicas (org_uid, data_source_uid, shard, name, url) values ('counted', 'd', 's', 'r', 'http://x')`,
    ],
    ['service accounts', `insert into service_accounts (org_uid, uid, name) values ('counted', 'sa', 'SA')`],
    [
      'memberships',
      `insert into memberships (org_uid, user_uid, source) values ('counted', 'u-new', 'manual')`,
    ],
    [
      'team members',
      `insert into team_members (org_uid, team_uid, user_uid, source) values ('counted', 'team', 'u-new', 'manual')`,
    ],
    ['names of members', `select recognise_user('u-other', 'https://idp', 'n', 'Renamed', null)`],
    ['memberships again', `delete from memberships`],
    ['the org itself', `update orgs set name = 'Health agency'`],
  ])('raises the version on a change of %s', async (_what, sql) => {
    const version = () =>
      withOrg(pool, 'counted', (tx) => tx.rows<{ v: string }>('select policy_version as v from orgs'))
    const [before] = await version()
    await withOrg(pool, 'counted', (tx) => tx.rows(sql))
    const [after] = await version()
    const rise = Number(after?.v) - Number(before?.v)
    expect(rise).toBeGreaterThan(0)
  })

  it('raises a data source’s own version with its shards and replicas', async () => {
    const version = async () =>
      (
        await withOrg(pool, 'counted', (tx) =>
          tx.rows<{ v: string }>('select version as v from data_sources'),
        )
      )[0]?.v
    const before = Number(await version())
    await withOrg(pool, 'counted', (tx) => tx.rows(`update replicas set url = 'http://y'`))
    expect(Number(await version())).toBeGreaterThan(before)
    await withOrg(pool, 'counted', (tx) => tx.rows(`delete from shards`))
    expect(Number(await version())).toBeGreaterThan(before + 1)
  })

  it('do not rise with what is no policy: uses of tokens and sessions', async () => {
    const version = () => withOrg(pool, 'counted', (tx) => tx.rows('select policy_version from orgs'))
    const before = await version()
    await pool.query(`select touch_tokens('{}', '{}'), touch_sessions('{}', '{}')`)
    expect(await version()).toEqual(before)
  })
})
