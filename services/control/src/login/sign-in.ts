import {
  hashSecret,
  type IssuedTokens,
  type LogoutMessage,
  newSecret,
  sealTokens,
  type UserRecord,
  type VouchedIdentity,
} from '@gatehouse/identity'
import type { EndedSession } from '@gatehouse/store'
import { SignInError } from './problem.ts'

/** A session to be stored. */
export interface NewSession {
  /** Hash of the cookie's secret. */
  readonly hash: string
  readonly orgUid: string
  readonly userUid: string
  readonly issuer: string
  readonly subject: string
  readonly idpSession: string | undefined
  readonly address: string
  readonly userAgent: string | undefined
  /** Ends this long after the last request, ms. */
  readonly idleMs: number
  /** Ends this long from now whatever happens, ms. */
  readonly lifetimeMs: number
  /** What its identity provider gave, sealed under the secret. */
  readonly sealed: string | undefined
  /** How often its identity provider is asked again, and how old the last good answer may be; undefined: it cannot be asked. */
  readonly check: SessionCheck | undefined
}

/** Times of asking an identity provider again, ms. */
export interface SessionCheck {
  readonly everyMs: number
  readonly withinMs: number
}

/** What sign-in needs from the store. */
export interface SignInStore {
  /** The user of an identity, made on first sight, with memberships by the groups claimed now; undefined if disabled. */
  signIn(identity: VouchedIdentity): Promise<UserRecord | undefined>
  /** Gives back the session's public id. */
  openSession(session: NewSession): Promise<string>
  /** Ends a session; false if there was none. */
  closeSession(hash: string): Promise<boolean>
  /** Ends the sessions that a logout message means; which. */
  closeSessionsOf(message: LogoutMessage): Promise<readonly EndedSession[]>
}

/** How long sessions live, ms. */
export interface SessionLifetime {
  readonly idleMs: number
  readonly lifetimeMs: number
}

export interface OpenedSession {
  /** Public id, safe to log. */
  readonly id: string
  /** For the cookie, and nowhere else. */
  readonly secret: string
  readonly user: UserRecord
  readonly orgUid: string
}

/**
 * Opens a session for a person whom an identity provider vouched for. Always a new one: a secret planted before sign-in is worth
 * nothing, and the session the browser had before is ended.
 * @throws SignInError `no-org` or `disabled`.
 */
export async function openSession(
  store: SignInStore,
  identity: VouchedIdentity,
  context: {
    readonly lifetime: SessionLifetime
    readonly idpSession: string | undefined
    readonly issued: IssuedTokens
    readonly check: SessionCheck
    readonly address: string
    readonly userAgent: string | undefined
    /** Secret of the session the browser presented, if any. */
    readonly replaces: string | undefined
  },
): Promise<OpenedSession> {
  const { lifetime, replaces, issued, check, ...rest } = context
  const user = await store.signIn(identity)
  if (user === undefined) throw new SignInError('disabled', 'the user is disabled')
  const [membership] = user.memberships
  if (membership === undefined) throw new SignInError('no-org', `user ${user.uid} belongs to no org`)
  if (replaces !== undefined) await store.closeSession(hashSecret(replaces))
  const secret = newSecret()
  const { issuer, subject } = identity
  const { orgUid } = membership
  const session = {
    hash: hashSecret(secret),
    orgUid,
    userUid: user.uid,
    issuer,
    subject,
    ...lifetime,
    ...rest,
    sealed: sealTokens(secret, issued),
    check: issued.refreshToken === undefined ? undefined : check,
  }
  return { id: await store.openSession(session), secret, user, orgUid }
}
