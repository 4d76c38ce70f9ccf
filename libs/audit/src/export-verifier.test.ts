import { createHash, generateKeyPairSync, hash, type KeyObject, sign, verify } from 'node:crypto'
import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { canonicalJson } from './canonical.ts'
import { type AuditRecord, eventDigest, genesis, nextLink } from './chain.ts'
import { type ChainHead, type CheckpointStatement, proveOrg, sealCheckpoint } from './checkpoint.ts'
import { createExportVerifier, exportLine, type ExportReport } from './export-verifier.ts'
import { type Manifest, manifestSchema, type Sealed } from './manifest.ts'
import { type PublicKey, rotateKey, type Signer, signStatement } from './signing.ts'
import { sampleEvent } from './sample.ts'
import { identityOf, toStoredEvent } from './stored.ts'
import type { Tombstone, TombstoneRun } from './tombstone.ts'

const sha256 = (text: string): string => hash('sha256', text)

function makeSigner(): Signer {
  const { privateKey, publicKey }: { privateKey: KeyObject; publicKey: KeyObject } =
    generateKeyPairSync('ed25519')
  const spki = publicKey.export({ type: 'spki', format: 'der' }).toString('base64')
  return {
    id: sha256(spki).slice(0, 16),
    publicKey: spki,
    sign: (text) => sign(null, Buffer.from(text), privateKey).toString('base64'),
  }
}

const verified = new Map<string, boolean>()

/** Remembers answers: the same checkpoints are verified thousands of times here. */
function verifySignature(publicKey: string, text: string, signature: string): boolean {
  const memo = `${publicKey} ${signature} ${text}`
  const known = verified.get(memo) ?? checkSignature(publicKey, text, signature)
  verified.set(memo, known)
  return known
}

function checkSignature(publicKey: string, text: string, signature: string): boolean {
  const key = { key: Buffer.from(publicKey, 'base64'), type: 'spki', format: 'der' } as const
  return verify(null, Buffer.from(text), key, Buffer.from(signature, 'base64'))
}

const oldKey = makeSigner()
const newKey = makeSigner()
const time = (n: number): string => `2025-06-01T00:${String(n).padStart(2, '0')}:00Z`

/** A small log: three writers, two orgs, five checkpoints, a change of key after the second, some events purged. */
interface Log {
  readonly records: AuditRecord[]
  readonly sealed: { statement: CheckpointStatement; signature: string; heads: ChainHead[] }[]
}

function makeLog(): Log {
  const heads = new Map<string, ChainHead>()
  const records: AuditRecord[] = []
  const sealed: Log['sealed'] = []
  let n = 0
  for (let checkpoint = 1; checkpoint <= 5; checkpoint++) {
    for (let i = 0; i < 12; i++) {
      const chain = { writer: `gw-${n % 3}`, org: n % 2 === 0 ? 'transport' : 'health' }
      const event = toStoredEvent(sampleEvent(++n, { orgUid: chain.org }), 'p-1')
      const key = canonicalJson(chain)
      const head = heads.get(key) ?? genesis(chain, sha256)
      const link = nextLink(head, eventDigest(event, sha256), sha256)
      heads.set(key, { ...chain, seq: link.seq, hash: link.hash })
      records.push({ ...chain, ...link, event })
    }
    const signer = checkpoint <= 2 ? oldKey : newKey
    const now = [...heads.values()]
    const previous = sealed.at(-1)?.statement
    sealed.push({ ...sealCheckpoint(previous, now, { at: time(checkpoint), signer, sha256 }), heads: now })
  }
  return { records, sealed }
}

const log = makeLog()
const rotation = rotateKey(oldKey, newKey, 2, time(2))

function sealedFor(number: number, org: string): Sealed {
  const seal = log.sealed[number - 1]
  const proof = seal && proveOrg(seal.heads, org, sha256)
  if (seal === undefined || proof === undefined) throw new Error('no such checkpoint')
  const checkpoint = { statement: seal.statement, signature: seal.signature }
  return { checkpoint, proofs: [{ ...proof, heads: [...proof.heads], steps: [...proof.steps] }] }
}

