import { GatehouseError } from '@gatehouse/errors'
import { createMemo } from './memo.ts'
import type { IdentityStore, ServiceAccountTokenRecord } from './model.ts'
import { invalidCredentials, type RecognisedServiceAccount } from './recognised.ts'
import { isSameHash } from './secret.ts'
import { hashServiceAccountToken } from './service-account-token.ts'

/** Recognises service-account tokens. A token whose checksum is wrong costs no look-up. */
export function createServiceAccountRecogniser(
  store: Pick<IdentityStore, 'findServiceAccountToken'>,
  maxStaleness: number,
  now: () => number,
): (token: string) => Promise<RecognisedServiceAccount> {
  const memo = createMemo<{ record: ServiceAccountTokenRecord | undefined }>(maxStaleness, now)
  return async (token) => {
    const hash = hashServiceAccountToken(token)
    if (hash === undefined) throw invalidCredentials()
    const load = async (): Promise<{ record: ServiceAccountTokenRecord | undefined }> => ({
      record: await store.findServiceAccountToken(hash),
    })
    const { record } = await memo.get(hash, load)
    if (record === undefined || !isSameHash(record.hash, hash) || record.expiresAt <= now())
      throw invalidCredentials()
    return { kind: 'service-account', record }
  }
}

/**
 * Narrows an account to the teams named in a Basic username, `team-a` or `team-a|team-b`. An empty username narrows nothing.
 * @throws GatehouseError `unauthenticated` for a team that is not the account's.
 */
export function narrowToScope(found: RecognisedServiceAccount, scope: string): RecognisedServiceAccount {
  if (scope === '') return found
  const teams = scope.split('|')
  if (!teams.every((team) => found.record.teams.includes(team)))
    throw new GatehouseError('unauthenticated', "the Basic username names a team that is not the account's")
  return { ...found, record: { ...found.record, teams } }
}
