import type { Principal } from '@gatehouse/authz'
import { GatehouseError } from '@gatehouse/errors'
import type { ServiceAccountTokenRecord, UserRecord } from './model.ts'

/** A person recognised by a session or a bearer token, before an org is chosen. */
export interface RecognisedUser {
  readonly kind: 'user'
  readonly user: UserRecord
  readonly identity: { readonly issuer: string; readonly subject: string }
  readonly credential: Principal['credential']
  /** The session's current org. */
  readonly currentOrgUid: string | undefined
  /** ms since the epoch. */
  readonly expiresAt: number
}

/** A service account recognised by one of its tokens. */
export interface RecognisedServiceAccount {
  readonly kind: 'service-account'
  readonly record: ServiceAccountTokenRecord
}

export type Recognised = RecognisedUser | RecognisedServiceAccount

/** Unknown, expired, revoked and disabled look the same from outside. */
export function invalidCredentials(): GatehouseError {
  return new GatehouseError('unauthenticated', 'the credentials are not valid')
}
