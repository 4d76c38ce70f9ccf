export { type Authenticator, type AuthenticatorDeps, createAuthenticator } from './authenticator.ts'
export { identityFrom, shortText } from './claims.ts'
export type { IssuerMetadata } from './discovery.ts'
export { checkIdTokenSignature } from './id-token.ts'
export { createIssuer, type Issuer } from './issuer.ts'
export { isLoopback, type IssuerFetch } from './issuer-fetch.ts'
export { type LogoutMessage, verifyLogoutToken } from './logout-token.ts'
export { freshMs } from './memo.ts'
export type {
  IdentityStore,
  Membership,
  ServiceAccountTokenRecord,
  SessionRecord,
  UserRecord,
  VouchedIdentity,
} from './model.ts'
export { principalOfUser } from './principal.ts'
export { createRateLimit, type Rate, type RateLimit } from './rate-limit.ts'
export type { RecognisedUser } from './recognised.ts'
export { createRefusals, type Refusals, refusedRate, slowingGuesses, tooMany } from './refusals.ts'
export { type IssuedTokens, sealTokens, unsealTokens } from './sealed-tokens.ts'
export { hashSecret, newSecret } from './secret.ts'
export {
  hashServiceAccountToken,
  newServiceAccountToken,
  serviceAccountTokenPrefix,
} from './service-account-token.ts'
export { cookieValues, type SessionCookie, sessionCookieFor } from './session-cookie.ts'
