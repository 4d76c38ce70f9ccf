import { randomUUID } from 'node:crypto'
import { lookUp } from './look-up.ts'
import type { Pool } from './pool.ts'
import { type OrgTransaction, withOrg } from './transaction.ts'

/** A session to be stored; its secret is only here as its hash. Times are ms. */
export interface NewSession {
  /** SHA-256 of the cookie's secret, lower-case hex. */
  readonly hash: string
  readonly orgUid: string
  readonly userUid: string
  readonly issuer: string
  readonly subject: string
  /** The identity provider's session id (`sid`), for back-channel logout. */
  readonly idpSession: string | undefined
  readonly address: string
  readonly userAgent: string | undefined
  /** Ends this long after the last request. */
  readonly idleMs: number
  /** Ends this long from now, whatever happens. */
  readonly lifetimeMs: number
  /** What its identity provider gave, sealed under the session's secret. */
  readonly sealed?: string | undefined
  /** How often the identity provider is asked again, and how old its last good answer may become; never, if not given. */
  readonly check?: { readonly everyMs: number; readonly withinMs: number } | undefined
}

/** A session as listed. Times are ms since the epoch. */
export interface Session {
  readonly uid: string
  /** The org it is kept in: where its person came first. */
  readonly orgUid: string
  readonly userUid: string
  readonly address: string | undefined
  readonly userAgent: string | undefined
  readonly createdAt: number
  readonly lastSeenAt: number
  readonly expiresAt: number
}

/**
 * Stores a session in its org; its public id.
 * @throws GatehouseError `conflict` if the user is not a member there.
 */
export async function openSession(pool: Pool, session: NewSession): Promise<string> {
  const uid = `s-${randomUUID()}`
  const { hash, orgUid, userUid, issuer, subject, idpSession, address, userAgent, idleMs, lifetimeMs } =
    session
  const { sealed = null, check } = session
  const seconds = [idleMs, lifetimeMs, check?.everyMs, check?.withinMs].map((ms) =>
    ms === undefined ? null : ms / 1_000,
  )
  await withOrg(pool, orgUid, (tx) =>
    tx.rows(
      `insert into sessions (org_uid, uid, hash, user_uid, issuer, subject, idp_session, address, user_agent, idle_timeout, expires_at,
         check_every, check_within, sealed)
       values (app_org(), $1, $2, $3, $4, $5, $6, $7, left($8, 512), make_interval(secs => $9), now() + make_interval(secs => $10),
         make_interval(secs => $11), make_interval(secs => $12), $13)`,
      [
        uid,
        hash,
        userUid,
        issuer,
        subject,
        idpSession ?? null,
        address,
        userAgent ?? null,
        ...seconds,
        sealed,
      ],
    ),
  )
  return uid
}

type Row = {
  uid: string
  org_uid: string
  user_uid: string
  address: string | null
  user_agent: string | null
  created_at: Date
  last_seen_at: Date
  ends_at: Date
}

/**
 * Live sessions of the people who came to the entered org, latest use first; of one user, if named. A session counts in all orgs of its
 * person, so each of them sees it, whichever it is kept in.
 */
export async function listSessions(tx: OrgTransaction, userUid?: string): Promise<readonly Session[]> {
  const rows = await tx.rows<Row>('select * from member_sessions($1)', [userUid ?? null])
  return rows.map((row) => ({
    uid: row.uid,
    orgUid: row.org_uid,
    userUid: row.user_uid,
    address: row.address ?? undefined,
    userAgent: row.user_agent ?? undefined,
    createdAt: row.created_at.getTime(),
    lastSeenAt: row.last_seen_at.getTime(),
    expiresAt: row.ends_at.getTime(),
  }))
}

/**
 * Ends a session of somebody who came to the entered org by its uid, only one of `userUid` if given; it ends in all their orgs.
 * False if there is none or it had ended before.
 */
export async function revokeSession(tx: OrgTransaction, uid: string, userUid?: string): Promise<boolean> {
  const [row] = await tx.rows<{ done: boolean }>('select end_member_session($1, $2) as done', [
    uid,
    userUid ?? null,
  ])
  return row?.done === true
}

/** When a live session ends, ms since the epoch. */
export interface SessionEnds {
  readonly uid: string
  /** If it is not used until then. */
  readonly idleEndsAt: number
  /** Whatever happens. */
  readonly endsAt: number
  /** If the identity provider, which has been due to be asked again, does not vouch for the person before; undefined: it is not due. */
  readonly vouchedUntil: number | undefined
}

/** When the session with this secret's hash ends; undefined if it has. Looking does not count as a use. */
export async function findSessionEnds(pool: Pool, hash: string): Promise<SessionEnds | undefined> {
  const [row] = await lookUp<{ uid: string; idle_ends_at: Date; ends_at: Date; vouched_until: Date | null }>(
    pool,
    'select uid, idle_ends_at, ends_at, vouched_until from session_ends($1)',
    [hash],
  )
  if (row === undefined) return undefined
  const { uid, idle_ends_at: idleEndsAt, ends_at: endsAt, vouched_until: vouchedUntil } = row
  return {
    uid,
    idleEndsAt: idleEndsAt.getTime(),
    endsAt: endsAt.getTime(),
    vouchedUntil: vouchedUntil?.getTime(),
  }
}

/** Notes a use of a session at once, so that its idle time begins anew; false if it has ended. */
export async function extendSession(pool: Pool, hash: string): Promise<boolean> {
  const [row] = await lookUp<{ done: boolean }>(pool, 'select extend_session($1) as done', [hash])
  return row?.done === true
}

/** Sign-out by whoever holds the session's secret; false if it had ended before. */
export async function closeSession(pool: Pool, hash: string): Promise<boolean> {
  const [row] = await lookUp<{ done: boolean }>(pool, 'select revoke_session($1) as done', [hash])
  return row?.done === true
}

/** A session that was ended, and whose it was. */
export interface EndedSession {
  readonly orgUid: string
  readonly uid: string
  readonly userUid: string
}

/**
 * Back-channel logout: ends sessions of one issuer by subject, by the issuer's own session id, or both; which. With both, it ends the
 * subject's sessions of that id and those whose id is not known. `openedBefore` (ms since the epoch) spares later ones, so that a
 * message sent again ends nothing new.
 */
export async function revokeSessionsOf(
  pool: Pool,
  of: {
    issuer: string
    subject?: string | undefined
    idpSession?: string | undefined
    openedBefore?: number | undefined
  },
): Promise<readonly EndedSession[]> {
  const rows = await lookUp<{ org_uid: string; uid: string; user_uid: string }>(
    pool,
    'select org_uid, uid, user_uid from revoke_sessions_of($1, $2, $3, $4)',
    [
      of.issuer,
      of.subject ?? null,
      of.idpSession ?? null,
      of.openedBefore === undefined ? 'infinity' : new Date(of.openedBefore),
    ],
  )
  return rows.map((row) => ({ orgUid: row.org_uid, uid: row.uid, userUid: row.user_uid }))
}

/** Deletes sessions that ended before `endedBefore` (ms since the epoch); how many. */
export async function pruneSessions(pool: Pool, endedBefore: number): Promise<number> {
  const [row] = await lookUp<{ count: number }>(pool, 'select prune_sessions($1) as count', [
    new Date(endedBefore),
  ])
  return row?.count ?? 0
}
