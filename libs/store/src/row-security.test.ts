import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { freshDatabase, type TestDatabase } from '../../../test/support/postgres.ts'
import { assertLeastPrivilege } from './app-login.ts'
import { createPool, type Pool } from './pool.ts'
import { withOrg } from './transaction.ts'

// One row of every table, for org `$1`; the order follows the foreign keys.
const seed: readonly string[] = [
  `insert into orgs (uid, name) values ($1::text, 'Org')`,
  `insert into tenants (org_uid, value) values ($1::text, 'tenant-' || $1::text)`,
  `insert into memberships (org_uid, user_uid, source) values ($1::text, 'u-' || $1::text, 'manual')`,
  `insert into teams (org_uid, uid, name) values ($1::text, 'team', 'Team')`,
  `insert into team_members (org_uid, team_uid, user_uid, source) values ($1::text, 'team', 'u-' || $1::text, 'manual')`,
  `insert into service_accounts (org_uid, uid, name) values ($1::text, 'sa', 'Account')`,
  `insert into service_account_tokens (org_uid, uid, service_account_uid, name, prefix, hash, expires_at)
     values ($1::text, 'tok', 'sa', 'Token', 'gatehouse_sa_x', encode(sha256($1::text::bytea), 'hex'), now() + interval '1 day')`,
  `insert into sessions (org_uid, uid, hash, user_uid, issuer, subject, idle_timeout, expires_at)
     values ($1::text, 's-' || $1::text, encode(sha256($1::text::bytea), 'hex'), 'u-' || $1::text, 'https://idp', $1::text, '1 hour', now() + interval '1 day')`,
  `insert into folders (org_uid, uid, title) values ($1::text, 'folder', 'Folder')`,
  `insert into dashboards (org_uid, uid, folder_uid, title) values ($1::text, 'board', 'folder', 'Board')`,
  `insert into dashboard_versions (org_uid, dashboard_uid, version, content, queries, saved_by)
     values ($1::text, 'board', 1, '{}', '{}', 'u')`,
  `insert into data_sources (org_uid, uid, name) values ($1::text, 'main', 'Main')`,
  `insert into shards (org_uid, data_source_uid, name, slice) values ($1::text, 'main', 's1', '{"tenants": []}')`,
  `insert into replicas (org_uid, data_source_uid, shard, name, url) values ($1::text, 'main', 's1', 'r1', 'http://127.0.0.1:9090')`,
  `insert into roles (org_uid, name, version, permissions) values ($1::text, 'custom', 1, '["datasources:read"]')`,
  `insert into grants (org_uid, uid, team_uid, role) values ($1::text, 'g1', 'team', 'viewer')`,
  `insert into rehearsals (org_uid, uid, document_sha256, since, until, created_by, report)
     values ($1::text, 'r1', repeat('a', 64), now() - interval '1 day', now(), 'u', '{}')`,
  `insert into access_requests (org_uid, uid, user_uid, role, where_kind, where_uid, lasts_seconds, reason)
     values ($1::text, 'q1', 'u-' || $1::text, 'viewer', 'org', $1::text, 60, 'why')`,
  `insert into break_glass (org_uid, uid, opened_by, where_kind, where_uid, reason, grant_uid, expires_at)
     values ($1::text, 'b1', 'u-' || $1::text, 'org', $1::text, 'why', 'g1', now() + interval '1 hour')`,
  `insert into notices (org_uid, uid, channel, target, message) values ($1::text, 'n1', 'email', 'a@example.org', '{}')`,
  `insert into noted_endings (org_uid, grant_uid, expires_at) values ($1::text, 'g1', now())`,
  `insert into provisioning_tokens (org_uid, uid, name, prefix, hash, issuer, subject_from, expires_at)
     values ($1::text, 'p1', 'Token', 'x', encode(sha256($1::text::bytea), 'hex'), 'https://idp', 'externalId', now() + interval '1 day')`,
  `insert into scim_users (org_uid, user_uid, user_name) values ($1::text, 'u-' || $1::text, 'name')`,
  `insert into scim_groups (org_uid, uid, display_name) values ($1::text, 'sg', 'Group')`,
  `insert into scim_left (org_uid, user_uid) values ($1::text, 'u-' || $1::text)`,
  `insert into scim_group_members (org_uid, group_uid, user_uid) values ($1::text, 'sg', 'u-' || $1::text)`,
  `insert into idempotency_keys (org_uid, principal, key, request, answer)
     values ($1::text, 'user:u-' || $1::text, 'k1', encode(sha256('r'), 'hex'), '{}')`,
  `insert into query_stops (org_uid, uid, kind, value, reason, created_by) values ($1::text, 'stop', 'principal', 'u', 'why', 'u')`,
  `insert into running_queries (org_uid, uid, process, request_id, principal_uid, data_source_uid, endpoint, query, fingerprint, started_at)
     values ($1::text, 'q', 'p', 'r', 'u', 'main', 'query', 'up', 'f', now())`,
  `insert into query_statistics values ($1::text, now(), 'u', '', 'main', 'f', 1, 0, 0, 1, 1, 1)`,
  `insert into slow_queries values ($1::text, 's', now(), 'r', 'u', '', 'main', 'query', 'up', 'f', 9, 1, 1, 'miss')`,
  `insert into guardrails (org_uid, uid, selector, reason) values ($1::text, 'rail', '{a="b"}', 'why')`,
  `insert into local_admin_codes (org_uid, hash, made_by, reason, expires_at)
     values ($1::text, encode(sha256($1::text::bytea), 'hex'), 'root', 'because it burns', now() + interval '1 hour')`,
]
// The application changes none of these, and reads the history of its org only: look-ups and triggers do.
const unreachable = ['policy_history', 'released_tenants', 'upstream_claims']

