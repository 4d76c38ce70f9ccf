import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type AuditEvent, type AuditRecord, verifyChain } from '@gatehouse/audit'
import { sampleEvent } from '@gatehouse/audit/sample'
import { type AuditWriter, createAuditWriter, createPool, type Pool, sha256 } from '@gatehouse/store'
import pg from 'pg'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { freshDatabase, type TestDatabase } from '../support/postgres.ts'

let database: TestDatabase
let pool: Pool
let admin: pg.Client
let dir: string

beforeAll(async () => {
  database = await freshDatabase()
  admin = new pg.Client({ connectionString: database.adminUrl })
  await admin.connect()
})
afterAll(async () => {
  await admin.end()
  await database.drop()
})
beforeEach(() => {
  pool = createPool({ url: database.appUrl })
  dir = mkdtempSync(join(tmpdir(), 'gatehouse-audit-'))
})
afterEach(async () => {
  await pool.end()
  rmSync(dir, { recursive: true, force: true })
})

const open = (writerId: string): Promise<AuditWriter> => createAuditWriter({ dir, writerId, pool })

async function waitFor(check: () => boolean | Promise<boolean>): Promise<void> {
  for (let i = 0; i < 400; i++) {
    if (await check()) return
    await sleep(50)
  }
  throw new Error('it never became so')
}

async function stored(writer: string, org: string | null): Promise<AuditRecord[]> {
  const { rows } = await admin.query<AuditRecord>(
    `select writer, org_uid as org, seq::int, encode(prev, 'hex') as prev, encode(hash, 'hex') as hash, event from audit_events
     where writer = $1 and org_uid is not distinct from $2 order by seq`,
    [writer, org],
  )
  return rows
}

const events = (count: number, change: Partial<AuditEvent> = {}): AuditEvent[] =>
  Array.from({ length: count }, (_, i) => sampleEvent(i + 1, change))

describe('an audit writer', () => {
  it('ships every event once, in chains that verify, with actors apart', async () => {
    const writer = await open('once')
    const orgs = ['transport', 'health', null]
    await Promise.all(
      orgs.flatMap((orgUid, o) =>
        Array.from({ length: 100 }, (_, i) => writer.append(sampleEvent(1_000 * o + i, { orgUid }))),
      ),
    )
    await waitFor(() => writer.stats().shipped >= 300)
    for (const org of orgs) {
      const records = await stored(writer.writer, org)
      expect(records).toHaveLength(100)
      expect(verifyChain({ writer: writer.writer, org }, records, { sha256 }).finding).toBeUndefined()
      expect(JSON.stringify(records)).not.toContain('Ada Lovelace')
    }
    const { rows } = await admin.query('select name, uid, salt is not null as salted from audit_identities')
    expect(rows).toEqual([
      { name: 'Ada Lovelace', uid: 'u-ada', salted: true },
      { name: 'Ada Lovelace', uid: 'u-ada', salted: true },
      { name: 'Ada Lovelace', uid: 'u-ada', salted: true },
    ])
    const counts = await admin.query('select sum(events)::int as n from audit_counts where writer = $1', [
      writer.writer,
    ])
    expect(counts.rows).toEqual([{ n: 300 }])
    await writer.close()
  })

  it('gathers events under a steady load, and does not count itself behind for that', async () => {
    const writer = await open('steady')
    const started = Date.now()
    const lags: number[] = []
    for (let i = 0; Date.now() - started < 1_600; i += 1) {
      await writer.append(sampleEvent(i))
      await sleep(5)
      if (Date.now() - started > 1_300) lags.push(writer.stats().lagSeconds)
    }
    await writer.close()
    const { rows } = await admin.query<{ batches: number }>(
      'select count(distinct xmin::text)::int as batches from audit_events where writer = $1',
      [writer.writer],
    )
    // A batch is followed by a pause of 50 ms, so this bound holds on a machine of any speed.
    expect(rows[0]?.batches).toBeLessThanOrEqual((Date.now() - started) / 50 + 5)
    expect(Math.min(...lags)).toBe(0)
  })

  it('goes on with its chains after a restart and sends nothing twice', async () => {
    const first = await open('again')
    for (const event of events(20)) await first.append(event)
    await first.close()
    const second = await open('again')
    expect(second.writer).toBe(first.writer)
    for (const event of events(20)) await second.append(event)
    await second.close()
    const records = await stored(first.writer, 'transport')
    expect(verifyChain({ writer: first.writer, org: 'transport' }, records, { sha256 })).toMatchObject({
      head: { seq: 40 },
      finding: undefined,
    })
  })

  it('is refused to a second process or writer of the same name', async () => {
    const first = await open('taken')
    await expect(open('taken')).rejects.toMatchObject({ code: 'conflict' })
    await first.close()
    await (await open('taken')).close()
  })

  it('takes any content a caller can send', async () => {
    const writer = await open('hostile')
    const long = 'x'.repeat(100_000)
    const nasty = [
      '\u0000\ud800',
      long,
      `{a="${'ü'.repeat(5_000)}"}`,
      '\u001b[31m\r\n',
      `${'a '.repeat(30_000)}`,
    ]
    for (const [i, text] of nasty.entries())
      await writer.append(
        sampleEvent(50_000 + i, {
          request: { method: text, route: text, query: text, matches: [text] },
          metrics: [text],
          resource: { kind: 'data-sources', uid: text },
          hints: { dashboardUid: text, [text]: text },
          detail: { [text]: text, __proto__: text, nested: [[text]] },
          requestId: text,
          from: { address: text, userAgent: text },
        }),
      )
    await waitFor(() => writer.stats().shipped >= nasty.length)
    const records = await stored(writer.writer, 'transport')
    const result = verifyChain({ writer: writer.writer, org: 'transport' }, records, { sha256 })
    expect(result).toMatchObject({ head: { seq: nasty.length }, finding: undefined })
    await writer.close()
  })

  it('makes partitions for events of any month', async () => {
    const writer = await open('months')
    for (const at of [
      '1999-12-31T23:59:59.999999Z',
      '2000-01-01T00:00:00.000000Z',
      '2037-06-01T00:00:00.000000Z',
    ])
      await writer.append({ ...sampleEvent(1), id: `0000000${at[3]}-0000-7000-8000-000000000000`, at })
    await waitFor(() => writer.stats().shipped >= 3)
    expect(writer.stats()).toMatchObject({ failures: 0, lagSeconds: 0 })
    await writer.close()
  })

  it('ships what a writer left that never came back', async () => {
    const away = createPool({ url: database.appUrl.replace(/:\d+\//, ':1/') })
    const gone = await createAuditWriter({ dir, writerId: 'gone', pool: away })
    for (const event of events(10)) await gone.append(event)
    await gone.close(0)
    await away.end()
    const other = await open('other')
    await waitFor(async () => (await stored(gone.writer, 'transport')).length === 10)
    await other.close()
    const files = readdirSync(join(dir, 'gone'))
    expect(files.filter((name) => name.endsWith('.ndjson'))).toHaveLength(1)
    expect(files).not.toContain('lock')
  })
})
