import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { eventDigest, eventProofSchema, type Finding, nextLink, verifyEventProof } from '@gatehouse/audit'
import { sampleEvent } from '@gatehouse/audit/sample'
import {
  anchorCheckpoints,
  createAuditWriter,
  createFileAnchor,
  createHttpAnchor,
  createPool,
  generateSigningKey,
  listAnchors,
  loadPublicKey,
  loadSigner,
  parseAnchored,
  type Pool,
  proveEvent,
  rotateAuditKey,
  sealAudit,
  sha256,
  verifyAudit,
  verifySignature,
  withAudit,
} from '@gatehouse/store'
import pg from 'pg'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { freshDatabase, type TestDatabase } from '../support/postgres.ts'

const key = generateSigningKey()
const signer = loadSigner(key.privatePem)
const publicKeys = [loadPublicKey(key.publicPem)]

let database: TestDatabase
let pool: Pool
let admin: pg.Client
let dir: string

beforeEach(async () => {
  database = await freshDatabase()
  pool = createPool({ url: database.appUrl })
  admin = new pg.Client({ connectionString: database.adminUrl })
  await admin.connect()
  // What an attacker with the owner's rights would do first.
  await admin.query('set session_replication_role = replica')
  dir = mkdtempSync(join(tmpdir(), 'gatehouse-audit-'))
})
afterEach(async () => {
  await pool.end()
  await admin.end()
  await database.drop()
  rmSync(dir, { recursive: true })
})

let next = 1
/** Adds events of two orgs and none by two writers. */
async function add(perWriter: number): Promise<void> {
  for (const writerId of ['gw-1', 'gw-2']) {
    const writer = await createAuditWriter({ dir, writerId, pool })
    for (let i = 0; i < perWriter; i++)
      await writer.append(sampleEvent(next++, { orgUid: ['transport', 'health', null][i % 3] ?? null }))
    await writer.close()
  }
}

const findings = async (options = {}): Promise<readonly Finding[]> =>
  (await verifyAudit(pool, { publicKeys, ...options })).findings

