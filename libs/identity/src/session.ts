import { GatehouseError } from '@gatehouse/errors'
import { createMemo } from './memo.ts'
import type { IdentityStore, SessionRecord } from './model.ts'
import type { RecognisedUser } from './recognised.ts'
import { hashSecret, isSameHash } from './secret.ts'

/** Recognises the secret in a session cookie. */
export function createSessionRecogniser(
  store: Pick<IdentityStore, 'findSession' | 'touch'>,
  maxStaleness: number,
  now: () => number,
): (secret: string) => Promise<RecognisedUser> {
  const memo = createMemo<{ record: SessionRecord | undefined }>(maxStaleness, now)
  return async (secret) => {
    const hash = hashSecret(secret)
    const { record } = await memo.get(hash, async () => {
      const found = await store.findSession(hash)
      if (found !== undefined) store.touch('session', hash)
      return { record: found }
    })
    if (record === undefined || !isSameHash(record.hash, hash) || record.expiresAt <= now())
      throw new GatehouseError('unauthenticated', 'the session has ended; sign in again')
    const { user, issuer, subject, expiresAt, orgUid } = record
    const credential = { kind: 'session', id: record.id } as const
    return { kind: 'user', user, identity: { issuer, subject }, credential, currentOrgUid: orgUid, expiresAt }
  }
}