// Tables of other files of this package have tests of their own; here it counts that none of them is open.
const seeded = seed.map((sql) => /into (\w+)/.exec(sql)?.[1] ?? '').filter((table) => table !== 'orgs')

let database: TestDatabase
let admin: pg.Client
let pool: Pool

async function seedOrg(org: string): Promise<void> {
  await admin.query(`insert into users (uid, name) values ('u-' || $1::text, 'Somebody')`, [org])
  await admin.query(
    `insert into identities (issuer, subject, user_uid) values ('https://idp', $1::text, 'u-' || $1::text)`,
    [org],
  )
  for (const sql of seed) await withOrg(pool, org, (tx) => tx.rows(sql, [org]))
}

beforeAll(async () => {
  database = await freshDatabase()
  admin = new pg.Client({ connectionString: database.adminUrl })
  await admin.connect()
  pool = createPool({ url: database.appUrl })
  await seedOrg('alpha')
  await seedOrg('beta')
})

afterAll(async () => {
  await pool.end()
  await admin.end()
  await database.drop()
})

/** Every table with an org_uid column. A partition obeys its parent's policies as long as nobody may name it directly. */
async function orgTables(): Promise<string[]> {
  const { rows } = await admin.query<{ name: string }>(`
    select c.relname as name from pg_class c
    join pg_attribute a on a.attrelid = c.oid and a.attname = 'org_uid' and not a.attisdropped
    where c.relkind in ('r', 'p') and c.relnamespace = 'public'::regnamespace
      and (not c.relispartition or has_table_privilege('gatehouse_app', c.oid, 'select, insert, update, delete'))
    order by 1`)
  return rows.map(({ name }) => name)
}

const asApp = async (sql: string, values: readonly unknown[] = []): Promise<unknown[]> =>
  (await pool.query<Record<string, unknown>>(sql, [...values])).rows

describe('row-level security', () => {
  it('is forced on every table that belongs to orgs, and on orgs, users and identities', async () => {
    const tables = [...(await orgTables()), 'orgs', 'users', 'identities']
    const { rows } = await admin.query<{ name: string }>(
      `select relname as name from pg_class
       where relnamespace = 'public'::regnamespace and relname = any ($1) and not (relrowsecurity and relforcerowsecurity)`,
      [tables],
    )
    expect(tables.length).toBeGreaterThan(15)
    expect(rows.map(({ name }) => name)).toEqual([])
  })

  it('is tested below for every table that withOrg writes', async () => {
    const audit = (await orgTables()).filter((table) => table.startsWith('audit_'))
    expect([...seeded, ...unreachable, 'invitations', ...audit].toSorted()).toEqual(await orgTables())
  })

  it('shows an org nothing of whom it invited, until they come', async () => {
    const inOrg = (org: string, sql: string) => withOrg(pool, org, (tx) => tx.rows(sql))
    const seen = async (org: string) => [
      await inOrg(org, 'select uid from users'),
      await inOrg(org, 'select subject from identities'),
      await inOrg(org, 'select user_uid from invitations'),
    ]
    const before = await seen('beta')
    expect(await seen('alpha')).toEqual([[{ uid: 'u-alpha' }], [{ subject: 'alpha' }], []])
    await inOrg('alpha', `insert into invitations values ('alpha', 'u-alpha', 'Somebody')`)
    expect(await seen('alpha')).toEqual([[], [], [{ user_uid: 'u-alpha' }]])
    expect(await seen('beta')).toEqual(before)
    expect(await asApp('select * from invitations')).toEqual([])
    await inOrg('beta', 'delete from invitations')
    await expect(
      inOrg('beta', `insert into invitations values ('alpha', 'u-alpha', 'x')`),
    ).rejects.toMatchObject({ code: expect.any(String) })
    await inOrg('alpha', 'delete from invitations')
    expect(await seen('alpha')).toEqual([[{ uid: 'u-alpha' }], [{ subject: 'alpha' }], []])
  })

  it.each(seeded)('%s shows only the org that was entered, and nothing outside', async (table) => {
    for (const org of ['alpha', 'beta']) {
      const rows = await withOrg(pool, org, (tx) =>
        tx.rows<{ org_uid: string }>(`select org_uid from ${table}`),
      )
      expect(rows).toEqual([{ org_uid: org }])
    }
    expect(await asApp(`select * from ${table}`)).toEqual([])
    expect(await withOrg(pool, '', (tx) => tx.rows(`select * from ${table}`))).toEqual([])
    expect(await withOrg(pool, 'nobody', (tx) => tx.rows(`select * from ${table}`))).toEqual([])
  })

  it.each(seeded)('%s refuses rows for another org, and changes of its rows reach none', async (table) => {
    const column = (
      await admin.query<{ column_name: string }>(
        `select column_name from information_schema.columns where table_schema = 'public' and table_name = $1 and is_generated = 'NEVER'`,
        [table],
      )
    ).rows.map(({ column_name }) => column_name)
    const copy = column.map((name) => (name === 'org_uid' ? `'beta'` : name)).join(', ')
    const insert = `insert into ${table} (${column.join(', ')}) select ${copy} from ${table}`
    await expect(withOrg(pool, 'alpha', (tx) => tx.rows(insert))).rejects.toThrow(
      expect.objectContaining({ detail: expect.stringContaining('row-level security') }),
    )
    // A table whose rows never change gives the application no right to change any.
    await expect(
      withOrg(pool, 'alpha', (tx) => tx.rows(`update ${table} set org_uid = 'beta'`)),
    ).rejects.toThrow(
      expect.objectContaining({ detail: expect.stringMatching(/row-level security|permission denied/) }),
    )
    const reached = await withOrg(pool, 'alpha', (tx) =>
      tx.rows(`delete from ${table} where org_uid = 'beta' returning 1`),
    )
    expect(reached).toEqual([])
  })

  it('shows an org itself only, and people of the org only', async () => {
    const orgs = await withOrg(pool, 'alpha', (tx) => tx.rows('select uid from orgs'))
    const users = await withOrg(pool, 'alpha', (tx) => tx.rows('select uid from users'))
    const identities = await withOrg(pool, 'alpha', (tx) => tx.rows('select subject from identities'))
    expect([orgs, users, identities]).toEqual([
      [{ uid: 'alpha' }],
      [{ uid: 'u-alpha' }],
      [{ subject: 'alpha' }],
    ])
    expect(await asApp('select * from users')).toEqual([])
  })

  it('forgets the org at the end of the transaction, on the same connection', async () => {
    const single = createPool({ url: database.appUrl, size: 1 })
    await withOrg(single, 'alpha', (tx) => tx.rows('select 1'))
    expect((await single.query('select * from teams')).rows).toEqual([])
    await expect(
      withOrg(single, 'alpha', async () => {
        throw new Error('stop')
      }),
    ).rejects.toThrow()
    expect((await single.query('select * from teams')).rows).toEqual([])
    await single.end()
  })
})