interface Export {
  readonly lines: readonly string[]
  readonly manifest: Manifest
}

function fileOf(lines: readonly string[]): { bytes: number; sha256: string } {
  const text = lines.map((line) => `${line}\n`).join('')
  return { bytes: Buffer.byteLength(text), sha256: createHash('sha256').update(text).digest('hex') }
}

function exportOf(
  org: string,
  after: number,
  upTo: number,
  purged: (r: AuditRecord) => boolean = () => false,
): Export {
  const start = after === 0 ? null : sealedFor(after, org)
  const seals = Array.from({ length: upTo - after }, (_, i) => sealedFor(after + 1 + i, org))
  const from = (r: AuditRecord): number =>
    start?.proofs[0]?.heads.find(({ writer }) => writer === r.writer)?.seq ?? 0
  const to = (r: AuditRecord): number =>
    seals.at(-1)?.proofs[0]?.heads.find(({ writer }) => writer === r.writer)?.seq ?? 0
  const inRange = log.records
    .filter((r) => r.org === org && r.seq > from(r) && r.seq <= to(r))
    .sort((a, b) => a.writer.localeCompare(b.writer) || a.seq - b.seq)
  const kept = inRange.filter((r) => !purged(r))
  const actor = sampleEvent().actor
  if (actor === null) throw new Error('no actor')
  const identity = identityOf(actor, org, 'salt', sha256)
  const lines = [canonicalJson({ identity }), ...kept.map(exportLine)]
  const file = fileOf(lines)
  const statement = {
    schema: 1,
    kind: 'gatehouse-audit-export',
    at: time(9),
    scope: { org },
    from: null,
    to: null,
    filter: null,
    after,
    upTo,
    events: kept.length,
    firstHash: kept[0]?.hash ?? null,
    lastHash: kept.at(-1)?.hash ?? null,
    ...file,
    key: newKey.id,
  } as const
  const tombstones = tombstonesOf(inRange.filter(purged), org)
  const manifest = { ...signStatement(statement, newKey), start, seals, tombstones, rotations: [rotation] }
  return { lines, manifest: manifestSchema.parse(JSON.parse(JSON.stringify(manifest))) }
}

function tombstonesOf(purged: readonly AuditRecord[], org: string): Tombstone[] {
  if (purged.length === 0) return []
  const runs = purged.map(
    ({ writer, seq, prev, hash: last }): TombstoneRun => ({
      writer,
      fromSeq: seq,
      prev,
      toSeq: seq,
      hash: last,
    }),
  )
  const statement = {
    schema: 1,
    kind: 'gatehouse-audit-tombstone',
    at: time(8),
    month: '2025-06',
    class: 'query',
    org,
    events: purged.length,
    reason: 'retention',
    checkpoint: 5,
    runs,
    key: newKey.id,
  } as const
  return [{ ...signStatement(statement, newKey), statement: { ...statement, runs } }]
}

function check(
  lines: readonly string[],
  manifest: Manifest,
  keys: readonly PublicKey[] = [newKey],
): ExportReport {
  const verifier = createExportVerifier(manifest, keys, { sha256, verify: verifySignature })
  for (const line of lines) verifier.line(line)
  return verifier.end(fileOf(lines))
}

const exports: readonly (readonly [string, Export])[] = [
  ['from the beginning', exportOf('transport', 0, 5)],
  ['between two checkpoints', exportOf('health', 1, 4)],
  ['with purged events', exportOf('transport', 1, 5, (r) => r.seq % 3 === 0)],
]

describe('an export', () => {
  it.each(exports)('%s verifies with either key', (_, { lines, manifest }) => {
    for (const key of [oldKey, newKey])
      expect(check(lines, manifest, [{ id: key.id, publicKey: key.publicKey }])).toMatchObject({
        findings: [],
        events: manifest.statement.events,
        isComplete: true,
      })
  })

  it('shows nothing of other orgs', () => {
    expect(JSON.stringify(exportOf('transport', 0, 5))).not.toContain('health')
  })
})