describe('a sealed log', () => {
  it('verifies, before and after more is added and sealed', async () => {
    await add(12)
    expect((await sealAudit(pool, signer)).checkpoint?.statement.number).toBe(1)
    await add(12)
    expect(await verifyAudit(pool, { publicKeys })).toMatchObject({ findings: [], checkpoint: 1, chains: 6 })
    const { checkpoint, events } = await sealAudit(pool, signer)
    expect(checkpoint?.statement).toMatchObject({ number: 2, chains: 6, orgs: 3 })
    const report = await verifyAudit(pool, { publicKeys })
    expect(report).toMatchObject({ findings: [], checkpoint: 2, unsealed: 0 })
    expect(report.events).toBe(50)
    expect(events).toBe(26)
    expect(await verifyAudit(pool, { publicKeys, org: 'health' })).toMatchObject({
      findings: [],
      chains: 2,
      events: 16,
    })
  })

  it('is not sealed again while nothing happens, except now and then', async () => {
    await add(3)
    const now = Date.now()
    await sealAudit(pool, signer, now)
    expect((await sealAudit(pool, signer, now + 60_000)).checkpoint).toBeUndefined()
    expect((await sealAudit(pool, signer, now + 3_700_000)).checkpoint?.statement.number).toBe(2)
    expect(await findings()).toEqual([])
  })

  it('is sealed by one process at a time', async () => {
    await add(6)
    const results = await Promise.all(Array.from({ length: 5 }, () => sealAudit(pool, signer)))
    expect(results.filter(({ checkpoint }) => checkpoint !== undefined).length).toBe(1)
    expect(await findings()).toEqual([])
  })

  it('is sealed by no key but the one whose turn it is', async () => {
    const [second, stranger] = [generateSigningKey(), generateSigningKey()].map(({ privatePem }) =>
      loadSigner(privatePem),
    )
    if (second === undefined || stranger === undefined) throw new Error('no keys')
    await add(6)
    await sealAudit(pool, signer)
    await add(6)
    await expect(sealAudit(pool, stranger)).rejects.toMatchObject({ code: 'conflict' })
    await rotateAuditKey(pool, signer, second)
    // A process that still runs with the old key.
    await expect(sealAudit(pool, signer)).rejects.toMatchObject({ code: 'conflict' })
    await expect(rotateAuditKey(pool, signer, stranger)).rejects.toMatchObject({ code: 'conflict' })
    expect((await sealAudit(pool, second)).checkpoint?.statement.number).toBe(2)
    await expect(rotateAuditKey(pool, second, signer)).rejects.toMatchObject({ code: 'conflict' })
    expect(await findings()).toEqual([])
  })

  it('verifies over a change of key with either key, and with no other', async () => {
    const nextKey = generateSigningKey()
    await add(6)
    await sealAudit(pool, signer)
    await rotateAuditKey(pool, signer, loadSigner(nextKey.privatePem))
    await add(6)
    await sealAudit(pool, loadSigner(nextKey.privatePem))
    expect(await findings()).toEqual([])
    expect(await findings({ publicKeys: [loadPublicKey(nextKey.publicPem)] })).toEqual([])
    const stranger = [loadPublicKey(generateSigningKey().publicPem)]
    expect((await findings({ publicKeys: stranger })).map(({ fault }) => fault)).toContain('signature')
    await expect(rotateAuditKey(pool, signer, signer)).rejects.toMatchObject({ code: 'conflict' })
  })

  it('does not accept a checkpoint of the old key after the change', async () => {
    await add(3)
    await sealAudit(pool, signer)
    await rotateAuditKey(pool, signer, loadSigner(generateSigningKey().privatePem))
    const { rows } = await admin.query<{ number: string; rotation: object }>(
      'delete from audit_key_rotations returning *',
    )
    await add(3)
    // A thief of the old key, who kept the change of key out of the way meanwhile.
    await sealAudit(pool, signer)
    for (const { number, rotation } of rows)
      await admin.query('insert into audit_key_rotations (number, rotation) values ($1, $2)', [
        number,
        rotation,
      ])
    expect((await findings()).map(({ fault }) => fault)).toContain('signature')
  })
})

const one = `writer like 'gw-1%' and org_uid = 'health'`
/** What is done to single events is shown at every place in audit-tamper.test.ts; this is what is done to more than one, and to the seals. */
const tampering: readonly (readonly [string, readonly string[], object])[] = [
  [
    'a cut tail with its head moved back',
    [`delete from audit_events where ${one} and seq > 2`, `update audit_heads set seq = 2 where ${one}`],
    { fault: 'truncated', seq: 3 },
  ],
  [
    'a whole chain gone, with its head',
    [`delete from audit_events where ${one}`, `delete from audit_heads where ${one}`],
    { fault: 'truncated', seq: 1 },
  ],
  [
    'a deleted checkpoint',
    ['delete from audit_checkpoint_heads where number = 1', 'delete from audit_checkpoints where number = 1'],
    { fault: 'checkpoint', message: 'checkpoint 1 is missing: 2 is next' },
  ],
  [
    'an edited checkpoint',
    [
      `update audit_checkpoints set statement = replace(statement, '"chains":6', '"chains":5') where number = 1`,
    ],
    { fault: 'signature', message: expect.stringContaining('checkpoint 1') },
  ],
  [
    'a sealed head changed with the events',
    [`update audit_checkpoint_heads set hash = sha256('z') where ${one} and number = 2`],
    { fault: 'checkpoint', message: 'checkpoint 2 did not sign the heads kept with it' },
  ],
  [
    'another name behind a pseudonym',
    [`update audit_identities set uid = 'u-eve', name = 'Eve' where org_uid = 'health'`],
    {
      fault: 'identity',
      org: 'health',
      message: expect.stringMatching(/^the identity of p-[0-9a-f]+ was exchanged$/),
    },
  ],
]

