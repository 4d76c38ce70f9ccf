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

/** Notes that a notice was delivered, or why not. */
export async function settleNotice(
  pool: Pool,
  { orgUid, uid }: Pick<DueNotice, 'orgUid' | 'uid'>,
  failure: string | undefined,
): Promise<void> {
  await lookUp(pool, 'select settle_notice($1, $2, $3)', [orgUid, uid, failure ?? null])
}
