import { GatehouseError } from '@gatehouse/errors'
import {
  decodeJwt,
  decodeProtectedHeader,
  errors,
  type JWTHeaderParameters,
  type JWTPayload,
  type JWTVerifyOptions,
  type JWTVerifyResult,
} from 'jose'
import { identityFrom } from './claims.ts'
import type { Issuer } from './issuer.ts'
import type { VouchedIdentity } from './model.ts'
import { verifySigned } from './verify-signed.ts'

/** Clocks may differ by this much. */
export const clockToleranceSeconds = 5

/** A verified token: whom it speaks of, and until when (ms since the epoch). */
export interface VerifiedJwt {
  readonly identity: VouchedIdentity
  readonly expiresAt: number
}

function refused(message: string, cause?: unknown): GatehouseError {
  return new GatehouseError('unauthenticated', message, { detail: String(cause), cause })
}

/** The issuer a token claims, unverified: only to choose whose keys must have signed it. */
function issuerOf(token: string, issuers: ReadonlyMap<string, Issuer>): Issuer {
  let claimed: string | undefined
  try {
    claimed = decodeJwt(token).iss
  } catch (error) {
    throw refused('the bearer token is not valid', error)
  }
  const issuer = claimed === undefined ? undefined : issuers.get(claimed)
  if (issuer === undefined) throw refused('the bearer token is not from an identity provider known here')
  return issuer
}

function explain(error: unknown): GatehouseError {
  if (error instanceof GatehouseError) return error
  if (error instanceof errors.JWTExpired) return refused('the bearer token has expired', error)
  return refused('the bearer token is not valid', error)
}

async function verify(token: string, issuer: Issuer, options: JWTVerifyOptions): Promise<JWTVerifyResult> {
  try {
    return await verifySigned(token, issuer.keys, {
      issuer: issuer.config.issuer,
      algorithms: issuer.config.algorithms,
      requiredClaims: ['iss', 'aud', 'exp', 'sub'],
      clockTolerance: clockToleranceSeconds,
      ...options,
    })
  } catch (error) {
    throw explain(error)
  }
}

function vouchedBy(claims: JWTPayload, issuer: Issuer): VerifiedJwt {
  const identity = identityFrom(claims, issuer.config)
  if (identity === undefined) throw refused('the bearer token names no subject')
  return { identity, expiresAt: (claims.exp ?? 0) * 1_000 }
}

/**
 * Verifies an access token by RFC 9068: signed by its issuer's published key with a configured algorithm, `typ` `at+jwt` (so that an
 * ID token is not taken for one), our audience, not expired.
 * @throws GatehouseError `unauthenticated`, or `unavailable` while the issuer's keys cannot be had.
 */
export async function verifyAccessToken(
  token: string,
  issuers: ReadonlyMap<string, Issuer>,
): Promise<VerifiedJwt> {
  const issuer = issuerOf(token, issuers)
  const { payload } = await verify(token, issuer, { audience: issuer.config.audience, typ: 'at+jwt' })
  return vouchedBy(payload, issuer)
}

/**
 * Verifies an ID token that another client of the same issuer forwards, such as Grafana in `X-Id-Token`. Only clients listed in
 * `idTokenAudiences` count; without a list none does. A token for several audiences must name one of ours in `azp` (OIDC Core 3.1.3.7).
 * @throws GatehouseError as {@link verifyAccessToken}.
 */
export async function verifyForwardedIdToken(
  token: string,
  issuers: ReadonlyMap<string, Issuer>,
): Promise<VerifiedJwt> {
  const issuer = issuerOf(token, issuers)
  const audience = issuer.config.idTokenAudiences
  if (audience.length === 0) throw refused('forwarded ID tokens are not accepted here')
  const { payload, protectedHeader } = await verify(token, issuer, { audience })
  const party = payload['azp'] ?? (typeof payload.aud === 'string' ? payload.aud : undefined)
  if (typeof party !== 'string' || !audience.includes(party))
    throw refused('the forwarded ID token is for another client')
  if (isForAnotherUse(protectedHeader, payload)) throw refused('the forwarded token is no ID token')
  return vouchedBy(payload, issuer)
}

/** Tokens signed by the same keys for another use: RFC 9068 and OpenID Connect Back-Channel Logout 1.0 tell them apart so. */
export function isForAnotherUse({ typ = 'JWT' }: JWTHeaderParameters, { events }: JWTPayload): boolean {
  return /^(application\/)?(at|logout)\+jwt$/i.test(typ) || events !== undefined
}

function isAccessTokenType(typ: string | undefined): boolean {
  return /^(application\/)?at\+jwt$/i.test(typ ?? '')
}

/** Whether a bearer token says of itself that it is an RFC 9068 access token. Unverified. */
export function looksLikeAccessToken(token: string): boolean {
  try {
    return isAccessTokenType(decodeProtectedHeader(token).typ)
  } catch {
    return false
  }
}
