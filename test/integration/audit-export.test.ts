import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import type { AuditEvent, Manifest } from '@gatehouse/audit'
import { eventTime, uuidV7 } from '@gatehouse/audit'
import { sampleEvent } from '@gatehouse/audit/sample'
import {
  type AuditScope,
  createAuditWriter,
  createPool,
  eraseIdentity,
  exportAudit,
  exportCsv,
  findExport,
  generateSigningKey,
  identitiesOf,
  listExports,
  loadPublicKey,
  loadSigner,
  type Pool,
  readExport,
  placeHold,
  releaseHold,
  requestExport,
  rotateAuditKey,
  runNextExport,
  sealAudit,
  verifyExportFile,
  withAudit,
} from '@gatehouse/store'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { freshDatabase, type TestDatabase } from '../support/postgres.ts'

const oldKey = generateSigningKey()
const key = generateSigningKey()
const signer = loadSigner(key.privatePem)
const publicKeys = [loadPublicKey(key.publicPem)]

let database: TestDatabase
let pool: Pool
let dir: string
const start = Date.parse('2025-11-20T00:00:00Z')
const hour = 3_600_000

function made(i: number): AuditEvent {
  const at = start + i * 60_000
  return {
    ...sampleEvent(i),
    id: uuidV7(at, `00000000-0000-4000-8000-${i.toString(16).padStart(12, '0')}`),
    at: eventTime(at),
    orgUid: ['transport', 'health', null][i % 3] ?? null,
    metrics: [`metric_${i % 5}`],
  }
}

/** Two hours of events, sealed every half hour, with a change of key after the first hour. */
beforeAll(async () => {
  database = await freshDatabase()
  pool = createPool({ url: database.appUrl })
  dir = mkdtempSync(join(tmpdir(), 'gatehouse-audit-'))
  for (let half = 0; half < 8; half++) {
    const writer = await createAuditWriter({ dir, writerId: `gw-${half % 2}`, pool })
    for (let i = 0; i < 30; i++) await writer.append(made(half * 30 + i))
    await writer.close()
    const sealedAt = start + (half + 1) * 0.5 * hour
    await sealAudit(pool, half < 4 ? loadSigner(oldKey.privatePem) : signer, sealedAt)
    if (half === 3) await rotateAuditKey(pool, loadSigner(oldKey.privatePem), signer, sealedAt)
  }
})
afterAll(async () => {
  await pool.end()
  await database.drop()
  rmSync(dir, { recursive: true })
})

interface Made {
  readonly file: string
  readonly manifestFile: string
  readonly manifest: Manifest
  readonly text: string
}

let count = 0
async function exported(scope: AuditScope, filter = {}): Promise<Made> {
  const file = join(dir, `export-${++count}.ndjson`)
  const manifestFile = `${file}.manifest.json`
  writeFileSync(file, '')
  const manifest = await exportAudit(
    pool,
    { scope, filter },
    { signer, write: async (t) => appendFileSync(file, t) },
  )
  writeFileSync(manifestFile, JSON.stringify(manifest))
  return { file, manifestFile, manifest, text: readFileSync(file, 'utf8') }
}

const events = (text: string): AuditEvent[] =>
  text
    .split('\n')
    .filter((line) => line.startsWith('{"event"'))
    .map((line) => JSON.parse(line).event)

