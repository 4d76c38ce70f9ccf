import {
  type ChainHead,
  type Checkpoint,
  checkAnchors,
  checkCheckpoint,
  checkSignature,
  checkSuccession,
  createChainVerifier,
  type Finding,
  genesis,
  headsRoot,
  identityRef,
  type PublicKey,
  type Tombstone,
  type Trust,
  trustedKeys,
} from '@gatehouse/audit'
import type { Pool } from '../pool.ts'
import { headsBetween, listCheckpoints, listRotations, listTombstones, sealsOfChain } from './checkpoints.ts'
import { chainKey } from './follow.ts'
import { listIdentities } from './identities.ts'
import { verifySignature } from './keys.ts'
import { readChain } from './records.ts'
import { type AuditTransaction, withAudit } from './scope.ts'
import { sha256 } from './sha256.ts'

/** How to verify. */
export interface VerifyOptions {
  /** Keys that are trusted; others are trusted as far as these vouch for them. */
  readonly publicKeys: readonly PublicKey[]
  /** Follow only this org's chains. Checkpoints are verified for all. */
  readonly org?: string | undefined
  /** Copies of checkpoints kept elsewhere: only they show that the whole log was rolled back. */
  readonly anchored?: readonly Checkpoint[]
  readonly onProgress?: (events: number) => void
}

/** Result of verifying the log. */
export interface VerifyReport {
  /** Empty if everything holds. The first of a chain is its first bad event. */
  readonly findings: readonly Finding[]
  readonly events: number
  readonly chains: number
  /** Number of the last checkpoint. */
  readonly checkpoint: number
  /** Events that no checkpoint has sealed yet: they are chained, and their end is not proven. */
  readonly unsealed: number
  readonly seconds: number
}

const checkpointPage = 500
const recordPage = 1_000

interface Sealed {
  readonly heads: ReadonlyMap<string, ChainHead>
  readonly last: number
  readonly findings: readonly Finding[]
}

function movesBack(heads: ReadonlyMap<string, ChainHead>, moved: ChainHead): boolean {
  return moved.seq < (heads.get(chainKey(moved.writer, moved.org))?.seq ?? 0)
}

/** Goes through the checkpoints from the first: signatures, succession, and that each root is that of the heads kept with it. */
async function verifyCheckpoints(pool: Pool, trust: Trust, anchored: readonly Checkpoint[]): Promise<Sealed> {
  const heads = new Map<string, ChainHead>()
  const findings: Finding[] = []
  const wanted = new Set(anchored.map(({ statement }) => statement.number))
  const found = new Map<number, Checkpoint>()
  let previous: Checkpoint | undefined
  while (true) {
    const after = previous?.statement.number ?? 0
    const checkpoints = await withAudit(pool, 'all', (tx) => listCheckpoints(tx, after, checkpointPage))
    const upTo = checkpoints.at(-1)?.statement.number ?? 0
    const moves = await withAudit(pool, 'all', (tx) => headsBetween(tx, after, upTo))
    const movesOf = Map.groupBy(moves, (move) => move.number)
    for (const checkpoint of checkpoints) {
      const { number, root } = checkpoint.statement
      if (wanted.has(number)) found.set(number, checkpoint)
      const fault =
        checkCheckpoint(checkpoint, trust) ?? checkSuccession(previous?.statement, checkpoint, trust)
      if (fault !== undefined) findings.push(fault)
      for (const { number: _number, ...head } of movesOf.get(number) ?? []) {
        if (movesBack(heads, head))
          findings.push({
            fault: 'checkpoint',
            message: `checkpoint ${number} takes writer ${head.writer} back`,
          })
        heads.set(chainKey(head.writer, head.org), head)
      }
      if (headsRoot([...heads.values()], sha256) !== root)
        findings.push({
          fault: 'checkpoint',
          message: `checkpoint ${number} did not sign the heads kept with it`,
        })
      previous = checkpoint
    }
    if (checkpoints.length < checkpointPage) break
  }
  const anchorFault = checkAnchors(anchored, (number) => found.get(number), trust)
  if (anchorFault !== undefined) findings.push(anchorFault)
  return { heads, last: previous?.statement.number ?? 0, findings }
}

interface ChainResult {
  readonly finding: Finding | undefined
  readonly events: number
  readonly unsealed: number
}

interface Following {
  readonly tombstones: readonly Tombstone[]
  readonly onEvents: (events: number) => void
}

