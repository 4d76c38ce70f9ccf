import { GatehouseError, isGatehouseError } from '@gatehouse/errors'
import type { Authenticator } from './authenticator.ts'
import { createRateLimit, type Rate } from './rate-limit.ts'
import { serviceAccountTokenPrefix } from './service-account-token.ts'

/** Counts credentials that were refused, in this process only. */
export interface Refusals {
  /**
   * Counts one.
   * @param authorization The header as it came.
   * @returns whole seconds to wait if there were too many from this address, else undefined.
   */
  take(authorization: string, address: string): number | undefined
}

/** Credentials that were refused, by address and, for service-account tokens, by the token's first characters. */
export const refusedRate: Rate = { burst: 30, refillMs: 2_000 }

/** First characters of a token, as they are stored and shown. */
const prefixLength = 16

function prefixOf(authorization: string): string | undefined {
  const [, token] = /^Bearer (\S+)$/i.exec(authorization) ?? []
  return token?.startsWith(serviceAccountTokenPrefix) === true ? token.slice(0, prefixLength) : undefined
}

/**
 * Slows down who guesses: credentials that are refused again and again from one address are refused as too many. A prefix that many
 * addresses try only makes each of them wait. Whoever has the right credentials is never locked out by others' guesses: they are looked
 * at first, which guessing at 256 random bits does not profit from.
 * @param now ms on a clock that never goes back.
 */
export function createRefusals(rate: Rate, now: () => number): Refusals {
  const [byAddress, byPrefix] = [createRateLimit(rate, now), createRateLimit(rate, now)]
  return {
    take(authorization, address) {
      const prefix = prefixOf(authorization)
      const isTried = prefix !== undefined && byPrefix.take(prefix) !== undefined
      const wait = byAddress.take(address)
      // Others try the same prefix: this address has fewer tries left.
      if (isTried) for (let extra = 0; extra < 4; extra += 1) byAddress.take(address)
      return wait
    },
  }
}

/** The error of whoever must wait. */
export function tooMany(retryAfter: number): GatehouseError {
  return new GatehouseError('too_many_requests', 'too many attempts; wait a little', { retryAfter })
}

/** The same authenticator; who is refused too often from one address is told so. */
export function slowingGuesses(
  authenticate: Authenticator['authenticate'],
  refusals: Refusals,
): Authenticator['authenticate'] {
  return async (rawHeaders, remoteAddress) => {
    try {
      return await authenticate(rawHeaders, remoteAddress)
    } catch (error) {
      const at = rawHeaders.findIndex((name, i) => i % 2 === 0 && name.toLowerCase() === 'authorization')
      const isRefused = isGatehouseError(error) && error.code === 'unauthenticated' && at >= 0
      const wait = isRefused ? refusals.take(rawHeaders[at + 1] ?? '', remoteAddress ?? '') : undefined
      throw wait === undefined ? error : tooMany(wait)
    }
  }
}
