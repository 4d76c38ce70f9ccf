import {
  canonicalJson,
  type ChainHead,
  type Checkpoint,
  type CheckpointStatement,
  createChainVerifier,
  eventTime,
  type Finding,
  genesis,
  headsRoot,
  type KeyRotation,
  sealCheckpoint,
  type Signer,
} from '@gatehouse/audit'
import { GatehouseError } from '@gatehouse/errors'
import type { Pool } from '../pool.ts'
import { headsAt, insertCheckpoint, lastCheckpoint, listRotations } from './checkpoints.ts'
import { chainKey } from './follow.ts'
import { verifySignature } from './keys.ts'
import { readChain } from './records.ts'
import { type AuditTransaction, withAudit } from './scope.ts'
import { sha256 } from './sha256.ts'

/** What sealing did. */
export interface SealResult {
  /** The new checkpoint; undefined if another process was sealing, or nothing had changed. */
  readonly checkpoint: Checkpoint | undefined
  readonly events: number
  /** Chains that could not be sealed any further, with their first bad event. */
  readonly findings: readonly Finding[]
}

// A quiet log is still sealed this often, so that its rest is dated.
const heartbeatMs = 3_600_000
// One checkpoint reads at most so much of a chain; the rest waits for the next.
const maxEventsPerChain = 50_000
const page = 1_000

/** Follows a chain from its sealed head as far as it is sound. */
async function advance(
  tx: AuditTransaction,
  sealed: ChainHead,
  head: ChainHead,
): Promise<{ readonly head: ChainHead; readonly finding: Finding | undefined }> {
  const verifier = createChainVerifier(sealed, { sha256, from: sealed, runs: [], seals: [] })
  const upTo = Math.min(head.seq, sealed.seq + maxEventsPerChain)
  let finding: Finding | undefined
  while (finding === undefined && verifier.head.seq < upTo) {
    const records = await readChain(tx, sealed, { after: verifier.head.seq, upTo, limit: page })
    for (const record of records) {
      finding ??= verifier.next(record)
      if (finding !== undefined) break
    }
    if (records.length === 0)
      finding ??= {
        fault: 'missing',
        message: `events ${verifier.head.seq + 1} to ${upTo} are missing`,
        writer: sealed.writer,
        org: sealed.org,
        seq: verifier.head.seq + 1,
      }
  }
  return { head: { ...sealed, ...verifier.head }, finding }
}

/** The heads that the last checkpoint sealed, after a check that they are the ones it signed. */
async function sealedHeads(
  tx: AuditTransaction,
  last: Checkpoint | undefined,
  signer: Signer,
): Promise<Map<string, ChainHead>> {
  if (last === undefined) return new Map()
  const heads = await headsAt(tx, last.statement.number)
  const isOurs =
    last.statement.key !== signer.id ||
    verifySignature(signer.publicKey, canonicalJson(last.statement), last.signature)
  if (!isOurs || headsRoot(heads, sha256) !== last.statement.root)
    throw new GatehouseError('internal', 'internal error', {
      detail: `checkpoint ${last.statement.number} is not what was signed: the audit log was changed; verify it`,
    })
  return new Map(heads.map((head) => [chainKey(head.writer, head.org), head]))
}

function isDue(last: CheckpointStatement | undefined, moved: readonly ChainHead[], now: number): boolean {
  if (moved.length > 0) return true
  return last !== undefined && now - Date.parse(last.at) > heartbeatMs
}

/** What another key seals than the one whose turn it is would never verify. */
function checkKey(last: Checkpoint | undefined, rotations: readonly KeyRotation[], signer: Signer): void {
  const ended = rotations.find(({ statement }) => statement.from.publicKey === signer.publicKey)
  if (ended !== undefined)
    throw new GatehouseError(
      'conflict',
      `signing key ${signer.id} was changed for ${ended.statement.to.id}: start with that`,
    )
  const isNext = rotations.some(({ statement }) => statement.to.publicKey === signer.publicKey)
  if (last !== undefined && last.statement.key !== signer.id && !isNext)
    throw new GatehouseError(
      'conflict',
      `checkpoint ${last.statement.number} was signed by key ${last.statement.key}, and no change of key leads to ${signer.id}`,
    )
}

async function sealIn(tx: AuditTransaction, signer: Signer, now: number): Promise<SealResult> {
  const locked = await tx.rows<{ locked: boolean }>(
    `select pg_try_advisory_xact_lock(hashtextextended('audit seal', 0)) as locked`,
  )
  if (locked[0]?.locked !== true) return { checkpoint: undefined, events: 0, findings: [] }
  const last = await lastCheckpoint(tx)
  checkKey(last, await listRotations(tx), signer)
  const sealed = await sealedHeads(tx, last, signer)
  const moved: ChainHead[] = []
  const findings: Finding[] = []
  let events = 0
  const heads = await tx.rows<ChainHead>(
    `select writer, org_uid as org, seq::float8 as seq, encode(hash, 'hex') as hash from audit_heads`,
  )
  for (const head of heads) {
    const key = chainKey(head.writer, head.org)
    const from = sealed.get(key) ?? { ...head, ...genesis(head, sha256) }
    if (head.seq === from.seq) continue
    const reached = await advance(tx, from, head)
    if (reached.finding !== undefined) findings.push(reached.finding)
    if (reached.head.seq === from.seq) continue
    events += reached.head.seq - from.seq
    moved.push(reached.head)
    sealed.set(key, reached.head)
  }
  if (!isDue(last?.statement, moved, now)) return { checkpoint: undefined, events, findings }
  const checkpoint = sealCheckpoint(last?.statement, [...sealed.values()], {
    at: eventTime(now),
    signer,
    sha256,
  })
  await insertCheckpoint(tx, checkpoint, moved)
  return { checkpoint, events, findings }
}

/**
 * Verifies what has been added since the last checkpoint and seals it with a new one. Nothing that does not verify is ever
 * sealed: such a chain stays where it was sound, and is reported.
 * @throws GatehouseError `unavailable` when Postgres is away; `internal` if the last checkpoint itself was changed; `conflict` if it is
 *   not this key’s turn (see `rotateAuditKey`)
 */
export function sealAudit(pool: Pool, signer: Signer, now: number = Date.now()): Promise<SealResult> {
  return withAudit(pool, 'all', (tx) => sealIn(tx, signer, now))
}
