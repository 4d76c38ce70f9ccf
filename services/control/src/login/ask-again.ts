import { identityFrom, type IssuedTokens, type VouchedIdentity } from '@gatehouse/identity'
import * as client from 'openid-client'
import { checked, type LoginIssuer } from './client.ts'

/** What an identity provider says of a person with a session. */
export type Answer =
  | { readonly kind: 'vouched'; readonly identity: VouchedIdentity; readonly tokens: IssuedTokens }
  /** It knows the person no more, or takes the session back. */
  | { readonly kind: 'refused'; readonly why: string }
  /** It cannot be asked now, or says nothing usable; `tokens` if it took the old ones and gave others. */
  | { readonly kind: 'unknown'; readonly why: string; readonly tokens?: IssuedTokens }

/** The error of RFC 6749 §5.2 that means the person, not us: the grant is revoked, expired, or of somebody disabled. */
const refusals = new Set(['invalid_grant'])

type Refreshed = Awaited<ReturnType<typeof client.refreshTokenGrant>>

/** Claims of the new ID token; from issuers that give none, of the userinfo endpoint; else why there are none. */
async function claimsOf(
  oidc: client.Configuration,
  refreshed: Refreshed,
  subject: string | undefined,
): Promise<Record<string, unknown> | string> {
  const claims = refreshed.claims()
  if (claims !== undefined) return claims
  // What the userinfo endpoint says is checked against `sub`, which is not kept where another claim says who somebody is.
  if (subject === undefined) return 'no ID token'
  if (oidc.serverMetadata().userinfo_endpoint === undefined)
    return 'neither an ID token nor a userinfo endpoint'
  return client.fetchUserInfo(oidc, refreshed.access_token, subject)
}

/**
 * Asks an issuer about a person again (OpenID Connect Core 1.0 §12). Groups are those it claims now: none if it claims none.
 * Never throws: whatever is not a clear yes or no is `unknown`.
 */
export async function askAgain(
  issuer: LoginIssuer,
  subject: string,
  tokens: IssuedTokens | undefined,
): Promise<Answer> {
  if (tokens?.refreshToken === undefined) return { kind: 'unknown', why: 'there is nothing to ask with' }
  try {
    const oidc = await issuer.oidc()
    const refreshed = await checked(client.refreshTokenGrant(oidc, tokens.refreshToken), issuer)
    const kept = {
      refreshToken: refreshed.refresh_token ?? tokens.refreshToken,
      idToken: refreshed.id_token ?? tokens.idToken,
    }
    const claims = await claimsOf(
      oidc,
      refreshed,
      issuer.config.subjectClaim === 'sub' ? subject : undefined,
    ).catch(String)
    if (typeof claims === 'string') return { kind: 'unknown', why: claims, tokens: kept }
    const identity = identityFrom(claims, issuer.config)
    if (identity?.subject !== subject) return { kind: 'refused', why: 'the answer is about somebody else' }
    return { kind: 'vouched', identity, tokens: kept }
  } catch (error) {
    const isRefusal = error instanceof client.ResponseBodyError && refusals.has(error.error)
    return { kind: isRefusal ? 'refused' : 'unknown', why: String(error) }
  }
}
