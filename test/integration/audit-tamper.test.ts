import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type AuditRecord, eventDigest, type Finding, nextLink } from '@gatehouse/audit'
import { sampleEvent } from '@gatehouse/audit/sample'
import {
  createAuditWriter,
  createPool,
  exportAudit,
  generateSigningKey,
  loadPublicKey,
  loadSigner,
  type Pool,
  proveEvent,
  sealAudit,
  sha256,
  verifyAudit,
  verifyExportFile,
  verifyProofFile,
} from '@gatehouse/store'
import fc from 'fast-check'
import pg from 'pg'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { freshDatabase, type TestDatabase } from '../support/postgres.ts'

/**
 * Whatever is done to one event, at whatever place, by somebody who owns the database or the file: verifying names the chain and
 * the first event that is not as it was sealed.
 */

const key = generateSigningKey()
const signer = loadSigner(key.privatePem)
const publicKeys = [loadPublicKey(key.publicPem)]
const dir = mkdtempSync(join(tmpdir(), 'gatehouse-tamper-'))
/** Tamperings of each kind of log; more with GATEHOUSE_TAMPER_RUNS. */
const runs = Number(process.env['GATEHOUSE_TAMPER_RUNS'] ?? 40)
let database: TestDatabase
let pool: Pool
let owner: pg.Client
let rows: readonly AuditRecord[]

const kept = 'at, id, class, org_uid, writer, seq, prev, hash, received_at, event'
const readRows = `select writer, org_uid as org, seq::int, encode(prev, 'hex') as prev, encode(hash, 'hex') as hash, event
  from audit_events order by writer, org_uid, seq`

beforeAll(async () => {
  database = await freshDatabase()
  pool = createPool({ url: database.appUrl })
  owner = new pg.Client({ connectionString: database.adminUrl })
  await owner.connect()
  let next = 1
  for (let checkpoint = 1; checkpoint <= 2; checkpoint++) {
    for (const writerId of ['gw-1', 'gw-2']) {
      const writer = await createAuditWriter({ dir, writerId, pool })
      for (let i = 0; i < 10; i++)
        await writer.append(sampleEvent(next++, { orgUid: ['transport', 'health', null][i % 3] ?? null }))
      await writer.close()
    }
    await sealAudit(pool, signer)
  }
  // What an owner would do first. Generated columns become ordinary ones only where a case says so.
  await owner.query('set session_replication_role = replica')
  for (const rule of ['class_agrees', 'id_agrees', 'org_agrees'])
    await owner.query(`alter table audit_events drop constraint audit_events_${rule}`)
  await owner.query(`create table kept as select ${kept} from audit_events`)
  rows = (await owner.query<AuditRecord>(readRows)).rows
})
afterAll(async () => {
  await pool.end()
  await owner.end()
  await database.drop()
  rmSync(dir, { recursive: true })
})

async function restore(): Promise<void> {
  await owner.query('delete from audit_events')
  await owner.query(`insert into audit_events (${kept}) select ${kept} from kept`)
}

const same = `writer = $1 and org_uid is not distinct from $2`
type Place = Pick<AuditRecord, 'writer' | 'org' | 'seq'>
const at = ({ writer, org, seq }: Place): [string, string | null, number] => [writer, org, seq]

/** One thing done to one event; where the first bad event is then, and whether it can be named exactly. */
interface Tampering {
  readonly name: string
  run(): Promise<unknown>
  readonly first: Place
  /** A chain that was computed anew fits in itself: only the checkpoint after it shows that, and names the events it sealed. */
  readonly isExact: boolean
}

/** Every leaf of the event, as a path of `jsonb_set`. */
function leaves(value: unknown, path: readonly string[] = []): readonly (readonly string[])[] {
  if (typeof value !== 'object' || value === null || Object.keys(value).length === 0) return [path]
  return Object.entries(value).flatMap(([name, inner]) => leaves(inner, [...path, name]))
}

const columns: Readonly<Record<string, string>> = {
  at: `at + interval '1 second'`,
  id: `'00000000-0000-7000-8000-000000000000'`,
  org_uid: `'elsewhere'`,
  writer: `'gw-9'`,
  seq: 'seq + 1000',
  prev: `sha256('x')`,
  hash: `sha256('x')`,
}

/** Of the same kind, so that it gets past the reader. */
function anotherThan(old: unknown): unknown {
  if (typeof old === 'number') return old + 1
  if (typeof old === 'boolean') return !old
  if (typeof old === 'string') return /^[0-9a-f]{64}$/.test(old) ? sha256(old) : `x${old}`
  return Array.isArray(old) ? ['another'] : 'another'
}

const changed = (text: string): string => JSON.stringify(`${text}!`)

