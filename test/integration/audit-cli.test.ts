import { execFile } from 'node:child_process'
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sampleEvent } from '@gatehouse/audit/sample'
import { createAuditWriter, createPool, proveEvent } from '@gatehouse/store'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { freshDatabase, type TestDatabase } from '../support/postgres.ts'

const main = join(import.meta.dirname, '../../services/cli/src/main.ts')
let database: TestDatabase
let dir: string

interface Ran {
  readonly code: number
  readonly out: string
  readonly err: string
}

function gatehouse(...args: readonly string[]): Promise<Ran> {
  return new Promise((resolve) => {
    execFile(process.execPath, [main, ...args], { cwd: dir, env: { PATH: '' } }, (error, out, err) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : error === null ? 0 : 1, out, err })
    })
  })
}

/** As an operator: with the configuration. */
const operate = (...args: readonly string[]): Promise<Ran> =>
  gatehouse('audit', ...args, '--config.file', join(dir, 'config.yaml'))

beforeAll(async () => {
  database = await freshDatabase()
  dir = mkdtempSync(join(tmpdir(), 'gatehouse-cli-'))
  const pool = createPool({ url: database.appUrl })
  const writer = await createAuditWriter({ dir: join(dir, 'spool'), writerId: 'gw', pool })
  for (let n = 1; n <= 60; n++)
    await writer.append(
      sampleEvent(n, {
        orgUid: n % 2 === 0 ? 'health' : 'transport',
        code: n % 10 === 0 ? 'Q001D' : 'Q001I',
      }),
    )
  await writer.close()
  await pool.end()
  await gatehouse('audit', 'keygen', '--out', join(dir, 'seal.pem'))
  const config = {
    database: { url: database.appUrl, adminUrl: database.adminUrl },
    audit: { signingKeyFile: 'seal.pem', retentionDays: { query: 30 } },
  }
  writeFileSync(join(dir, 'config.yaml'), JSON.stringify(config))
})
afterAll(async () => {
  await database.drop()
  rmSync(dir, { recursive: true })
})

