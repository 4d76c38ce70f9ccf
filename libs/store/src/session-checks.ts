import { lookUp } from './look-up.ts'
import type { Pool } from './pool.ts'
import type { EndedSession } from './sessions.ts'

/** A session whose identity provider is to be asked again. */
export interface DueSession extends EndedSession {
  readonly issuer: string
  readonly subject: string
  /** What the identity provider gave, sealed under the session's secret. */
  readonly sealed: string
}

type DueRow = {
  org_uid: string
  uid: string
  user_uid: string
  issuer: string
  subject: string
  sealed: string
}

/** Takes the turn to ask about the session with this secret's hash; undefined if it is not due, or another process has the turn. */
export async function beginSessionCheck(pool: Pool, hash: string): Promise<DueSession | undefined> {
  const [row] = await lookUp<DueRow>(
    pool,
    'select org_uid, uid, user_uid, issuer, subject, sealed from begin_session_check($1)',
    [hash],
  )
  if (row === undefined) return undefined
  const { org_uid: orgUid, uid, user_uid: userUid, issuer, subject, sealed } = row
  return { orgUid, uid, userUid, issuer, subject, sealed }
}

/** What came of asking about a session. */
export interface SessionAnswer {
  /** What to ask with next time, sealed. */
  readonly sealed: string
  /** Whether the identity provider vouched for the person; if not, the session is as old as before and the turn lapses by itself. */
  readonly isVouched: boolean
}

/** Ends a turn to ask. */
export async function endSessionCheck(
  pool: Pool,
  hash: string,
  { sealed, isVouched }: SessionAnswer,
): Promise<void> {
  await lookUp(pool, 'select end_session_check($1, $2, $3)', [hash, sealed, isVouched])
}

/** What the identity provider of a live session gave, sealed; undefined if there is none. */
export async function findSealed(pool: Pool, hash: string): Promise<string | undefined> {
  const [row] = await lookUp<{ sealed: string | null }>(pool, 'select find_sealed($1) as sealed', [hash])
  return row?.sealed ?? undefined
}
