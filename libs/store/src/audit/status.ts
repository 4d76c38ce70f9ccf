import { type AnchorStatus, listAnchors } from './anchor.ts'
import { lastCheckpoint } from './checkpoints.ts'
import { type AuditTransaction, orgOf } from './scope.ts'
import { listSinks, type SinkStatus } from './sinks/feed.ts'
import type { VerifyReport } from './verify.ts'

/** A verification that was kept. */
export interface KeptVerification {
  readonly at: Date
  readonly events: number
  readonly checkpoint: number
  readonly seconds: number
  readonly findings: VerifyReport['findings']
}

/** The condition of the log: what an auditor looks at first. */
export interface AuditStatus {
  readonly chains: number
  readonly events: number
  /** Time of the newest event; null in an empty log. */
  readonly newestAt: Date | null
  /** Null before the first. */
  readonly checkpoint: { readonly number: number; readonly at: string; readonly key: string } | null
  /** Events that no checkpoint has sealed yet. */
  readonly unsealed: number
  readonly anchors: readonly AnchorStatus[]
  readonly sinks: readonly SinkStatus[]
  readonly verification: KeptVerification | null
}

interface HeadsRow {
  readonly chains: number
  readonly events: number
  readonly newestAt: Date | null
  readonly unsealed: number
}

/** Keeps the result of a verification, of one org or (null) of all. Needs the scope `all`. */
export async function keepVerification(
  tx: AuditTransaction,
  org: string | null,
  { events, checkpoint, seconds, findings }: VerifyReport,
): Promise<void> {
  await tx.rows(
    'insert into audit_verifications (org_uid, events, checkpoint, seconds, findings) values ($1, $2, $3, $4, $5)',
    [org, events, checkpoint, seconds, JSON.stringify(findings)],
  )
}

/** The condition of the scope's log. */
export async function auditStatus(tx: AuditTransaction): Promise<AuditStatus> {
  const [heads] = await tx.rows<HeadsRow>(
    `select count(*)::int as chains, coalesce(sum(seq), 0)::float8 as events, max(at) as "newestAt",
       coalesce(sum(seq - sealed_seq), 0)::float8 as unsealed
     from audit_heads where $1::text is null or org_uid = $1`,
    [orgOf(tx)],
  )
  const [verification] = await tx.rows<KeptVerification>(
    `select at, events::float8 as events, checkpoint::float8 as checkpoint, seconds, findings from audit_verifications
     where $1::text is null and org_uid is null or org_uid = $1 order by at desc limit 1`,
    [orgOf(tx)],
  )
  const checkpoint = await lastCheckpoint(tx)
  return {
    ...(heads ?? { chains: 0, events: 0, newestAt: null, unsealed: 0 }),
    checkpoint: checkpoint === undefined ? null : checkpoint.statement,
    anchors: await listAnchors(tx),
    sinks: await listSinks(tx),
    verification: verification ?? null,
  }
}

/** The end of a chain, and how far a checkpoint sealed it. */
export interface ChainStatus {
  readonly writer: string
  readonly org: string | null
  readonly seq: number
  readonly hash: string
  readonly sealedSeq: number
  /** Time of its last event, and when that arrived here. */
  readonly at: Date
  readonly receivedAt: Date
}

/** Chains of the scope, those that moved last first. */
export function listChains(tx: AuditTransaction, limit = 200): Promise<ChainStatus[]> {
  return tx.rows<ChainStatus>(
    `select writer, org_uid as org, seq::float8 as seq, encode(hash, 'hex') as hash, sealed_seq::float8 as "sealedSeq", at,
       received_at as "receivedAt"
     from audit_heads where $1::text is null or org_uid = $1 order by received_at desc limit $2`,
    [orgOf(tx), limit],
  )
}
