import { randomUUID } from 'node:crypto'
import { lookUp } from './look-up.ts'
import type { Pool } from './pool.ts'
import type { OrgTransaction } from './transaction.ts'

/** Something to be told outside. */
export interface Notice {
  readonly channel: 'email' | 'webhook'
  /** Email address or URL. */
  readonly target: string
  /** What is told: `subject` and `text` for people, the rest for programs. */
  readonly message: Readonly<Record<string, unknown>>
}

/** A notice that is due, taken by one sender. */
export interface DueNotice extends Notice {
  readonly orgUid: string
  readonly uid: string
  /** Attempts including this one. */
  readonly attempts: number
}

/** Stores a notice together with what it tells of; it is sent once the transaction is committed. */
export async function addNotice(tx: OrgTransaction, { channel, target, message }: Notice): Promise<void> {
  await tx.rows(
    'insert into notices (org_uid, uid, channel, target, message) values (app_org(), $1, $2, $3, $4)',
    [`n-${randomUUID()}`, channel, target, JSON.stringify(message)],
  )
}

/** Takes notices of all orgs that are due. Each is given to one sender and comes again later unless it is settled. */
export async function takeNotices(pool: Pool, atMost: number): Promise<readonly DueNotice[]> {
  const rows = await lookUp<{
    org_uid: string
    uid: string
    channel: Notice['channel']
    target: string
    message: Record<string, unknown>
    attempts: number
  }>(pool, 'select org_uid, uid, channel, target, message, attempts from take_notices($1)', [atMost])
  return rows.map(({ org_uid: orgUid, ...notice }) => ({ orgUid, ...notice }))
}

/** Notes that a notice of the entered org was delivered, or why not; false if it was delivered before. */
export async function settleNotice(
  tx: OrgTransaction,
  uid: string,
  failure: string | undefined,
): Promise<boolean> {
  const rows = await tx.rows(
    `update notices set delivered_at = case when $2::text is null then now() end, last_error = left($2::text, 500)
     where org_uid = app_org() and uid = $1 and delivered_at is null returning 1`,
    [uid, failure ?? null],
  )
  return rows.length > 0
}

/** How far a notice has come. Times are ms since the epoch. */
export interface NoticeState {
  readonly channel: Notice['channel']
  readonly attempts: number
  readonly deliveredAt: number | undefined
  /** Why the last attempt failed. */
  readonly lastError: string | undefined
  /** When it is tried again; undefined if it was delivered, or is given up. */
  readonly nextAttemptAt: number | undefined
}

/** Notices of the entered org about something with this uid, oldest first. */
export async function listNoticesAbout(tx: OrgTransaction, uid: string): Promise<readonly NoticeState[]> {
  const rows = await tx.rows<{
    channel: Notice['channel']
    attempts: number
    delivered_at: Date | null
    last_error: string | null
    next_at: Date | null
  }>(
    `select channel, attempts, delivered_at, last_error,
       case when delivered_at is null and created_at > now() - interval '3 days' then next_at end as next_at
     from notices where org_uid = app_org() and message #>> '{facts,uid}' = $1 order by created_at, uid`,
    [uid],
  )
  return rows.map(({ channel, attempts, delivered_at, last_error, next_at }) => ({
    channel,
    attempts,
    deliveredAt: delivered_at?.getTime(),
    lastError: last_error ?? undefined,
    nextAttemptAt: next_at?.getTime(),
  }))
}
