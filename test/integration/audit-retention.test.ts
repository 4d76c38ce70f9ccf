import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type AuditEvent, type EventCode, eventTime, uuidV7 } from '@gatehouse/audit'
import { sampleEvent } from '@gatehouse/audit/sample'
import {
  createAuditWriter,
  createChangeRecorder,
  createPool,
  exportAudit,
  generateSigningKey,
  listHolds,
  loadPublicKey,
  loadSigner,
  migrate,
  placeHold,
  type Pool,
  purgeAudit,
  type PurgeResult,
  releaseHold,
  type Retention,
  sealAudit,
  verifyAudit,
  verifyExportFile,
  withAudit,
} from '@gatehouse/store'
import pg from 'pg'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { freshDatabase, type TestDatabase } from '../support/postgres.ts'

const key = generateSigningKey()
const signer = loadSigner(key.privatePem)
const publicKeys = [loadPublicKey(key.publicPem)]
const year = 365 * 86_400_000
const later = Date.now() + 3 * year

let database: TestDatabase
let pool: Pool
let owner: Pool
let dir: string

beforeEach(async () => {
  database = await freshDatabase()
  pool = createPool({ url: database.appUrl })
  owner = createPool({ url: database.adminUrl })
  dir = mkdtempSync(join(tmpdir(), 'gatehouse-audit-'))
})
afterEach(async () => {
  await pool.end()
  await owner.end()
  await database.drop()
  rmSync(dir, { recursive: true })
})

const months = ['2024-01', '2024-02', '2024-03']
const codes: readonly EventCode[] = ['Q001I', 'Q001I', 'A004I', 'L001I']
let n = 0

function made(month: string, i: number): AuditEvent {
  // Every tenth event is of the month before: requests of midnight end in another order than they began.
  const at = Date.parse(`${month}-01T00:00:05Z`) + (i % 10 === 9 ? -10_000 : i * 1_000)
  return {
    ...sampleEvent(++n),
    id: uuidV7(at, `00000000-0000-4000-8000-${n.toString(16).padStart(12, '0')}`),
    at: eventTime(at),
    code: codes[i % codes.length] ?? 'Q001I',
    orgUid: ['transport', 'health', null][i % 3] ?? null,
  }
}

async function add(): Promise<void> {
  const writer = await createAuditWriter({ dir, writerId: 'gw', pool })
  for (const month of months) for (let i = 0; i < 40; i++) await writer.append(made(month, i))
  await writer.close()
}

const purge = (retention: Retention, now = later): Promise<PurgeResult[]> =>
  purgeAudit(owner, { retention, signer, record: createChangeRecorder(), now })

const purged = (results: readonly PurgeResult[]): number =>
  results.reduce((sum, { events, kept }) => sum + (kept === undefined ? events : 0), 0)

async function countOf(month: string, kind: string): Promise<number> {
  const client = new pg.Client({ connectionString: database.adminUrl })
  await client.connect()
  const { rows } = await client.query<{ n: number }>(
    `select count(*)::int as n from audit_events where to_char(at at time zone 'UTC', 'YYYY-MM') = $1 and class = $2`,
    [month, kind],
  )
  await client.end()
  return rows[0]?.n ?? 0
}

