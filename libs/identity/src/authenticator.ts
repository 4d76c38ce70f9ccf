import type { Principal } from '@gatehouse/authz'
import type { IssuerConfig } from '@gatehouse/config'
import { GatehouseError } from '@gatehouse/errors'
import { createBearerRecogniser } from './bearer.ts'
import { type Credentials, readCredentials } from './credentials.ts'
import type { IdentityStore } from './model.ts'
import { principalOfAccount, principalOfUser } from './principal.ts'
import type { Recognised, RecognisedUser } from './recognised.ts'
import { createServiceAccountRecogniser, narrowToScope } from './service-account.ts'
import { serviceAccountTokenPrefix } from './service-account-token.ts'
import { createSessionRecogniser } from './session.ts'

/** What authentication is composed of. */
export interface AuthenticatorDeps {
  readonly store: IdentityStore
  readonly issuers: readonly IssuerConfig[]
  /** Name of the session cookie: `sessionCookieFor(external URL of control).name`. */
  readonly sessionCookieName: string
  /** While the store is unavailable, credentials seen within this time still count; ms. */
  readonly maxStaleness: number
  /** Clock, ms since the epoch; only tests give one. */
  readonly now?: () => number
}

/** Turns a request's credentials into who makes it. */
export interface Authenticator {
  /**
   * The principal of a request, in exactly one org. A revoked credential stops working within {@link freshMs}.
   * @param rawHeaders Node's `request.rawHeaders`, where duplicates show.
   * @throws GatehouseError `unauthenticated`; `bad_data` for ambiguous credentials or several orgs; `forbidden` without a membership;
   *   `unavailable` when store or issuer cannot be asked.
   */
  authenticate(rawHeaders: readonly string[], remoteAddress: string | undefined): Promise<Principal>
  /** The person of a request with all memberships, before an org is chosen. Refuses service accounts; throws as `authenticate`. */
  recognise(rawHeaders: readonly string[]): Promise<RecognisedUser>
}

function createRecogniser(
  deps: AuthenticatorDeps,
): (credentials: Credentials, remoteAddress: string | undefined) => Promise<Recognised> {
  const { store, issuers, maxStaleness, now = Date.now } = deps
  const fromToken = createServiceAccountRecogniser(store, maxStaleness, now)
  const fromSession = createSessionRecogniser(store, maxStaleness, now)
  const fromJwt = createBearerRecogniser({ store, issuers, maxStaleness, now })
  return async (credentials, remoteAddress) => {
    switch (credentials.kind) {
      case 'session':
        return fromSession(credentials.secret)
      case 'basic':
        return narrowToScope(await fromToken(credentials.token, remoteAddress), credentials.scope)
      case 'id-token':
        return fromJwt(undefined, credentials.token)
      case 'bearer':
        if (!credentials.token.startsWith(serviceAccountTokenPrefix))
          return fromJwt(credentials.token, credentials.idToken)
        if (credentials.idToken === undefined) return fromToken(credentials.token, remoteAddress)
        throw new GatehouseError('bad_data', 'two kinds of credentials; send one')
    }
  }
}

/** Creates the authenticator of one process. Nothing is fetched before the first request that needs it. */
export function createAuthenticator(deps: AuthenticatorDeps): Authenticator {
  const recogniseAny = createRecogniser(deps)
  /** Whoever names an org that invited them comes to it. */
  const enter = async (found: RecognisedUser, org: string | undefined): Promise<RecognisedUser> => {
    const { user } = found
    if (org === undefined || !user.invitations.includes(org)) return found
    const membership = await deps.store.enterInvited(user.uid, org)
    if (membership === undefined) return found
    return { ...found, user: { ...user, memberships: [...user.memberships, membership] } }
  }
  return {
    async authenticate(rawHeaders, remoteAddress) {
      const { credentials, org } = readCredentials(rawHeaders, deps.sessionCookieName)
      const found = await recogniseAny(credentials, remoteAddress)
      return found.kind === 'user'
        ? principalOfUser(await enter(found, org), org)
        : principalOfAccount(found, org)
    },
    async recognise(rawHeaders) {
      const { credentials } = readCredentials(rawHeaders, deps.sessionCookieName)
      const found = await recogniseAny(credentials, undefined)
      if (found.kind === 'user') return found
      throw new GatehouseError('forbidden', 'this is for people; a service account has no sign-in')
    },
  }
}