describe('an export', () => {
  it.each<[string, AuditScope, number]>([
    ['of an org', { org: 'health' }, 80],
    ['of everything', 'all', 240],
  ])('%s is complete and verifies with either key', async (_, scope, atLeast) => {
    const { file, manifestFile, text } = await exported(scope)
    expect(events(text).filter(({ code }) => code === 'Q001I')).toHaveLength(atLeast)
    for (const pem of [key.publicPem, oldKey.publicPem])
      expect(await verifyExportFile(file, manifestFile, [loadPublicKey(pem)])).toMatchObject({
        findings: [],
        isComplete: true,
      })
    const [stranger] = [loadPublicKey(generateSigningKey().publicPem)]
    const report = await verifyExportFile(file, manifestFile, [stranger])
    expect(report.findings.map(({ fault }) => fault)).toContain('signature')
  })

  it('of one org holds nothing of another', async () => {
    const { text, manifest } = await exported({ org: 'health' })
    const orgs = [...(text + JSON.stringify(manifest)).matchAll(/"org(?:Uid)?":"?([a-z]+)/g)].map(
      ([, org]) => org,
    )
    expect([...new Set(orgs)]).toEqual(['health'])
  })

  it('of a range holds every event of it, and is anchored on both sides', async () => {
    const from = '2025-11-20T01:45:00Z'
    const to = '2025-11-20T02:45:00Z'
    const { file, manifestFile, manifest, text } = await exported({ org: 'transport' }, { from, to })
    expect(manifest.statement).toMatchObject({ after: 3, upTo: 6 })
    const wanted = Array.from({ length: 240 }, (_, i) => made(i)).filter(
      (e) => e.orgUid === 'transport' && e.at >= from && e.at < to,
    )
    expect(events(text).map(({ id }) => id)).toEqual(expect.arrayContaining(wanted.map(({ id }) => id)))
    expect(events(text).length).toBeLessThan(70)
    expect((await verifyExportFile(file, manifestFile, publicKeys)).findings).toEqual([])
  })

  it('that was changed names the first bad event', async () => {
    const { file, manifestFile, text } = await exported({ org: 'health' })
    const lines = text.split('\n')
    const at = lines.findIndex((line) => line.includes('"seq":7,'))
    lines[at] = (lines[at] ?? '').replace('ml_predictions_total', 'ml_predictions_totals')
    writeFileSync(file, lines.join('\n'))
    const { findings } = await verifyExportFile(file, manifestFile, publicKeys)
    expect(findings[0]).toMatchObject({ fault: 'edited', seq: 7, org: 'health' })
  })

  it('with a filter says that it is not complete', async () => {
    const { file, manifestFile, text } = await exported({ org: 'health' }, { metric: 'metric_2' })
    expect(events(text)).toHaveLength(16)
    const report = await verifyExportFile(file, manifestFile, publicKeys)
    expect(report).toMatchObject({ findings: [], isComplete: false })
  })

  it.each([
    [{ org: 'nobody' }, {}],
    ['all', { to: '2000-01-01T00:00:00Z', from: '2100-01-01T00:00:00Z' }],
  ] as const)('of nothing is refused: %j %j', async (scope, filter) => {
    await expect(exported(scope, filter)).rejects.toMatchObject({ code: 'not_found' })
  })

  it('as CSV is one row an event', async () => {
    let text = ''
    const rows = await exportCsv(
      pool,
      { scope: { org: 'health' }, filter: {} },
      { write: async (t) => void (text += t) },
    )
    expect(text.trimEnd().split('\r\n')).toHaveLength(rows + 1)
    expect(text).toContain('Ada Lovelace')
  })
})

describe('an export in the background', () => {
  it.each(['ndjson', 'csv'] as const)(
    'is made as %s, kept compressed, and seen by its scope only',
    async (format) => {
      const scope = { org: 'health' }
      const request = { format, filter: {}, requestedBy: 'u-auditor' }
      const uid = await withAudit(pool, scope, (tx) => requestExport(tx, request))
      expect(await withAudit(pool, scope, (tx) => findExport(tx, uid))).toMatchObject({ state: 'queued' })
      expect(await runNextExport(pool, signer)).toBe(true)
      expect(await runNextExport(pool, signer)).toBe(false)
      const job = await withAudit(pool, scope, (tx) => findExport(tx, uid))
      expect(job).toMatchObject({ state: 'done', error: null, events: expect.any(Number) })
      expect(job?.events).toBeGreaterThanOrEqual(80)
      if (job === undefined) return
      const parts: Buffer[] = []
      for await (const part of readExport(pool, job)) parts.push(part)
      const text = gunzipSync(Buffer.concat(parts)).toString()
      if (format === 'ndjson') {
        const file = join(dir, 'job.ndjson.gz')
        writeFileSync(file, Buffer.concat(parts))
        writeFileSync(`${file}.manifest.json`, JSON.stringify(job.manifest))
        expect((await verifyExportFile(file, `${file}.manifest.json`, publicKeys)).findings).toEqual([])
      } else expect(text.startsWith('time,id,code')).toBe(true)
      const other = { org: 'transport' }
      expect(await withAudit(pool, other, (tx) => findExport(tx, uid))).toBeUndefined()
      expect(await withAudit(pool, other, (tx) => listExports(tx))).toEqual([])
    },
  )

  it('that fails says why', async () => {
    const scope = { org: 'nobody' }
    const request = { format: 'ndjson', filter: {}, requestedBy: 'u-1' } as const
    const uid = await withAudit(pool, scope, (tx) => requestExport(tx, request))
    await runNextExport(pool, signer)
    const job = await withAudit(pool, scope, (tx) => findExport(tx, uid))
    expect(job).toMatchObject({ state: 'failed', error: 'No sealed events in this range' })
  })
})

describe('erasing an identity', () => {
  it('leaves every chain whole and nothing that leads to the person', async () => {
    const scope = { org: 'health' }
    const kept = await withAudit(pool, scope, (tx) => identitiesOf(tx, 'u-ada'))
    expect(kept.length).toBeGreaterThan(0)
    const before = await exported(scope)
    expect(before.text).toContain('Ada Lovelace')
    const request = { format: 'ndjson', filter: {}, requestedBy: 'u-1' } as const
    const job = await withAudit(pool, scope, (tx) => requestExport(tx, request))
    await runNextExport(pool, signer)
    const admin = createPool({ url: database.adminUrl })
    await admin.query(`insert into orgs (uid, name) values ('health', 'Health')`)
    await admin.query(`insert into users (uid, name) values ('u-ada', 'Ada')`)
    await admin.query(
      `insert into memberships (org_uid, user_uid, source) values ('health', 'u-ada', 'manual')`,
    )
    await admin.query(
      `insert into sessions (org_uid, uid, hash, user_uid, issuer, subject, idle_timeout, expires_at)
       values ('health', 's-1', repeat('0', 64), 'u-ada', 'i', 's', '1 hour', now() + interval '1 hour')`,
    )
    const erase = () => withAudit(pool, scope, (tx) => eraseIdentity(tx, 'u-ada'))
    const hold = { from: null, to: null, reason: 'case 7', placedBy: 'u-1' }
    const held = await withAudit(pool, scope, (tx) => placeHold(tx, hold))
    await expect(erase()).rejects.toMatchObject({
      code: 'conflict',
      message: expect.stringContaining('legal hold'),
    })
    await withAudit(pool, scope, (tx) => releaseHold(tx, held, 'u-1'))
    await erase()
    expect((await admin.query('select from sessions')).rowCount).toBe(0)
    await admin.end()
    expect(await withAudit(pool, scope, (tx) => findExport(tx, job))).toBeUndefined()
    const after = await exported(scope)
    expect(after.text).not.toMatch(/Ada|u-ada|idp\.example/)
    expect((await verifyExportFile(after.file, after.manifestFile, publicKeys)).findings).toEqual([])
    expect((await exported({ org: 'transport' })).text).toContain('Ada Lovelace')
    await expect(
      withAudit(pool, scope, (tx) => tx.rows('select audit_erase($1, $2)', ['u-ada', 'transport'])),
    ).rejects.toThrow()
  })

  it('gives the person a new pseudonym from then on', async () => {
    const writer = await createAuditWriter({ dir, writerId: 'gw-0', pool })
    await writer.append(made(1))
    await writer.close()
    const kept = await withAudit(pool, { org: 'health' }, (tx) => identitiesOf(tx, 'u-ada'))
    expect(kept).toHaveLength(1)
  })
})