describe('tampering with the store, as its owner', () => {
  it.each(tampering)('is found: %s', async (_, statements, expected) => {
    await add(12)
    await sealAudit(pool, signer)
    await add(6)
    await sealAudit(pool, signer)
    expect(await findings()).toEqual([])
    for (const sql of statements) await admin.query(sql)
    expect(await findings()).toEqual(expect.arrayContaining([expect.objectContaining(expected)]))
  })

  it('is not sealed over: the chain stays where it was sound', async () => {
    await add(12)
    await sealAudit(pool, signer)
    await add(12)
    const { rows } = await admin.query<{ seq: number }>(
      `update audit_events set event = jsonb_set(event, '{action}', '"x:y"')
       where ${one} and seq = (select max(seq) from audit_events where ${one}) returning seq::int`,
    )
    const { findings: found, checkpoint } = await sealAudit(pool, signer)
    expect(found).toMatchObject([{ fault: 'edited', seq: rows[0]?.seq, org: 'health' }])
    expect(checkpoint?.statement.number).toBe(2)
  })

  it('of the heads that were sealed stops the sealing', async () => {
    await add(12)
    await sealAudit(pool, signer)
    await admin.query(`update audit_checkpoint_heads set seq = 1 where ${one}`)
    await expect(sealAudit(pool, signer)).rejects.toMatchObject({ code: 'internal' })
  })

  it('by rolling everything back is found with the anchored copies only', async () => {
    await add(12)
    await sealAudit(pool, signer)
    const { rows } = await admin.query<{ writer: string; org_uid: string | null; seq: string }>(
      'select writer, org_uid, seq from audit_heads',
    )
    await add(6)
    await sealAudit(pool, signer)
    const anchor = createFileAnchor('file', join(dir, 'anchor.ndjson'))
    expect(await anchorCheckpoints(pool, anchor)).toBe(2)
    const anchored = parseAnchored(readFileSync(join(dir, 'anchor.ndjson'), 'utf8'))
    expect(await findings({ anchored })).toEqual([])
    await admin.query('delete from audit_checkpoint_heads where number = 2')
    await admin.query('delete from audit_checkpoints where number = 2')
    for (const { writer, org_uid: org, seq } of rows) {
      const chain = [writer, org, seq]
      await admin.query(
        'delete from audit_events where writer = $1 and org_uid is not distinct from $2 and seq > $3',
        chain,
      )
      await admin.query(
        'update audit_heads set seq = $3 where writer = $1 and org_uid is not distinct from $2',
        chain,
      )
    }
    expect(await findings()).toEqual([])
    expect(await findings({ anchored })).toMatchObject([{ fault: 'anchor' }])
  })
})