describe('gatehouse audit', () => {
  it('searches and tails, by any filter, in several formats', async () => {
    const denied = await operate('search', '--org', 'health', '--code', 'Q001D', '-o', 'ndjson')
    expect(denied.out.trimEnd().split('\n')).toHaveLength(6)
    const csv = await operate('search', '--actor', 'u-ada', '--limit', '5', '-o', 'csv')
    expect(csv.out.trimEnd().split('\r\n')).toHaveLength(6)
    const text = await operate('tail', '--text', 'ml_predictions_total', '-n', '3')
    expect(text.out.trimEnd().split('\n')).toHaveLength(3)
    expect(text.out).toContain('Ada Lovelace')
    expect((await operate('search', '--from', 'yesterday')).err).toContain('is invalid. a time such as')
  })

  it('lets an auditor verify an export elsewhere, with only the files and the key', async () => {
    // The 30 of the fixture, and two more: the search before, and this export.
    const made = await operate('export', '--org', 'health', '--out', join(dir, 'q.ndjson'))
    expect(made.out).toMatch(/32 events in .* \(complete between checkpoints 0 and 1\)/)
    const elsewhere = join(dir, 'auditor')
    mkdirSync(elsewhere)
    for (const name of ['q.ndjson', 'q.ndjson.manifest.json', 'seal.pem.pub'])
      copyFileSync(join(dir, name), join(elsewhere, name))
    const file = join(elsewhere, 'q.ndjson')
    const key = join(elsewhere, 'seal.pem.pub')
    const good = await gatehouse('audit', 'verify', file, '--pubkey', key)
    expect(good).toMatchObject({
      code: 0,
      out: expect.stringContaining('verified: 32 events in 2 chains; it is complete'),
    })
    writeFileSync(file, readFileSync(file, 'utf8').replace('"seq":7,', '"seq":8,'))
    const bad = await gatehouse('audit', 'verify', file, '--pubkey', key)
    expect(bad.code).toBe(1)
    expect(bad.out).toMatch(/missing: .*org health, event 7/)
    expect((await gatehouse('audit', 'verify', file)).err).toContain('--pubkey is required')
  })

  it('lets anybody verify the proof of one event, with only that file and the key', async () => {
    const pool = createPool({ url: database.appUrl })
    const [line = ''] = (
      await operate('search', '--org', 'health', '--code', 'Q', '-n', '1', '-o', 'ndjson')
    ).out.split('\n')
    const proof = await proveEvent(pool, { org: 'health' }, JSON.parse(line).event.id)
    await pool.end()
    const file = join(dir, 'proof.json')
    const key = join(dir, 'seal.pem.pub')
    writeFileSync(file, JSON.stringify(proof))
    const good = await gatehouse('audit', 'verify', '--proof', file, '--pubkey', key)
    expect(good).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^verified: event \d+ of writer gw.*org health, as sealed by checkpoint 1/),
    })
    expect(good.out).toContain('"code":"Q001')
    writeFileSync(file, JSON.stringify(proof).replace('"httpStatus":200', '"httpStatus":403'))
    const bad = await gatehouse('audit', 'verify', '--proof', file, '--pubkey', key)
    expect(bad).toMatchObject({ code: 1, out: expect.stringMatching(/^edited: event .*\nNOT verified/) })
    expect((await gatehouse('audit', 'verify', '--proof', key, '--pubkey', key)).code).toBe(2)
    expect((await gatehouse('audit', 'verify', '--proof', file)).err).toContain('--pubkey is required')
  })

  it('verifies the store, and says how it is', async () => {
    const { code, out } = await operate('verify', '--pubkey', join(dir, 'seal.pem.pub'))
    expect(out).toMatch(/^verified: \d+ events in \d+ chains, sealed up to checkpoint 1/)
    expect(code).toBe(0)
    const status = JSON.parse((await operate('status')).out)
    expect(status).toMatchObject({ checkpoint: { number: 1 }, verification: { findings: [] } })
  })

  it('changes the signing key', async () => {
    await gatehouse('audit', 'keygen', '--out', join(dir, 'next.pem'))
    const { out } = await operate(
      'rotate-key',
      '--from',
      join(dir, 'seal.pem'),
      '--to',
      join(dir, 'next.pem'),
    )
    expect(out).toContain('signs from checkpoint 2 on')
    const file = join(dir, 'rotated.ndjson')
    await operate('export', '--org', 'transport', '--out', file, '--key', join(dir, 'next.pem'))
    for (const name of ['seal.pem.pub', 'next.pem.pub'])
      expect((await gatehouse('audit', 'verify', file, '--pubkey', join(dir, name))).code).toBe(0)
  })

  it('holds, purges, and erases a person', async () => {
    const { out: uid } = await operate('hold', '--org', 'health', '--place', 'case 7')
    expect((await operate('hold', '--org', 'health')).out).toContain('case 7')
    await operate('hold', '--org', 'health', '--release', uid.trim())
    expect((await operate('purge')).out).toContain('kept: some of its events were received later')
    expect((await operate('person', 'u-ada', '--org', 'health')).out).toContain('"name":"Ada Lovelace"')
    expect((await operate('person', 'u-ada', '--org', 'health', '--erase', 'request 12')).out).toMatch(
      /^\d+ pseudonyms/,
    )
    expect((await operate('person', 'u-ada', '--org', 'health')).out).toBe('')
  })

  it('leaves events of all that', async () => {
    const { out } = await operate('search', '--code', 'E', '-o', 'ndjson', '--oldest')
    const codes = new Set(
      out
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line).event.code),
    )
    expect(codes).toEqual(new Set(['E001I', 'E003I', 'E005I', 'E007I', 'E008I', 'E010I', 'E011I', 'E013I']))
  })
})