/** Follows one chain from its genesis to its end. */
async function verifyOne(
  pool: Pool,
  chain: Pick<ChainHead, 'writer' | 'org'>,
  { tombstones, onEvents }: Following,
): Promise<ChainResult> {
  const inScope = <T>(work: (tx: AuditTransaction) => Promise<T>): Promise<T> => withAudit(pool, 'all', work)
  const runs = tombstones
    .filter(({ statement }) => statement.org === chain.org)
    .flatMap(({ statement }) => statement.runs)
    .filter(({ writer }) => writer === chain.writer)
  const seals = await inScope((tx) => sealsOfChain(tx, chain, 0))
  const verifier = createChainVerifier(chain, { sha256, from: genesis(chain, sha256), runs, seals })
  let events = 0
  for (let after = 0; ; ) {
    const range = { after, upTo: Number.MAX_SAFE_INTEGER, limit: recordPage }
    const records = await inScope((tx) => readChain(tx, chain, range))
    for (const record of records) {
      const finding = verifier.next(record) ?? (record.agrees ? undefined : disagreement(record))
      if (finding !== undefined) return { finding, events, unsealed: 0 }
      events += 1
    }
    onEvents(records.length)
    const last = records.at(-1)
    if (last === undefined || records.length < recordPage) break
    after = last.seq
  }
  const sealedTo = verifier.sealed?.seq ?? 0
  return { finding: verifier.end(), events, unsealed: Math.max(0, verifier.head.seq - sealedTo) }
}

function disagreement({
  writer,
  org,
  seq,
  event,
}: Pick<ChainHead, 'writer' | 'org' | 'seq'> & { event: unknown }): Finding {
  const id = typeof event === 'object' && event !== null && 'id' in event ? String(event.id) : undefined
  const message = `the columns that searches use were changed at event ${seq}`
  return { fault: 'edited', message, writer, org, seq, id }
}

// One statement that reads everything, beyond the time that ordinary statements have.
const longStatementMs = 600_000

/** Chains of the store, whether a checkpoint knows them or only events do. */
async function listChains(tx: AuditTransaction): Promise<Pick<ChainHead, 'writer' | 'org'>[]> {
  await tx.rows(`select set_config('statement_timeout', $1, true)`, [String(longStatementMs)])
  return tx.rows(`
    select distinct writer, org_uid as org from audit_events
    union select writer, org_uid from audit_heads`)
}

function verifyTombstones(tombstones: readonly Tombstone[], trust: Trust): Finding[] {
  return tombstones.flatMap((tombstone): Finding[] => {
    const { month, class: kind, org, checkpoint } = tombstone.statement
    const problem = checkSignature(tombstone, checkpoint, trust)
    if (problem === undefined) return []
    return [{ fault: 'signature', message: `the tombstone of ${kind} ${month} ${problem}`, org }]
  })
}

/** Whoever may write to the tables could put one name for another; a pseudonym says whom it was made for. */
async function verifyIdentities(pool: Pool, org: string | undefined): Promise<Finding[]> {
  const scope = org === undefined ? 'all' : { org }
  const findings: Finding[] = []
  for (let after = ''; ; ) {
    const page = await withAudit(pool, scope, (tx) => listIdentities(tx, after, recordPage))
    for (const { ref, ...identity } of page)
      if (identityRef(identity, sha256) !== ref)
        findings.push({
          fault: 'identity',
          message: `the identity of ${ref} was exchanged`,
          org: identity.orgUid,
        })
    const last = page.at(-1)
    if (last === undefined || page.length < recordPage) return findings
    after = last.ref
  }
}

/**
 * Verifies the log in the store against the given public keys: every checkpoint, every chain, every event, that the columns
 * searches use say what the events say, and that the names behind pseudonyms are those they were made for.
 * @throws GatehouseError `unavailable` when Postgres is away
 */
export async function verifyAudit(pool: Pool, options: VerifyOptions): Promise<VerifyReport> {
  const started = performance.now()
  const { rotations, tombstones } = await withAudit(pool, 'all', async (tx) => ({
    rotations: await listRotations(tx),
    tombstones: await listTombstones(tx),
  }))
  const keys = trustedKeys(options.publicKeys, rotations, verifySignature)
  const trust = { sha256, verify: verifySignature, keys }
  const sealed = await verifyCheckpoints(pool, trust, options.anchored ?? [])
  const findings = [...sealed.findings, ...verifyTombstones(tombstones, trust)]
  const known = await withAudit(pool, 'all', listChains)
  const chains = new Map([...known, ...sealed.heads.values()].map((c) => [chainKey(c.writer, c.org), c]))
  let events = 0
  let unsealed = 0
  let followed = 0
  let seen = 0
  const onEvents = (more: number): void => {
    seen += more
    options.onProgress?.(seen)
  }
  for (const chain of chains.values()) {
    if (options.org !== undefined && chain.org !== options.org) continue
    const result = await verifyOne(pool, chain, { tombstones, onEvents })
    followed += 1
    events += result.events
    unsealed += result.unsealed
    if (result.finding !== undefined) findings.push(result.finding)
  }
  findings.push(...(await verifyIdentities(pool, options.org)))
  const seconds = (performance.now() - started) / 1_000
  return { findings, events, chains: followed, checkpoint: sealed.last, unsealed, seconds }
}
