import { GatehouseError } from '@gatehouse/errors'
import { errors } from 'jose'
import type { Issuer } from './issuer.ts'
import { clockToleranceSeconds, isForAnotherUse } from './jwt.ts'
import { verifySigned } from './verify-signed.ts'

/**
 * Checks who signed an ID token that the issuer's own token endpoint gave for our client (OpenID Connect Core 1.0 §3.1.3.7, items 5 to 8),
 * by the keys that machines' tokens are checked by, too. Where none of them has its `kid`, they are read again at once: only the issuer
 * can bring such a token here, so nobody else can make it do so.
 * @throws GatehouseError `unauthenticated`, or `unavailable` while the issuer's keys cannot be had.
 */
export async function checkIdTokenSignature(token: string, issuer: Issuer): Promise<void> {
  const { config, keys, reloadKeys } = issuer
  const check = async (): Promise<void> => {
    const { payload, protectedHeader } = await verifySigned(token, keys, {
      issuer: config.issuer,
      audience: config.clientId,
      algorithms: config.algorithms,
      clockTolerance: clockToleranceSeconds,
    })
    const { azp } = payload
    if (azp !== undefined && azp !== config.clientId)
      throw new GatehouseError('unauthenticated', 'the ID token is for another client')
    if (isForAnotherUse(protectedHeader, payload))
      throw new GatehouseError('unauthenticated', 'the token is no ID token')
  }
  try {
    await check().catch(async (error: unknown) => {
      if (!(error instanceof errors.JWKSNoMatchingKey)) throw error
      await reloadKeys()
      await check()
    })
  } catch (error) {
    if (error instanceof GatehouseError) throw error
    throw new GatehouseError('unauthenticated', 'the ID token is not valid', {
      detail: String(error),
      cause: error,
    })
  }
}
