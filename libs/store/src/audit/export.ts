import { createHash } from 'node:crypto'
import {
  canonicalJson,
  type ChainHead,
  eventTime,
  exportLine,
  genesis,
  type Identity,
  type Manifest,
  proveOrg,
  type Sealed,
  type Signer,
  signStatement,
  type StoredEvent,
} from '@gatehouse/audit'
import { GatehouseError } from '@gatehouse/errors'
import type { Pool } from '../pool.ts'
import {
  checkpointAfter,
  checkpointBefore,
  headsAt,
  lastCheckpoint,
  listCheckpoints,
  listRotations,
  listTombstones,
} from './checkpoints.ts'
import type { AuditFilter } from './filter.ts'
import { chainKey } from './follow.ts'
import { findIdentities } from './identities.ts'
import { readChain } from './records.ts'
import { type AuditScope, type AuditTransaction, withAudit } from './scope.ts'
import type { FoundEvent } from './found.ts'
import { searchEvents } from './search.ts'
import { sealAudit } from './seal.ts'
import { sha256 } from './sha256.ts'

/** What to export. With more than a time range, the export is not complete and cannot prove what it leaves out. */
export interface ExportRequest {
  readonly scope: AuditScope
  readonly filter: AuditFilter
}

/** Where an export goes and how it is signed. */
export interface ExportOptions {
  readonly signer: Signer
  /** Takes text in pieces; the next piece waits for it. */
  readonly write: (text: string) => Promise<void>
  readonly onProgress?: (events: number, expected: number | undefined) => Promise<void>
  readonly now?: number
}

const page = 1_000
/** Clocks of different machines, and the way from a request's start to its record. */
const marginMs = 600_000
/** Checkpoints given along the way: where history was rewritten, they say between which two. */
const maxSeals = 20

function inScope<T>(pool: Pool, work: (tx: AuditTransaction) => Promise<T>): Promise<T> {
  return withAudit(pool, 'all', work)
}

interface Range {
  readonly after: number
  readonly upTo: number
}

/** The checkpoints that the range's events lie between; seals first if the newest ones are wanted. */
async function chooseRange(pool: Pool, { filter }: ExportRequest, signer: Signer): Promise<Range> {
  const shifted = (time: string, ms: number): string => new Date(Date.parse(time) + ms).toISOString()
  const end = filter.to === undefined ? undefined : shifted(filter.to, marginMs)
  const found = end === undefined ? undefined : await inScope(pool, (tx) => checkpointAfter(tx, end))
  if (found === undefined) await sealAudit(pool, signer)
  return inScope(pool, async (tx) => {
    const after = filter.from === undefined ? 0 : await checkpointBefore(tx, shifted(filter.from, -marginMs))
    const upTo = found ?? (await lastCheckpoint(tx))?.statement.number ?? 0
    if (upTo <= after) throw new GatehouseError('not_found', 'No sealed events in this range')
    return { after, upTo }
  })
}

async function proveAt(tx: AuditTransaction, number: number, scope: AuditScope): Promise<Sealed> {
  const [checkpoint] = await listCheckpoints(tx, number - 1, 1)
  if (checkpoint === undefined) throw new GatehouseError('not_found', `no checkpoint ${number}`)
  const heads = await headsAt(tx, number)
  const orgs = scope === 'all' ? [...new Set(heads.map(({ org }) => org))] : [scope.org]
  const proofs = orgs.flatMap((org) => proveOrg(heads, org, sha256) ?? [])
  return {
    checkpoint,
    proofs: proofs.map(({ org, heads: own, steps }) => ({ org, heads: [...own], steps: [...steps] })),
  }
}

function sealNumbers({ after, upTo }: Range): number[] {
  const step = Math.max(1, Math.ceil((upTo - after) / maxSeals))
  const numbers = []
  for (let number = after + step; number < upTo; number += step) numbers.push(number)
  return [...numbers, upTo]
}

type Proof = Pick<Manifest, 'start' | 'seals' | 'tombstones' | 'rotations'>

async function gatherProof(pool: Pool, range: Range, scope: AuditScope): Promise<Proof> {
  const start = range.after === 0 ? null : await inScope(pool, (tx) => proveAt(tx, range.after, scope))
  const seals: Sealed[] = []
  for (const number of sealNumbers(range)) {
    const seal = await inScope(pool, (tx) => proveAt(tx, number, scope))
    if (seal.proofs.length > 0) seals.push(seal)
  }
  if (seals.at(-1)?.checkpoint.statement.number !== range.upTo)
    throw new GatehouseError('not_found', 'No sealed events in this range')
  return inScope(pool, async (tx) => {
    const tombstones = await listTombstones(tx)
    return {
      start,
      seals,
      tombstones: tombstones.filter(({ statement }) => scope === 'all' || statement.org === scope.org),
      rotations: await listRotations(tx),
    }
  })
}

/** Writes lines and remembers what the manifest says of them. */
class Lines {
  readonly #hash = createHash('sha256')
  readonly #write: (text: string) => Promise<void>
  readonly #seen = new Set<string>()
  bytes = 0
  events = 0
  firstHash: string | null = null
  lastHash: string | null = null