function edit(row: AuditRecord, n: number): Tampering {
  const paths = leaves(row.event).filter((path) => path.length > 0)
  const path = paths[n % paths.length] ?? []
  const old: unknown = path.reduce<unknown>((value, name) => Object(value)[name], row.event)
  // Generated columns must still take it: an address stays a text, a list a list, the code stays one of its class.
  const next = typeof old === 'string' ? changed(old) : JSON.stringify(anotherThan(old))
  return {
    name: `edit ${path.join('.')}`,
    first: row,
    isExact: true,
    run: () =>
      owner.query(
        `update audit_events set event = jsonb_set(event, $4, $5::jsonb) where ${same} and seq = $3`,
        [...at(row), path, next],
      ),
  }
}

function editColumn(row: AuditRecord, n: number): Tampering {
  const names = Object.keys(columns)
  const name = names[n % names.length] ?? 'hash'
  return {
    name: `edit the column ${name}`,
    first: row,
    isExact: true,
    run: () =>
      owner.query(`update audit_events set ${name} = ${columns[name]} where ${same} and seq = $3`, at(row)),
  }
}

function remove(row: AuditRecord, n: number): Tampering {
  return n % 2 === 0
    ? {
        name: 'delete',
        first: row,
        isExact: true,
        run: () => owner.query(`delete from audit_events where ${same} and seq = $3`, at(row)),
      }
    : {
        name: 'truncate, with the head',
        first: row,
        isExact: true,
        run: async () => {
          await owner.query(`delete from audit_events where ${same} and seq >= $3`, at(row))
        },
      }
}

const chainOf = (row: Place): readonly AuditRecord[] =>
  rows.filter(({ writer, org }) => writer === row.writer && org === row.org)

function reorder(row: AuditRecord, n: number): Tampering | undefined {
  const others = chainOf(row).filter(({ seq }) => seq !== row.seq)
  const other = others[n % others.length]
  if (other === undefined) return undefined
  const seq = Math.min(row.seq, other.seq)
  return {
    name: `exchange with ${other.seq}`,
    first: { ...row, seq },
    isExact: true,
    run: () =>
      owner.query(`update audit_events set seq = $3 + $4 - seq where ${same} and seq in ($3, $4)`, [
        ...at(row),
        other.seq,
      ]),
  }
}

const insertRow = `insert into audit_events (at, id, class, org_uid, writer, seq, prev, hash, event)
  select at, id, class, org_uid, writer, $4, decode($5, 'hex'), decode($6, 'hex'), $7 from audit_events where ${same} and seq = $3`

/** A second event under the number of `row`, linked as it would have to be. */
function insert(row: AuditRecord): Tampering {
  const event = { ...Object(row.event), action: 'forged:action' }
  const link = nextLink({ seq: row.seq - 1, hash: row.prev }, eventDigest(event, sha256), sha256)
  return {
    name: 'insert',
    first: row,
    // Which of the two is read first is Postgres's choice: the forged one then ends what its checkpoint sealed.
    isExact: false,
    run: () => owner.query(insertRow, [...at(row), link.seq, link.prev, link.hash, JSON.stringify(event)]),
  }
}

/** Another event in the place of `row`, and every later one of its chain computed anew. */
function rewrite(row: AuditRecord): Tampering {
  return {
    name: 'rewrite from here',
    first: row,
    isExact: false,
    run: async () => {
      let { prev } = row
      for (const old of chainOf(row).filter(({ seq }) => seq >= row.seq)) {
        const event = old.seq === row.seq ? { ...Object(old.event), action: 'forged:action' } : old.event
        const link = nextLink({ seq: old.seq - 1, hash: prev }, eventDigest(event, sha256), sha256)
        prev = link.hash
        await owner.query(
          `update audit_events set prev = decode($4, 'hex'), hash = decode($5, 'hex'), event = $6 where ${same} and seq = $3`,
          [...at(old), link.prev, link.hash, JSON.stringify(event)],
        )
      }
    },
  }
}

const kinds = [edit, edit, editColumn, remove, reorder, insert, rewrite] as const

const inChain = (findings: readonly Finding[], { writer, org }: Place): Finding | undefined =>
  findings.find((finding) => finding.writer === writer && finding.org === org && finding.seq !== undefined)

function expectNamed(findings: readonly Finding[], { first, isExact, name }: Tampering): void {
  const found = inChain(findings, first)
  expect(found, `${name} of ${at(first).join(' ')}: ${JSON.stringify(findings)}`).toBeDefined()
  const seq = found?.seq ?? 0
  if (isExact) expect([name, seq]).toEqual([name, first.seq])
  else expect([name, found?.fault === 'rewritten' || seq === first.seq]).toEqual([name, true])
}