/** What an attacker can do to the lines of events without the key. */
type Mutation = (lines: string[], i: number, j: number) => string[]
const parsed = (line: string | undefined): AuditRecord => JSON.parse(line ?? '')
const replaced = (lines: readonly string[], i: number, line: string): string[] =>
  lines.map((old, k) => (k === i ? line : old))

/** Rewrites event `i` and gives every later event of its chain hashes that fit again. */
function rewrite(lines: readonly string[], i: number): string[] {
  const { writer } = parsed(lines[i])
  let prev: string | undefined
  return lines.map((line, k) => {
    if (k < i || !line.includes(`"writer":"${writer}"`)) return line
    const record = parsed(line)
    const event = k === i ? { ...sampleEvent(record.seq, { action: 'forged' }) } : record.event
    const link = nextLink(
      { seq: record.seq - 1, hash: prev ?? record.prev },
      eventDigest(event, sha256),
      sha256,
    )
    prev = link.hash
    return exportLine({ ...record, ...link, event })
  })
}

const mutations: Readonly<Record<string, Mutation>> = {
  edit: (lines, i) => replaced(lines, i, (lines[i] ?? '').replace('datasources:query', 'datasources:quary')),
  'edit the hash': (lines, i) => replaced(lines, i, exportLine({ ...parsed(lines[i]), hash: sha256('x') })),
  'edit the link': (lines, i) => replaced(lines, i, exportLine({ ...parsed(lines[i]), prev: sha256('x') })),
  'edit the number': (lines, i) =>
    replaced(lines, i, exportLine({ ...parsed(lines[i]), seq: parsed(lines[i]).seq + 1 })),
  'move to another org': (lines, i) => replaced(lines, i, exportLine({ ...parsed(lines[i]), org: 'other' })),
  'move to another writer': (lines, i) =>
    replaced(lines, i, exportLine({ ...parsed(lines[i]), writer: 'gw-9' })),
  'not JSON': (lines, i) => replaced(lines, i, 'x'),
  delete: (lines, i) => lines.filter((_, k) => k !== i),
  repeat: (lines, i) => lines.flatMap((line, k) => (k === i ? [line, line] : [line])),
  insert: (lines, i) => lines.flatMap((line, k) => (k === i ? [rewrite(lines, i)[i] ?? '', line] : [line])),
  exchange: (lines, i, j) =>
    lines.map((line, k) => (k === i ? (lines[j] ?? '') : k === j ? (lines[i] ?? '') : line)),
  truncate: (lines, i) => lines.slice(0, i),
  'fork (rewrite all that follows)': rewrite,
}

describe('every mutation of a single event', () => {
  const cases = exports.flatMap(([name, one]) =>
    Object.keys(mutations).map((kind) => [kind, name, one] as const),
  )
  it.each(cases)('is found: %s, %s', (kind, _, { lines, manifest }) => {
    const mutate = mutations[kind]
    if (mutate === undefined) throw new Error('no such mutation')
    for (let i = 1; i < lines.length; i++) {
      const changed = mutate([...lines], i, 1 + (i % (lines.length - 1)))
      expect(changed).not.toEqual(lines)
      const { findings } = check(changed, manifest)
      // Not only by the file's hash or count: by the chains themselves, with the event or the first one missing named.
      const named = findings.find(({ seq }) => seq !== undefined)
      // Exchanged over the border of two chains, each is still whole: the file's hash shows it.
      if (kind !== 'not JSON' && kind !== 'exchange') expect(named, `event ${i}`).toBeDefined()
      expect(findings.length).toBeGreaterThan(0)
      if (kind === 'edit') {
        const record = parsed(lines[i])
        expect(named).toMatchObject({
          fault: 'edited',
          seq: record.seq,
          writer: record.writer,
          id: parsedId(record),
        })
      }
    }
  })

  it('is found for any change of any byte', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...exports.map(([, one]) => one)),
        fc.nat(),
        fc.nat(),
        fc.string({ minLength: 0, maxLength: 3 }),
        ({ lines, manifest }, line, at, text) => {
          const i = line % lines.length
          const old = lines[i] ?? ''
          const changed = old.slice(0, at % old.length) + text + old.slice((at % old.length) + text.length)
          fc.pre(changed !== old)
          expect(check(replaced(lines, i, changed), manifest).findings.length).toBeGreaterThan(0)
        },
      ),
      { numRuns: 500 },
    )
  })
})