describe('the application role', () => {
  it.each([
    ['switch row-level security off', 'alter table grants disable row level security'],
    ['own or change a table', 'alter table grants add column x int'],
    ['create tables', 'create table mine (x int)'],
    ['become the definer', 'set role gatehouse_definer'],
    ['set versions by hand', `update orgs set policy_version = 1`],
    ['make users', `insert into users (uid, name) values ('x', 'x')`],
    ['empty the audit log', 'truncate audit_events'],
    ['rewrite the audit log', `update audit_events set event = '{}'`],
    ['delete from the audit log', 'delete from audit_events'],
    ['touch the list of migrations', 'delete from schema_migrations'],
    ['truncate', 'truncate grants'],
    ...unreachable.flatMap((table): [string, string][] => [
      ...(table === 'policy_history'
        ? []
        : [[`read ${table}`, `select * from ${table}`] as [string, string]]),
      [`empty ${table}`, `delete from ${table}`],
    ]),
  ])('cannot %s', async (_what, sql) => {
    await expect(asApp(sql)).rejects.toMatchObject({ code: '42501' })
  })

  it('has no look-up beyond the closed set', async () => {
    const { rows } = await admin.query<{ name: string }>(`
      select proname as name from pg_proc
      where pronamespace = 'public'::regnamespace and prosecdef and has_function_privilege('gatehouse_app', oid, 'execute')
        and proname not like 'audit%' order by 1`)
    expect(rows.map(({ name }) => name)).toEqual([
      'begin_session_check',
      'contested_data_sources',
      'end_member_session',
      'end_session_check',
      'extend_session',
      'find_invitations',
      'find_memberships',
      'find_provisioning_token',
      'find_sealed',
      'find_session',
      'find_teams_of_groups',
      'find_token',
      'find_user',
      'member_sessions',
      'orgs_with_endings',
      'policy_versions',
      'prune_sessions',
      'query_stops_in_force',
      'reached_by_others',
      'recognise_user',
      'revoke_session',
      'revoke_sessions_of',
      'session_ends',
      'take_local_admin_code',
      'take_notices',
      'touch_sessions',
      'touch_tokens',
      'upstreams_of_others',
    ])
  })

  it('is accepted at start-up; a role that is not bound is not', async () => {
    await expect(assertLeastPrivilege(pool)).resolves.toBeUndefined()
    const owner = createPool({ url: database.adminUrl })
    await expect(assertLeastPrivilege(owner)).rejects.toThrow(expect.objectContaining({ code: 'internal' }))
    await owner.end()
  })
})