/** What an owner would do to change what the database computes. */
async function makeOrdinary(): Promise<readonly string[]> {
  const generated = `select attname as name from pg_attribute where attrelid = 'audit_events'::regclass and attgenerated <> ''`
  const { rows: found } = await owner.query<{ name: string }>(generated)
  const ofLog = `c.oid = a.attrelid and c.relname like 'audit_events%' and a.attgenerated <> ''`
  await owner.query(
    `delete from pg_attrdef d using pg_attribute a, pg_class c where d.adrelid = a.attrelid and d.adnum = a.attnum and ${ofLog}`,
  )
  await owner.query(
    `update pg_attribute a set attgenerated = '', atthasdef = false from pg_class c where ${ofLog}`,
  )
  return found.map(({ name }) => name)
}

it(
  'anything done to any one event of the store is found, and its place named',
  async () => {
    expect((await verifyAudit(pool, { publicKeys })).findings).toEqual([])
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...kinds), fc.nat(), fc.nat(), async (kind, place, n) => {
        const row = rows[place % rows.length]
        const tampering = row && kind(row, n)
        fc.pre(tampering !== undefined)
        try {
          await tampering.run()
          expectNamed((await verifyAudit(pool, { publicKeys })).findings, tampering)
        } finally {
          await restore()
        }
      }),
      { numRuns: runs },
    )
    expect((await verifyAudit(pool, { publicKeys })).findings).toEqual([])
  },
  60_000 + runs * 2_000,
)

/** An export of one org: its lines, and where it is to be written. */
async function exported() {
  const lines: string[] = []
  const write = async (text: string): Promise<void> => {
    lines.push(...text.split('\n').filter((line) => line !== ''))
  }
  const manifest = await exportAudit(pool, { scope: { org: 'health' }, filter: {} }, { signer, write })
  const [file, manifestFile] = [join(dir, 'x.ndjson'), join(dir, 'x.json')]
  writeFileSync(manifestFile, JSON.stringify(manifest))
  return { file, manifestFile, lines }
}

it('anything done to any line of an export is found without the database, and its place named', async () => {
  const { file, manifestFile, lines } = await exported()
  const verify = (changedLines: readonly string[]) => {
    writeFileSync(file, changedLines.map((line) => `${line}\n`).join(''))
    return verifyExportFile(file, manifestFile, publicKeys)
  }
  expect((await verify(lines)).findings).toEqual([])
  const events = lines.flatMap((line, i) => (line.startsWith('{"identity"') ? [] : [i]))
  const what = fc.constantFrom('edit', 'delete', 'truncate', 'repeat', 'exchange')
  await fc.assert(
    fc.asyncProperty(what, fc.nat(), fc.nat(), async (kind, place, n) => {
      const i = events[place % events.length] ?? 0
      const [first, second]: AuditRecord[] = [lines[i], lines[i + 1]].map((line) =>
        JSON.parse(line ?? 'null'),
      )
      if (first === undefined) throw new Error('no such line')
      const isLast = second === null || second?.writer !== first.writer
      fc.pre(kind !== 'exchange' || !isLast)
      const found = await verify(
        lines.flatMap((line, k) => {
          if (kind === 'truncate') return k < i ? [line] : []
          if (kind === 'exchange' && (k === i || k === i + 1)) return [lines[k === i ? i + 1 : i] ?? '']
          if (k !== i) return [line]
          return { delete: [], repeat: [line, line], edit: [editLine(first, n)] }[String(kind)] ?? [line]
        }),
      )
      const named = inChain(found.findings, first)
      expect([kind, i, named?.seq]).toEqual([kind, i, first.seq])
    }),
    { numRuns: runs },
  )
})

function editLine(record: AuditRecord, n: number): string {
  const paths = leaves(record.event)
  const path = paths[n % paths.length] ?? []
  const event = structuredClone(record.event)
  const parent = path.slice(0, -1).reduce<unknown>((value, name) => Object(value)[name], event)
  Object(parent)[path.at(-1) ?? ''] = 'another'
  return JSON.stringify({ ...record, event })
}

/** Somebody else's, in every member that says who it is. */
const others = {
  ref: 'p-00000000000000000000000000000000',
  salt: 'another',
  org_uid: 'elsewhere',
  uid: 'u-mallory',
  name: 'Mallory',
  issuer: 'https://elsewhere.example',
  subject: 'mallory',
}
const ofMember = (name: string): string => (name === 'org_uid' ? 'orgUid' : name)

