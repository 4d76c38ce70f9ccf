/** A user's place in one org. */
export interface Membership {
  readonly orgUid: string
  /** Team uids in that org. */
  readonly teams: readonly string[]
}

/** A person as the store knows them now. */
export interface UserRecord {
  readonly uid: string
  readonly name: string
  readonly memberships: readonly Membership[]
  /** Orgs that invited them: naming one is coming to it. */
  readonly invitations: readonly string[]
}

/** What an identity provider vouches for. `(issuer, subject)` is the person; name and email are for display only. */
export interface VouchedIdentity {
  readonly issuer: string
  readonly subject: string
  readonly name: string
  readonly email: string | undefined
  /** IdP groups, exactly as claimed, and attributes as groups; empty when claims are missing or have another shape. */
  readonly groups: readonly string[]
}

/** A stored session with its user. */
export interface SessionRecord {
  /** Public id, safe to log. */
  readonly id: string
  /** Hash under which it is stored. */
  readonly hash: string
  readonly user: UserRecord
  readonly issuer: string
  readonly subject: string
  /** Org the session works in, when the user chose one. */
  readonly orgUid: string | undefined
  /** End by idleness or absolute lifetime, whichever is first; ms since the epoch. */
  readonly expiresAt: number
}

/** A stored service-account token with its account. */
export interface ServiceAccountTokenRecord {
  /** Public id, safe to log. */
  readonly id: string
  readonly hash: string
  readonly serviceAccountUid: string
  readonly name: string
  readonly orgUid: string
  readonly teams: readonly string[]
  /** Networks the token may be used from, as CIDR; empty means any. */
  readonly sourceCidrs: readonly string[]
  /** ms since the epoch. */
  readonly expiresAt: number
}

/**
 * What authentication needs from the store. Each function answers `undefined` for what is unknown, revoked or disabled, and throws
 * `unavailable` when the store cannot be asked.
 */
export interface IdentityStore {
  findServiceAccountToken(hash: string): Promise<ServiceAccountTokenRecord | undefined>
  findSession(hash: string): Promise<SessionRecord | undefined>
  /** Finds the user of a bearer token, or creates one on first sight, with memberships by these groups. */
  recogniseUser(identity: VouchedIdentity): Promise<UserRecord | undefined>
  /** A person comes to an org that invited them; their place there, undefined if it did not. */
  enterInvited(userUid: string, orgUid: string): Promise<Membership | undefined>
  /** Notes that a token or session is in use; called at most once a second for each. Must not throw. */
  touch(kind: 'token' | 'session', hash: string): void
}
