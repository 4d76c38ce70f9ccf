import { type AuditRecord, verifyChain } from '@gatehouse/audit'
import { sampleEvent } from '@gatehouse/audit/sample'
import {
  createChangeRecorder,
  createPool,
  enterOrg,
  type Pool,
  sha256,
  withTransaction,
} from '@gatehouse/store'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { freshDatabase, type TestDatabase } from '../support/postgres.ts'

let database: TestDatabase
let pool: Pool
let admin: pg.Client
const record = createChangeRecorder()

beforeAll(async () => {
  database = await freshDatabase()
  pool = createPool({ url: database.appUrl })
  admin = new pg.Client({ connectionString: database.adminUrl })
  await admin.connect()
})
afterAll(async () => {
  await pool.end()
  await admin.end()
  await database.drop()
})

async function stored(org: string | null): Promise<AuditRecord[]> {
  const { rows } = await admin.query<AuditRecord>(
    `select writer, org_uid as org, seq::int, encode(prev, 'hex') as prev, encode(hash, 'hex') as hash, event
     from audit_events where writer = 'store' and org_uid is not distinct from $1 order by seq`,
    [org],
  )
  return rows
}

const change = (n: number, orgUid: string | null = 'transport'): ReturnType<typeof sampleEvent> =>
  sampleEvent(n, { code: 'A004I', orgUid, detail: { n } })

describe('a change recorded in its own transaction', () => {
  it('is there exactly when the change is', async () => {
    await withTransaction(pool, async (tx) => record(await enterOrg(tx, 'transport'), change(1)))
    const failing = withTransaction(pool, async (tx) => {
      await record(await enterOrg(tx, 'transport'), change(2))
      throw new Error('the change failed')
    })
    await expect(failing).rejects.toThrow()
    expect((await stored('transport')).map(({ seq }) => seq)).toEqual([1])
  })

  it('forms one chain per org, also when many come at once', async () => {
    const orgs = ['health', 'revenue', null]
    await Promise.all(
      Array.from({ length: 90 }, (_, n) =>
        withTransaction(pool, async (tx) => {
          const org = orgs[n % 3] ?? null
          await record(org === null ? tx : await enterOrg(tx, org), change(100 + n, org))
          if (n % 5 === 0) throw new Error('rolled back')
        }).catch(() => undefined),
      ),
    )
    for (const org of orgs) {
      const records = await stored(org)
      expect(records).toHaveLength(24)
      expect(verifyChain({ writer: 'store', org }, records, { sha256 }).finding).toBeUndefined()
    }
  })

  it('of another org than the transaction entered goes on with that org’s chain', async () => {
    await withTransaction(pool, async (tx) => record(await enterOrg(tx, 'health'), change(300, 'transport')))
    const records = await stored('transport')
    expect(verifyChain({ writer: 'store', org: 'transport' }, records, { sha256 })).toMatchObject({
      head: { seq: 2 },
      finding: undefined,
    })
  })
})

describe('the application’s role', () => {
  const month = `audit_events_${sampleEvent().at.slice(0, 7).replace('-', '_')}`
  it.each([
    `update audit_events set writer = 'x'`,
    'delete from audit_events',
    'truncate audit_events',
    'drop table audit_events',
    'alter table audit_events disable trigger all',
    `update audit_identities set name = 'x'`,
    'delete from audit_identities',
    'update audit_heads set seq = 1',
    'insert into audit_counts values (now(), null, $$x$$, $$query$$, $$allowed$$, 1)',
    `select count(*) from ${month}`,
    `select count(*) from ${month}_change`,
    `insert into ${month}_change (at) values (now())`,
  ])('cannot: %s', async (sql) => {
    await expect(pool.query(sql)).rejects.toMatchObject({ code: '42501' })
  })

  it('even the owner is stopped by a trigger', async () => {
    for (const sql of [
      'update audit_events set seq = 9',
      'delete from audit_events',
      'truncate audit_events',
    ])
      await expect(admin.query(sql)).rejects.toMatchObject({ code: '42501' })
    const { rows } = await admin.query<{ leaf: string }>(
      `select tableoid::regclass::text as leaf from audit_events limit 1`,
    )
    await expect(admin.query(`truncate ${rows[0]?.leaf}`)).rejects.toMatchObject({ code: '42501' })
  })

  it('sees the events of the org it entered only', async () => {
    const count = (org: string): Promise<unknown> =>
      withTransaction(pool, async (tx) => {
        const rows = await (await enterOrg(tx, org)).rows('select distinct org_uid from audit_events')
        return rows.map((row) => row['org_uid'])
      })
    expect(await count('health')).toEqual(['health'])
    expect(await count('nobody')).toEqual([])
    expect((await pool.query('select from audit_events')).rowCount).toBe(0)
    expect((await pool.query('select from audit_heads')).rowCount).toBe(0)
    expect((await pool.query('select from audit_identities')).rowCount).toBe(0)
  })
})
