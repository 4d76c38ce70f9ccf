import { GatehouseError } from '@gatehouse/errors'
import type { JWTPayload } from 'jose'
import { shortText } from './claims.ts'
import type { Issuer } from './issuer.ts'
import { clockToleranceSeconds } from './jwt.ts'
import { verifySigned } from './verify-signed.ts'

/** Whose sessions an identity provider wants ended. At least one of `subject` and `idpSession` is there. */
export interface LogoutMessage {
  readonly issuer: string
  readonly subject: string | undefined
  /** The identity provider's session id (`sid`). */
  readonly idpSession: string | undefined
  /** Sessions opened later are not meant, ms since the epoch: a message that comes twice does no harm. */
  readonly openedBefore: number
}

const logoutEvent = 'http://schemas.openid.net/event/backchannel-logout'
const maxAgeSeconds = 120

function refused(why: string, cause?: unknown): GatehouseError {
  return new GatehouseError('bad_data', 'the logout token is not valid', { detail: why, cause })
}

function hasLogoutEvent({ events }: JWTPayload): boolean {
  if (typeof events !== 'object' || events === null || !Object.hasOwn(events, logoutEvent)) return false
  const event: unknown = Reflect.get(events, logoutEvent)
  return typeof event === 'object' && event !== null
}

/**
 * Verifies a logout token by OpenID Connect Back-Channel Logout 1.0 §2.6: signed like an ID token, for our client, at most two
 * minutes old, with the logout event and without a nonce (so that an ID token is never taken for one).
 * @throws GatehouseError `bad_data`, or `unavailable` while the issuer's keys cannot be had.
 */
export async function verifyLogoutToken(token: string, issuer: Issuer): Promise<LogoutMessage> {
  const { config, keys } = issuer
  const options = {
    issuer: config.issuer,
    audience: config.clientId,
    algorithms: config.algorithms,
    requiredClaims: ['iss', 'aud', 'iat', 'exp', 'jti', 'events'],
    maxTokenAge: maxAgeSeconds,
    clockTolerance: clockToleranceSeconds,
  }
  const { payload, protectedHeader } = await verifySigned(token, keys, options).catch((error: unknown) => {
    throw error instanceof GatehouseError ? error : refused(String(error), error)
  })
  const type = protectedHeader.typ?.toLowerCase() ?? 'logout+jwt'
  if (type !== 'logout+jwt' && type !== 'jwt') throw refused(`its type is ${type}`)
  if (!hasLogoutEvent(payload)) throw refused('it has no logout event')
  if ('nonce' in payload) throw refused('it has a nonce')
  // Where another claim says who somebody is, the token's `sub` names nobody we know: then only the session counts.
  const subject = config.subjectClaim === 'sub' ? shortText(payload.sub) : undefined
  const idpSession = shortText(payload['sid'])
  if (subject === undefined && idpSession === undefined) throw refused('it names neither subject nor session')
  // The issuer's clock may be behind: a session opened just before must still end.
  const openedBefore = ((payload.iat ?? 0) + clockToleranceSeconds) * 1_000
  return { issuer: config.issuer, subject, idpSession, openedBefore }
}