it('whoever an event is put on, in the store or in an export, is found', async () => {
  await owner.query('create table kept_identities as select * from audit_identities')
  const { rows: refs } = await owner.query<{ ref: string }>('select ref from audit_identities order by ref')
  for (const [i, [column, value]] of Object.entries(others).entries()) {
    const { ref = '' } = refs[i % refs.length] ?? {}
    await owner.query(`update audit_identities set ${column} = $2 where ref = $1`, [ref, value])
    const { findings } = await verifyAudit(pool, { publicKeys })
    expect([column, findings.map(({ fault }) => fault)]).toEqual([column, ['identity']])
    await owner.query('delete from audit_identities')
    await owner.query('insert into audit_identities select * from kept_identities')
  }
  const { file, manifestFile, lines } = await exported()
  const places = lines.flatMap((line, i) => (line.startsWith('{"identity"') ? [i] : []))
  expect(places).not.toEqual([])
  for (const [name, value] of Object.entries(others)) {
    const changedLines = lines.map((line, i) => {
      if (i !== places[0]) return line
      const { identity } = JSON.parse(line)
      return JSON.stringify({ identity: { ...identity, [ofMember(name)]: value } })
    })
    writeFileSync(file, changedLines.map((line) => `${line}\n`).join(''))
    const { findings } = await verifyExportFile(file, manifestFile, publicKeys)
    expect([name, findings.map(({ fault }) => fault)]).toEqual([name, expect.arrayContaining(['identity'])])
  }
})

it('anything done to any member of the proof of an event is found', async () => {
  const { rows: ids } = await owner.query<{ id: string }>(
    `select id from audit_events where org_uid = 'health' order by id`,
  )
  const proofs = await Promise.all(ids.map(({ id }) => proveEvent(pool, { org: 'health' }, id)))
  const file = join(dir, 'proof.json')
  /** What is wrong with a proof; a text that is no proof at all is refused. */
  const faultOf = (proof: unknown): string | undefined => {
    writeFileSync(file, JSON.stringify(proof))
    try {
      return verifyProofFile(file, publicKeys).finding?.fault
    } catch (error) {
      return String(error)
    }
  }
  for (const proof of proofs) expect(faultOf(proof)).toBeUndefined()
  fc.assert(
    fc.property(
      fc.constantFrom(...proofs),
      fc.nat(),
      fc.constantFrom('edit', 'drop', 'double'),
      (proof, n, kind) => {
        const paths = leaves(proof)
        const path = paths[n % paths.length] ?? []
        const forged = structuredClone(proof)
        const parent = path.slice(0, -1).reduce<unknown>((value, name) => Object(value)[name], forged)
        const name = path.at(-1) ?? ''
        const old: unknown = Object(parent)[name]
        const inList = Array.isArray(parent) ? parent : undefined
        fc.pre(kind === 'edit' || inList !== undefined)
        if (kind === 'drop') inList?.splice(Number(name), 1)
        else if (kind === 'double') inList?.splice(Number(name), 0, old)
        else Object(parent)[name] = anotherThan(old)
        expect([path.join('.'), kind, faultOf(forged)]).toEqual([path.join('.'), kind, expect.any(String)])
      },
    ),
    { numRuns: runs * 5 },
  )
  // An event that never was, under a head of its own that nothing proves.
  for (const proof of proofs) {
    if (proof === undefined) throw new Error('no proof')
    const event = { ...Object(proof.record.event), action: 'forged:action' }
    const { seq, prev, writer, org } = proof.record
    const { hash } = nextLink({ seq: seq - 1, hash: prev }, eventDigest(event, sha256), sha256)
    const [own] = proof.sealed.proofs
    const heads = [{ writer, org, seq, hash }]
    for (const added of [
      [{ org: 'x', heads, steps: [] }, own],
      [own, { ...own, heads }],
      [{ ...own, heads }],
    ]) {
      const sealed = { ...proof.sealed, proofs: added }
      expect(faultOf({ ...proof, record: { ...proof.record, event, hash }, following: [], sealed })).toBe(
        'checkpoint',
      )
    }
  }
})

it('a changed column of those that searches use is found', async () => {
  const names = await makeOrdinary()
  expect(names).toContain('words')
  for (const [i, name] of names.entries()) {
    const row = rows[(i * 7) % rows.length]
    if (row === undefined) throw new Error('no row')
    const { rows: before } = await owner.query(
      `select ${name} as old from audit_events where ${same} and seq = $3`,
      at(row),
    )
    const value =
      { metrics: `'{other}'`, words: `array_to_tsvector('{other}')` }[name] ?? `coalesce(${name}, '') || 'x'`
    await owner.query(`update audit_events set ${name} = ${value} where ${same} and seq = $3`, at(row))
    const found = inChain((await verifyAudit(pool, { publicKeys })).findings, row)
    expect([name, found?.fault, found?.seq]).toEqual([name, 'edited', row.seq])
    await owner.query(`update audit_events set ${name} = $4 where ${same} and seq = $3`, [
      ...at(row),
      before[0]?.old,
    ])
  }
})
