import type { IssuerConfig } from '@gatehouse/config'
import { LRUCache } from 'lru-cache'
import { createIssuer, type Issuer } from './issuer.ts'
import { looksLikeAccessToken, type VerifiedJwt, verifyAccessToken, verifyForwardedIdToken } from './jwt.ts'
import { createMemo } from './memo.ts'
import type { IdentityStore, UserRecord } from './model.ts'
import { invalidCredentials, type RecognisedUser } from './recognised.ts'
import { hashSecret } from './secret.ts'

/** A verified token is remembered this long at most, so that a key withdrawn by its issuer is of no use after this and `refreshMs`. */
const verifiedMs = 300_000

interface BearerDeps {
  readonly store: Pick<IdentityStore, 'recogniseUser'>
  readonly issuers: readonly IssuerConfig[]
  readonly maxStaleness: number
  readonly now: () => number
}

/** Recognises JSON Web Tokens: an access token, or the ID token that Grafana forwards beside one it cannot show us. */
export function createBearerRecogniser({
  store,
  issuers,
  maxStaleness,
  now,
}: BearerDeps): (token: string | undefined, idToken: string | undefined) => Promise<RecognisedUser> {
  const known = new Map<string, Issuer>(issuers.map((config) => [config.issuer, createIssuer(config)]))
  const verified = new LRUCache<string, VerifiedJwt & { readonly until: number }>({ max: 10_000 })
  const users = createMemo<{ record: UserRecord | undefined }>(maxStaleness, now)

  const verify = async (key: string, load: () => Promise<VerifiedJwt>): Promise<VerifiedJwt> => {
    const seen = verified.get(key)
    if (seen !== undefined && seen.until > now()) return seen
    const jwt = await load()
    verified.set(key, { ...jwt, until: Math.min(jwt.expiresAt, now() + verifiedMs) })
    return jwt
  }
  return async (token, idToken) => {
    const isIdToken = idToken !== undefined && (token === undefined || !looksLikeAccessToken(token))
    const text = isIdToken ? idToken : (token ?? '')
    // The use is part of the key: a token verified for one use says nothing about the other.
    const key = hashSecret(`${isIdToken ? 'id' : 'access'}:${text}`)
    const { identity, expiresAt } = await verify(key, () =>
      isIdToken ? verifyForwardedIdToken(text, known) : verifyAccessToken(text, known),
    )
    const { record } = await users.get(key, async () => ({ record: await store.recogniseUser(identity) }))
    if (record === undefined) throw invalidCredentials()
    return {
      kind: 'user',
      user: record,
      identity: { issuer: identity.issuer, subject: identity.subject },
      credential: { kind: 'bearer', id: key.slice(0, 16) },
      currentOrgUid: undefined,
      expiresAt,
    }
  }
}