describe('purging', () => {
  it('takes whole months of a class, and the log and its exports still verify', async () => {
    await add()
    await sealAudit(pool, signer)
    const changes = await countOf('2024-02', 'change')
    const results = await purge({ query: 30, identity: 2 * 365 })
    expect(purged(results)).toBeGreaterThan(60)
    expect(await countOf('2024-02', 'query')).toBe(0)
    expect(await countOf('2024-02', 'change')).toBe(changes)
    expect(await verifyAudit(pool, { publicKeys })).toMatchObject({ findings: [] })
    for (const scope of ['all', { org: 'health' }] as const) {
      const file = join(dir, 'export.ndjson')
      writeFileSync(file, '')
      const write = async (text: string): Promise<void> => appendFileSync(file, text)
      const manifest = await exportAudit(pool, { scope, filter: {} }, { signer, write })
      expect(manifest.tombstones.length).toBeGreaterThan(0)
      writeFileSync(`${file}.json`, JSON.stringify(manifest))
      expect(await verifyExportFile(file, `${file}.json`, publicKeys)).toMatchObject({ findings: [] })
    }
  })

  it('is an event, and more events come after it', async () => {
    await add()
    await sealAudit(pool, signer)
    await purge({ query: 30 })
    await add()
    await sealAudit(pool, signer)
    const report = await verifyAudit(pool, { publicKeys })
    expect(report).toMatchObject({ findings: [] })
    const { rows } = await owner.query<{ n: number }>(
      `select count(*)::int as n from audit_events where code = 'E009I' and writer = 'store'`,
    )
    expect(rows).toEqual([{ n: 4 }])
    expect(purged(await purge({ query: 30 }))).toBeGreaterThan(0)
    expect(await verifyAudit(pool, { publicKeys })).toMatchObject({ findings: [] })
  })

  it('by hand, without a tombstone, is found', async () => {
    await add()
    await sealAudit(pool, signer)
    await owner.query('drop table audit_events_2024_02_query')
    const { findings } = await verifyAudit(pool, { publicKeys })
    expect(findings.map(({ fault }) => fault)).toContain('missing')
  })

  it('cannot be done by the application’s role', async () => {
    await add()
    await sealAudit(pool, signer)
    const options = { retention: { query: 30 }, signer, record: createChangeRecorder(), now: later }
    await expect(purgeAudit(pool, options)).rejects.toThrow()
    expect(await countOf('2024-02', 'query')).toBeGreaterThan(0)
  })

  it('keeps what is young, not sealed, or was received long after its own time', async () => {
    await add()
    const unsealed = await purge({ query: 30 })
    expect(new Set(unsealed.map(({ kept }) => kept))).toEqual(new Set(['no checkpoint has sealed all of it']))
    await sealAudit(pool, signer)
    expect(await purge({ query: 10_000 })).toEqual([])
    const now = await purge({ query: 30 }, Date.now())
    expect(new Set(now.map(({ kept }) => kept))).toEqual(
      new Set(['some of its events were received later than their own time says']),
    )
  })
})

describe('the owner', () => {
  it('does not need to be a superuser to purge', async () => {
    const plain = await freshDatabase({ migrated: false })
    const name = new URL(plain.adminUrl).pathname.slice(1)
    const admin = createPool({ url: plain.adminUrl })
    await admin.query(`create role owner_of_${name} login createrole password 'x'`)
    await admin.query(
      `grant gatehouse_app, gatehouse_definer to owner_of_${name} with admin true, inherit false`,
    )
    await admin.query(`alter database ${name} owner to owner_of_${name}`)
    await admin.end()
    const access = { username: `owner_of_${name}`, password: 'x' }
    const ownerUrl = Object.assign(new URL(plain.adminUrl), access).href
    await migrate(ownerUrl, { appUrl: plain.appUrl })
    const plainOwner = createPool({ url: ownerUrl })
    const plainPool = createPool({ url: plain.appUrl })
    const writer = await createAuditWriter({ dir, writerId: 'plain', pool: plainPool })
    for (let i = 0; i < 10; i++) await writer.append(made('2024-01', i))
    await writer.close()
    await sealAudit(plainPool, signer)
    const options = { retention: { query: 30 }, signer, record: createChangeRecorder(), now: later }
    expect(purged(await purgeAudit(plainOwner, options))).toBeGreaterThan(0)
    expect(await verifyAudit(plainPool, { publicKeys })).toMatchObject({ findings: [] })
    await plainOwner.end()
    await plainPool.end()
    await plain.drop()
  })
})

describe('a legal hold', () => {
  it('of an org keeps the months it is in, until it is released', async () => {
    await add()
    await sealAudit(pool, signer)
    const hold = {
      from: '2024-02-10T00:00:00Z',
      to: '2024-02-20T00:00:00Z',
      reason: 'case 7',
      placedBy: 'u-1',
    }
    const uid = await withAudit(pool, { org: 'health' }, (tx) => placeHold(tx, hold))
    const results = await purge({ query: 30 })
    const kept = results.filter((result) => result.kept !== undefined)
    expect(kept).toMatchObject([{ month: '2024-02', class: 'query', kept: `legal hold ${uid}` }])
    const other = { org: 'transport' }
    await expect(withAudit(pool, other, (tx) => releaseHold(tx, uid, 'u-2'))).rejects.toMatchObject({
      code: 'not_found',
    })
    expect(await withAudit(pool, other, listHolds)).toEqual([])
    await withAudit(pool, { org: 'health' }, (tx) => releaseHold(tx, uid, 'u-2'))
    expect(await withAudit(pool, { org: 'health' }, listHolds)).toMatchObject([
      { uid, releasedBy: 'u-2', from: '2024-02-10T00:00:00Z' },
    ])
    expect(purged(await purge({ query: 30 }))).toBeGreaterThan(0)
  })

  it('of everybody without an end keeps everything', async () => {
    await add()
    await sealAudit(pool, signer)
    const hold = { from: null, to: null, reason: 'inquiry', placedBy: 'u-1' }
    await withAudit(pool, 'all', (tx) => placeHold(tx, hold))
    expect(purged(await purge({ query: 30, identity: 30, change: 30 }))).toBe(0)
  })
})