describe('the proof of one event', () => {
  it('holds with the public key alone, and not when anything in it was changed', async () => {
    await add(12)
    await sealAudit(pool, signer)
    await add(12)
    await sealAudit(pool, signer)
    const { rows } = await admin.query<{ id: string }>(`select id from audit_events where ${one} and seq = 2`)
    const proof = await proveEvent(pool, { org: 'health' }, rows[0]?.id ?? '')
    if (proof === undefined) throw new Error('no proof')
    expect(proof.following).toHaveLength(2)
    const check = (changed: object): unknown =>
      verifyEventProof(eventProofSchema.parse({ ...proof, ...changed }), publicKeys, {
        sha256,
        verify: verifySignature,
      })
    expect(check({})).toBeUndefined()
    const event = { ...Object(proof.record.event), action: 'x:y' }
    expect(check({ record: { ...proof.record, event } })).toMatchObject({ fault: 'edited' })
    expect(check({ following: proof.following.toReversed() })).toMatchObject({ fault: 'checkpoint' })
    expect(check({ record: { ...proof.record, org: 'transport' } })).toMatchObject({ fault: 'checkpoint' })
    const { checkpoint } = proof.sealed
    const forged = { ...checkpoint, statement: { ...checkpoint.statement, at: '2030-01-01T00:00:00Z' } }
    expect(check({ sealed: { ...proof.sealed, checkpoint: forged } })).toMatchObject({ fault: 'signature' })
    const link = nextLink(
      { seq: proof.record.seq - 1, hash: proof.record.prev },
      eventDigest(event, sha256),
      sha256,
    )
    const head = { writer: proof.record.writer, org: proof.record.org, seq: link.seq, hash: link.hash }
    // An invented head beside, before or instead of what the checkpoint proves.
    for (const proofs of [
      [{ org: 'transport', heads: [head], steps: [] }, ...proof.sealed.proofs],
      [{ org: proof.record.org, heads: [head], steps: [] }, ...proof.sealed.proofs],
      [...proof.sealed.proofs, { org: proof.record.org, heads: [head], steps: [] }],
      proof.sealed.proofs.map((own) => ({ ...own, heads: [head, ...own.heads] })),
      [{ org: proof.record.org, heads: [head], steps: [] }],
      [],
    ])
      expect(
        check({
          record: { ...proof.record, event, hash: link.hash },
          following: [],
          sealed: { ...proof.sealed, proofs },
        }),
      ).toMatchObject({ fault: 'checkpoint' })
    expect(await proveEvent(pool, { org: 'transport' }, rows[0]?.id ?? '')).toBeUndefined()
  })
})

describe('a file of anchored copies', () => {
  it('is read and written on behind a line that was cut short', async () => {
    await add(6)
    await sealAudit(pool, signer)
    const path = join(dir, 'anchor.ndjson')
    await anchorCheckpoints(pool, createFileAnchor('first', path))
    const whole = readFileSync(path, 'utf8')
    writeFileSync(path, whole.slice(0, 100))
    expect(parseAnchored(readFileSync(path, 'utf8'))).toEqual([])
    await anchorCheckpoints(pool, createFileAnchor('second', path))
    const anchored = parseAnchored(readFileSync(path, 'utf8'))
    expect(anchored).toEqual(parseAnchored(whole))
    expect(await findings({ anchored })).toEqual([])
    expect(() => parseAnchored(`${whole.slice(0, 100)}\n{}\n`)).toThrow('line 1 of the anchored copies')
  })
})

describe('an HTTP anchor', () => {
  it('gets every checkpoint in order, also after faults, and shows how far it is', async () => {
    const got: number[] = []
    let isDown = true
    const server = createServer((req, res) => {
      let body = ''
      req.setEncoding('utf8')
      req.on('data', (text: string) => {
        body += text
      })
      req.on('end', () => {
        if (!isDown) got.push(JSON.parse(body).statement.number)
        res.writeHead(isDown ? 500 : 201).end(req.headers.authorization)
      })
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()))
    const port = (server.address() as AddressInfo).port
    const anchor = createHttpAnchor('worm', {
      url: `http://127.0.0.1:${port}/checkpoints/{number}.json`,
      method: 'PUT',
      headers: { authorization: 'Bearer x' },
    })
    await add(3)
    await sealAudit(pool, signer)
    await expect(anchorCheckpoints(pool, anchor)).rejects.toThrow('500')
    const [failing] = await withAudit(pool, 'all', listAnchors)
    expect(failing).toMatchObject({ sink: 'worm', number: 0, error: expect.stringContaining('500') })
    isDown = false
    await add(3)
    await sealAudit(pool, signer)
    await anchorCheckpoints(pool, anchor)
    expect(got).toEqual([1, 2])
    expect(await withAudit(pool, 'all', listAnchors)).toMatchObject([
      { number: 2, failingSince: null, error: null },
    ])
    expect(await anchorCheckpoints(pool, anchor)).toBe(0)
    await new Promise((resolve) => server.close(resolve))
  })
})
