import { randomUUID } from 'node:crypto'
import type { PublicKey } from '@gatehouse/audit'
import { isGatehouseError } from '@gatehouse/errors'
import type { Pool } from '../pool.ts'
import { type AuditTransaction, orgOf, withAudit } from './scope.ts'
import { keepVerification } from './status.ts'
import { verifyAudit, type VerifyReport } from './verify.ts'

/** A verification that is made in the background. */
export interface VerificationJob {
  readonly uid: string
  readonly org: string | null
  readonly requestedBy: string
  readonly requestedAt: Date
  readonly state: 'queued' | 'running' | 'done' | 'failed'
  /** Verified so far. */
  readonly events: number
  /** How many there were to verify when it began. */
  readonly expected: number | null
  readonly report: VerifyReport | null
  readonly error: string | null
}

const columns = `uid, org_uid as org, requested_by as "requestedBy", requested_at as "requestedAt", state, events::float8 as events,
  expected::float8 as expected, report, error`

/** Asks for a verification of the scope's chains; the one that waits or runs already, if there is one. */
export async function requestVerification(tx: AuditTransaction, requestedBy: string): Promise<string> {
  const rows = await tx.rows<{ uid: string }>(
    `insert into audit_verification_jobs (uid, org_uid, requested_by) values ($1, $2, $3)
     on conflict (coalesce(org_uid, '*')) where state in ('queued', 'running') do update set moved_at = audit_verification_jobs.moved_at
     returning uid`,
    [`y-${randomUUID()}`, orgOf(tx), requestedBy],
  )
  return rows[0]?.uid ?? ''
}

/** A verification of the scope. */
export async function findVerification(
  tx: AuditTransaction,
  uid: string,
): Promise<VerificationJob | undefined> {
  const rows = await tx.rows<VerificationJob>(
    `select ${columns} from audit_verification_jobs where uid = $1 and ($2::text is null or org_uid = $2)`,
    [uid, orgOf(tx)],
  )
  return rows[0]
}

/** Verifications of the scope, newest first. */
export function listVerifications(tx: AuditTransaction): Promise<VerificationJob[]> {
  return tx.rows<VerificationJob>(
    `select ${columns} from audit_verification_jobs where $1::text is null or org_uid = $1 order by requested_at desc, uid`,
    [orgOf(tx)],
  )
}

/** Removes verifications that are older than this; what they found is kept apart. */
export async function pruneVerifications(pool: Pool, before: Date): Promise<void> {
  await withAudit(pool, 'all', (tx) =>
    tx.rows('delete from audit_verification_jobs where requested_at < $1', [before]),
  )
}

/** Takes the next waiting verification, or one whose process died. */
function takeNext(pool: Pool): Promise<VerificationJob | undefined> {
  return withAudit(pool, 'all', async (tx) => {
    const rows = await tx.rows<VerificationJob>(
      `update audit_verification_jobs j set state = 'running', moved_at = now(), events = 0, expected =
         (select coalesce(sum(seq), 0) from audit_heads h where j.org_uid is null or h.org_uid = j.org_uid)
       where uid = (
         select uid from audit_verification_jobs
         where state = 'queued' or state = 'running' and moved_at < now() - interval '1 minute'
         order by requested_at limit 1 for update skip locked)
       returning ${columns}`,
    )
    return rows[0]
  })
}

const progressEveryMs = 2_000

function startProgress(pool: Pool, uid: string) {
  let events = 0
  const timer = setInterval(() => {
    const update = 'update audit_verification_jobs set events = $2, moved_at = now() where uid = $1'
    // The next one tells, too.
    withAudit(pool, 'all', (tx) => tx.rows(update, [uid, events])).catch(() => undefined)
  }, progressEveryMs)
  return {
    note: (done: number): void => {
      events = done
    },
    stop: () => clearInterval(timer),
  }
}

/** What an org may know of faults: those of its own chains and of checkpoints, not of other orgs' chains. */
function reportFor({ org }: VerificationJob, report: VerifyReport): VerifyReport {
  if (org === null) return report
  const findings = report.findings.filter((finding) => finding.org === undefined || finding.org === org)
  return { ...report, findings }
}

const finish = 'update audit_verification_jobs set state = $2, report = $3, error = $4, moved_at = now()'

/**
 * Makes the next waiting verification, if there is one, and keeps what it found.
 * @param note told of the result in the transaction that keeps it
 * @returns whether there was one
 */
export async function runNextVerification(
  pool: Pool,
  publicKeys: readonly PublicKey[],
  note: (tx: AuditTransaction, job: VerificationJob, report: VerifyReport) => Promise<void>,
): Promise<boolean> {
  const job = await takeNext(pool)
  if (job === undefined) return false
  const progress = startProgress(pool, job.uid)
  try {
    const options = { publicKeys, org: job.org ?? undefined, onProgress: progress.note }
    const report = reportFor(job, await verifyAudit(pool, options))
    await withAudit(pool, 'all', async (tx) => {
      const values = [job.uid, 'done', JSON.stringify(report), null, report.events]
      await tx.rows(`${finish}, events = $5 where uid = $1`, values)
      await keepVerification(tx, job.org, report)
      await note(tx, job, report)
    })
  } catch (fault) {
    const message = isGatehouseError(fault) ? fault.message : 'internal error'
    await withAudit(pool, 'all', (tx) =>
      tx.rows(`${finish} where uid = $1`, [job.uid, 'failed', null, message]),
    )
    throw fault
  } finally {
    progress.stop()
  }
  return true
}
