import { GatehouseError, isGatehouseError } from '@gatehouse/errors'
import { type Trail, trailOf } from '@gatehouse/http'
import { serviceAccountTokenPrefix } from '@gatehouse/identity'
import type { ErrorRequestHandler, Express, NextFunction, Request, Response } from 'express'
import { createRateLimit, type Rate, type RateLimit } from './rate-limit.ts'

/** Limits against guessing, per process. */
export interface SignInRates {
  /** Requests to sign-in pages, by address. */
  readonly signIn: Rate
  /** Credentials that were refused, by address and, for service-account tokens, by the token's first characters. */
  readonly refused: Rate
  /** Changes of tokens, by address. */
  readonly tokens: Rate
}

export const signInRates: SignInRates = {
  signIn: { burst: 60, refillMs: 1_000 },
  refused: { burst: 30, refillMs: 2_000 },
  tokens: { burst: 60, refillMs: 1_000 },
}

/** First characters of a token, as they are stored and shown. */
const prefixLength = 16

function refuse(trail: Trail, wait: number): never {
  trail.action = 'limits:refuse'
  throw new GatehouseError('too_many_requests', 'too many attempts; wait a little', { retryAfter: wait })
}

function prefixOf({ headers }: Request): string | undefined {
  const [, token] = /^Bearer (\S+)$/i.exec(headers.authorization ?? '') ?? []
  return token?.startsWith(serviceAccountTokenPrefix) === true ? token.slice(0, prefixLength) : undefined
}

/** The identity provider says for many people at once, from one address, that they are gone: it limits what it refuses itself. */
const isBackChannel = ({ method, path }: Request): boolean =>
  method === 'POST' && path.endsWith('/back-channel-logout')

function limitBy(limit: RateLimit) {
  return (request: Request, response: Response, next: NextFunction): void => {
    if (isBackChannel(request)) return next()
    const trail = trailOf(response)
    const wait = limit.take(trail.address)
    if (wait !== undefined) refuse(trail, wait)
    next()
  }
}

/**
 * Slows down who guesses: credentials that are refused again and again from one address are refused as too many. A prefix that many
 * addresses try only makes each of them wait. Whoever has the right credentials is never locked out by others' guesses: they are looked
 * at first, which guessing at 256 random bits does not profit from.
 */
function limitRefused(byAddress: RateLimit, byPrefix: RateLimit): ErrorRequestHandler {
  return (thrown: unknown, request, response, next): void => {
    const isRefused = isGatehouseError(thrown) && thrown.code === 'unauthenticated'
    if (!isRefused || request.headers.authorization === undefined) return next(thrown)
    const trail = trailOf(response)
    const prefix = prefixOf(request)
    const isTried = prefix !== undefined && byPrefix.take(prefix) !== undefined
    const wait = byAddress.take(trail.address)
    // Others try the same prefix: this address has fewer tries left.
    if (isTried) for (let extra = 0; extra < 4; extra += 1) byAddress.take(trail.address)
    if (wait !== undefined) refuse(trail, wait)
    next(thrown)
  }
}

/**
 * Mounts the limits before everything they protect.
 * @returns the handler of refused credentials, to be mounted after all routes.
 */
export function mountLimits(app: Express, rates: SignInRates): ErrorRequestHandler {
  const now = (): number => performance.now()
  const [signIn, tokens] = [createRateLimit(rates.signIn, now), createRateLimit(rates.tokens, now)]
  const [byAddress, byPrefix] = [createRateLimit(rates.refused, now), createRateLimit(rates.refused, now)]
  app.use('/login', limitBy(signIn))
  app.post(/^\/api\/v1\/service-accounts\/[^/]+\/tokens/, limitBy(tokens))
  return limitRefused(byAddress, byPrefix)
}
