import { createRemoteJWKSet, customFetch, type JWTVerifyGetKey } from 'jose'
import type { IssuerMetadata } from './discovery.ts'
import type { IssuerFetch } from './issuer-fetch.ts'

/** Keys are asked for again after this; a key withdrawn by the issuer is refused no later. */
const refreshMs = 600_000
/** With the issuer down, known keys keep verifying this long. */
const maxAgeMs = 86_400_000
/** An unknown `kid` makes the keys be read again, but not more often than this: a flood of them does not reach the issuer. */
const cooldownMs = 30_000

/** Verification keys of one issuer, from the `jwks_uri` of its metadata; keys inside a token (`jwk`, `jku`, `x5u`) are never used. */
export function createKeys(
  discover: () => Promise<IssuerMetadata>,
  fetch: IssuerFetch,
  now: () => number = Date.now,
): JWTVerifyGetKey {
  let keys: { uri: string; get: ReturnType<typeof createRemoteJWKSet>; askedAt: number } | undefined
  return async (header, token) => {
    const { jwks_uri: uri } = await discover()
    if (keys?.uri !== uri) {
      const options = { cacheMaxAge: maxAgeMs, cooldownDuration: cooldownMs, [customFetch]: fetch }
      keys = { uri, get: createRemoteJWKSet(new URL(uri), options), askedAt: now() }
    } else if (now() - keys.askedAt > refreshMs) {
      keys.askedAt = now()
      // In the background: callers go on with the keys at hand, and a failure is tried again after the next interval.
      keys.get.reload().catch(() => undefined)
    }
    return keys.get(header, token)
  }
}
