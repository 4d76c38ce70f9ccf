import pg from 'pg'
import { describe, expect, it } from 'vitest'
import { freshDatabase } from '../../../test/support/postgres.ts'
import { dumpSchema } from './dump-schema.ts'
import { migrate } from './migrate.ts'

async function query(url: string, sql: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows
  } finally {
    await client.end()
  }
}

describe('migrate', () => {
  it('lets two instances that start together both finish, each migration once', async () => {
    const database = await freshDatabase({ migrated: false })
    const options = { appUrl: database.appUrl }
    const [a, b] = await Promise.all([
      migrate(database.adminUrl, options),
      migrate(database.adminUrl, options),
    ])
    const applied = [...a, ...b]
    expect(applied.length).toBeGreaterThan(5)
    expect(new Set(applied).size).toBe(applied.length)
    expect([a.length, b.length]).toContain(0)
    expect(await query(database.appUrl, 'select app_org() as org')).toEqual([{ org: null }])
    await database.drop()
  })

  it('does not need a superuser', async () => {
    const database = await freshDatabase({ migrated: false })
    const name = new URL(database.adminUrl).pathname.slice(1)
    await query(database.adminUrl, `create role owner_of_${name} login createrole password 'x'`)
    await query(
      database.adminUrl,
      `grant gatehouse_app, gatehouse_definer to owner_of_${name} with admin true, inherit false`,
    )
    await query(database.adminUrl, `alter database ${name} owner to owner_of_${name}`)
    const ownerUrl = Object.assign(new URL(database.adminUrl), {
      username: `owner_of_${name}`,
      password: 'x',
    }).href
    await migrate(ownerUrl)
    const reference = await freshDatabase()
    expect(await dumpSchema(ownerUrl)).toBe(await dumpSchema(reference.adminUrl))
    // Not even the owner of the tables reads past row-level security.
    await query(
      database.appUrl,
      `begin; select set_config('app.org', 'a', true); insert into orgs (uid, name) values ('a', 'A'); commit`,
    )
    expect(await query(ownerUrl, 'select * from orgs')).toEqual([])
    expect(await query(database.appUrl, 'select * from policy_versions()')).toEqual([
      { org_uid: 'a', version: '1' },
    ])
    await database.drop()
    await reference.drop()
  })

  it('refuses a migration that was changed after it had been applied', async () => {
    const database = await freshDatabase()
    await query(database.adminUrl, `update schema_migrations set sha256 = 'x' where name like '0001%'`)
    await expect(migrate(database.adminUrl)).rejects.toThrow(/0001_tenancy\.sql was changed/)
    await database.drop()
  })

  it('undoes a migration that fails, names it, and goes on where it stopped', async () => {
    const database = await freshDatabase({ migrated: false })
    await query(database.adminUrl, 'create table grants (x int)')
    await expect(migrate(database.adminUrl)).rejects.toThrow(/0002_access\.sql failed/)
    expect(await query(database.adminUrl, `select to_regclass('folders') as f`)).toEqual([{ f: null }])
    await query(database.adminUrl, 'drop table grants')
    expect((await migrate(database.adminUrl))[0]).toBe('0002_access.sql')
    await database.drop()
  })
})

describe('the folder tree', () => {
  it('stays a tree of at most 16 levels', async () => {
    const database = await freshDatabase()
    const inOrg = (sql: string) =>
      query(database.appUrl, `begin; select set_config('app.org', 'a', true); ${sql}; commit`)
    await inOrg(
      `insert into orgs (uid, name) values ('a', 'A'); insert into folders (org_uid, uid, title) values ('a', 'f1', 'F')`,
    )
    for (let level = 2; level <= 16; level++)
      await inOrg(
        `insert into folders (org_uid, uid, title, parent_uid) values ('a', 'f${level}', 'F', 'f${level - 1}')`,
      )
    await expect(
      inOrg(`insert into folders (org_uid, uid, title, parent_uid) values ('a', 'f17', 'F', 'f16')`),
    ).rejects.toThrow(/deeper than 16/)
    await expect(inOrg(`update folders set parent_uid = 'f3' where uid = 'f1'`)).rejects.toThrow(
      /inside itself/,
    )
    await database.drop()
  })
})