function parsedId({ event }: AuditRecord): string {
  return JSON.parse(JSON.stringify(event)).id
}

describe('a manifest', () => {
  const good = exportOf('transport', 1, 5)
  const older = exportOf('transport', 1, 3)
  let other: Signer
  beforeAll(() => {
    other = makeSigner()
  })
  const faults = (manifest: Manifest, lines = good.lines, keys?: readonly PublicKey[]): string[] =>
    check(lines, manifest, keys).findings.map(({ fault }) => fault)

  it('is refused with a wrong key', () => {
    expect(faults(good.manifest, good.lines, [other])).toContain('signature')
  })

  it('is refused when its statement was changed', () => {
    const statement = { ...good.manifest.statement, events: good.manifest.statement.events - 1 }
    expect(faults({ ...good.manifest, statement })).toContain('signature')
  })

  it('cannot be made by the old key for later checkpoints', () => {
    const statement = { ...good.manifest.statement, key: oldKey.id }
    const { signature } = signStatement(statement, oldKey)
    expect(faults({ ...good.manifest, statement, signature })).toContain('signature')
  })

  it('cannot replay an older checkpoint as the end of a newer export', () => {
    const { findings } = check(older.lines, { ...good.manifest, seals: older.manifest.seals })
    expect(findings.map(({ message }) => message)).toContain(
      'the manifest names other checkpoints than it holds',
    )
  })

  it('cannot hold a checkpoint that the key did not sign', () => {
    const [first, ...rest] = good.manifest.seals
    if (first === undefined) throw new Error('no seal')
    const { statement, signature } = first.checkpoint
    const checkpoint = { statement: { ...statement, at: time(59) }, signature }
    expect(faults({ ...good.manifest, seals: [{ ...first, checkpoint }, ...rest] })).toEqual(['signature'])
  })

  it('cannot leave out a whole chain', () => {
    const seals = good.manifest.seals.map((seal) => ({
      ...seal,
      proofs: seal.proofs.map((proof) => ({ ...proof, heads: proof.heads.slice(1) })),
    }))
    const writer = good.manifest.seals[0]?.proofs[0]?.heads[0]?.writer ?? ''
    const lines = good.lines.filter((line) => !line.includes(`"writer":"${writer}"`))
    expect(faults({ ...good.manifest, seals }, lines)).toContain('checkpoint')
  })

  it('cannot lose or exchange a tombstone', () => {
    const purged = exportOf('transport', 1, 5, (r) => r.seq % 3 === 0)
    expect(faults({ ...purged.manifest, tombstones: [] }, purged.lines)).toContain('missing')
    const [tombstone] = purged.manifest.tombstones
    if (tombstone === undefined) throw new Error('no tombstone')
    const widened = tombstone.statement.runs.map((run) => ({ ...run, toSeq: run.toSeq + 1 }))
    const tombstones = [{ ...tombstone, statement: { ...tombstone.statement, runs: widened } }]
    expect(faults({ ...purged.manifest, tombstones }, purged.lines)).toContain('signature')
  })

  it('cannot have its key changed by someone else', () => {
    const forged = rotateKey(other, newKey, 2, time(2))
    const keys = [{ id: other.id, publicKey: other.publicKey }]
    const oneSided = { ...forged, toSignature: forged.fromSignature }
    expect(faults({ ...good.manifest, rotations: [oneSided] }, good.lines, keys)).toContain('signature')
  })

  it('shows an exchanged identity', () => {
    const lines = [(good.lines[0] ?? '').replace('Ada Lovelace', 'Bob'), ...good.lines.slice(1)]
    expect(faults(good.manifest, lines)).toContain('identity')
  })
})
