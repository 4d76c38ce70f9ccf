import { lookUp } from './look-up.ts'
import type { Pool } from './pool.ts'
import { lookUpInvitations } from './invitations.ts'
import { enterInvited, recogniseUser, type UserRecord, type VouchedIdentity } from './recognise.ts'
import { createTouches } from './touches.ts'

/** A service-account token that may be used now. Times are ms since the epoch. */
export interface TokenRecord {
  readonly id: string
  readonly hash: string
  readonly serviceAccountUid: string
  readonly name: string
  readonly orgUid: string
  readonly teams: readonly string[]
  readonly sourceCidrs: readonly string[]
  readonly expiresAt: number
}

/** A session that may be used now, with its user. Times are ms since the epoch. */
export interface SessionRecord {
  readonly id: string
  readonly hash: string
  readonly user: UserRecord
  readonly issuer: string
  readonly subject: string
  readonly orgUid: string
  /** End by idleness or absolute lifetime, whichever is first. */
  readonly expiresAt: number
}

/** The look-ups of authentication, before an org is known. Unknown, revoked, expired and disabled all give undefined. */
export interface IdentityStore {
  findServiceAccountToken(hash: string): Promise<TokenRecord | undefined>
  findSession(hash: string): Promise<SessionRecord | undefined>
  recogniseUser(identity: VouchedIdentity): Promise<UserRecord | undefined>
  /** A person comes to an org that invited them; their place there, undefined if it did not. */
  enterInvited(userUid: string, orgUid: string): Promise<UserRecord['memberships'][number] | undefined>
  /** Notes a use; written within seconds. */
  touch(kind: 'token' | 'session', hash: string): void
  /** Writes what is noted and stops. */
  close(): Promise<void>
}

type TokenRow = {
  org_uid: string
  uid: string
  service_account_uid: string
  name: string
  team_uid: string | null
  source_cidrs: string[]
  expires_at: Date
}

async function findToken(pool: Pool, hash: string): Promise<TokenRecord | undefined> {
  const [row] = await lookUp<TokenRow>(
    pool,
    'select org_uid, uid, service_account_uid, name, team_uid, source_cidrs, expires_at from find_token($1)',
    [hash],
  )
  if (row === undefined) return undefined
  return {
    id: row.uid,
    hash,
    serviceAccountUid: row.service_account_uid,
    name: row.name,
    orgUid: row.org_uid,
    teams: row.team_uid === null ? [] : [row.team_uid],
    sourceCidrs: row.source_cidrs,
    expiresAt: row.expires_at.getTime(),
  }
}

type SessionRow = {
  org_uid: string
  uid: string
  user_uid: string
  user_name: string
  issuer: string
  subject: string
  ends_at: Date
}
type MembershipRow = { org_uid: string; teams: string[] }

async function findSession(pool: Pool, hash: string): Promise<SessionRecord | undefined> {
  const [row] = await lookUp<SessionRow>(
    pool,
    'select org_uid, uid, user_uid, user_name, issuer, subject, ends_at from find_session($1)',
    [hash],
  )
  if (row === undefined) return undefined
  const memberships = await lookUp<MembershipRow>(
    pool,
    'select org_uid, manual_teams || sso_teams as teams from find_memberships($1)',
    [row.user_uid],
  )
  const user = {
    uid: row.user_uid,
    name: row.user_name,
    memberships: memberships.map(({ org_uid, teams }) => ({
      orgUid: org_uid,
      teams: [...new Set(teams)].toSorted(),
    })),
    invitations: await lookUpInvitations(pool, row.user_uid),
  }
  const { uid: id, issuer, subject, org_uid: orgUid } = row
  return { id, hash, user, issuer, subject, orgUid, expiresAt: row.ends_at.getTime() }
}

/** Creates the look-ups of one process. Nothing is cached here: the caller decides how long an answer counts. */
export function createIdentityStore(options: {
  pool: Pool
  onError?: (error: Error) => void
}): IdentityStore {
  const { pool, onError = () => undefined } = options
  const touches = createTouches(pool, onError)
  return {
    findServiceAccountToken: async (hash) => findToken(pool, hash),
    findSession: async (hash) => findSession(pool, hash),
    recogniseUser: async (identity) => recogniseUser(pool, identity),
    enterInvited: async (userUid, orgUid) => enterInvited(pool, userUid, orgUid),
    touch: touches.note,
    close: touches.close,
  }
}