  constructor(write: (text: string) => Promise<void>) {
    this.#write = write
  }

  /** Identities that have not been written yet, then the events. */
  async add(records: readonly FoundRecord[], tx: AuditTransaction): Promise<void> {
    const refs = new Set(records.flatMap(({ event }) => event.actor?.ref ?? []))
    const unseen = [...refs].filter((ref) => !this.#seen.has(ref))
    for (const ref of unseen) this.#seen.add(ref)
    const identities = unseen.length === 0 ? [] : await findIdentities(tx, unseen)
    const lines = [...identities.map(identityLine), ...records.map(exportLine)]
    const text = lines.map((line) => `${line}\n`).join('')
    this.#hash.update(text)
    this.bytes += Buffer.byteLength(text)
    this.events += records.length
    this.firstHash ??= records[0]?.hash ?? null
    this.lastHash = records.at(-1)?.hash ?? this.lastHash
    await this.#write(text)
  }

  sha256(): string {
    return this.#hash.digest('hex')
  }
}

type FoundRecord = Omit<FoundEvent, 'identity' | 'event'> & { readonly event: StoredEvent }

function identityLine(identity: Identity): string {
  return canonicalJson({ identity })
}

function headsIn({ proofs }: Sealed): ChainHead[] {
  return proofs.flatMap(({ heads }) => heads)
}

/** All records between two checkpoints, chain by chain. */
async function writeChains(
  pool: Pool,
  { start, seals }: Proof,
  lines: Lines,
  options: ExportOptions,
): Promise<void> {
  const last = seals.at(-1)
  const ends = last === undefined ? [] : headsIn(last)
  const begins = new Map((start === null ? [] : headsIn(start)).map((h) => [chainKey(h.writer, h.org), h]))
  const beginOf = (h: ChainHead): number => (begins.get(chainKey(h.writer, h.org)) ?? genesis(h, sha256)).seq
  const expected = ends.reduce((sum, end) => sum + end.seq - beginOf(end), 0)
  for (const end of ends) {
    let after = beginOf(end)
    while (after < end.seq) {
      const from = after
      after = await inScope(pool, async (tx) => {
        const records = await readChain(tx, end, { after: from, upTo: end.seq, limit: page })
        await lines.add(records.map(withoutAgreement), tx)
        return records.at(-1)?.seq ?? end.seq
      })
      await options.onProgress?.(lines.events, expected)
    }
  }
}

function withoutAgreement({
  writer,
  org,
  seq,
  prev,
  hash,
  event,
}: Awaited<ReturnType<typeof readChain>>[number]): FoundRecord {
  return { writer, org, seq, prev, hash, event }
}

/** Only what matches, by time. */
async function writeMatches(
  pool: Pool,
  { scope, filter }: ExportRequest,
  lines: Lines,
  options: ExportOptions,
): Promise<void> {
  let cursor: string | undefined
  do {
    const from = cursor
    cursor = await withAudit(pool, scope, async (tx) => {
      const found = await searchEvents(tx, filter, { limit: page, first: 'oldest', cursor: from })
      await lines.add(found.events, tx)
      return found.next
    })
    await options.onProgress?.(lines.events, undefined)
  } while (cursor !== undefined)
}

/** Whether a filter says more than a time range. */
export function isNarrowed(filter: AuditFilter): boolean {
  return Object.entries(filter).some(
    ([name, value]) => value !== undefined && name !== 'from' && name !== 'to',
  )
}

/**
 * Exports events as NDJSON, each with its place in its chain, and gives the manifest that proves them. A complete export holds
 * every event between two checkpoints that include the range, so a few events more than the range.
 * @throws GatehouseError `not_found` if nothing of the range has been sealed
 */
export async function exportAudit(
  pool: Pool,
  request: ExportRequest,
  options: ExportOptions,
): Promise<Manifest> {
  const { scope, filter } = request
  const { signer, now = Date.now() } = options
  const range = await chooseRange(pool, request, signer)
  const proof = await gatherProof(pool, range, scope)
  const lines = new Lines(options.write)
  if (isNarrowed(filter)) await writeMatches(pool, request, lines, options)
  else await writeChains(pool, proof, lines, options)
  const statement: Manifest['statement'] = {
    schema: 1,
    kind: 'gatehouse-audit-export',
    at: eventTime(now),
    scope: scope === 'all' ? 'all' : { org: scope.org },
    from: filter.from === undefined ? null : eventTime(Date.parse(filter.from)),
    to: filter.to === undefined ? null : eventTime(Date.parse(filter.to)),
    filter: isNarrowed(filter) ? { ...filter } : null,
    ...range,
    events: lines.events,
    firstHash: lines.firstHash,
    lastHash: lines.lastHash,
    bytes: lines.bytes,
    sha256: lines.sha256(),
    key: signer.id,
  }
  return { ...signStatement(statement, signer), ...proof }
}
