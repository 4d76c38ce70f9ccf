import { GatehouseError, isGatehouseError } from '@gatehouse/errors'
import { type PermissionDeps, type Person, type Trail, trailOf } from '@gatehouse/http'
import {
  createRateLimit,
  createRefusals,
  type Rate,
  type RateLimit,
  type Refusals,
  refusedRate,
  tooMany,
} from '@gatehouse/identity'
import type { ControlConfig } from '@gatehouse/config'
import type { ErrorRequestHandler, Express, NextFunction, Request, Response } from 'express'

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
  refused: refusedRate,
  tokens: { burst: 60, refillMs: 1_000 },
}

function refuse(trail: Trail, wait: number): never {
  trail.action = 'limits:refuse'
  throw tooMany(wait)
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

function limitRefused(refusals: Refusals): ErrorRequestHandler {
  return (thrown: unknown, request, response, next): void => {
    const { authorization } = request.headers
    const isRefused = isGatehouseError(thrown) && thrown.code === 'unauthenticated'
    if (!isRefused || authorization === undefined) return next(thrown)
    const trail = trailOf(response)
    const wait = refusals.take(authorization, trail.address)
    if (wait !== undefined) refuse(trail, wait)
    next(thrown)
  }
}

/** Limits what each signed-in caller asks of this process. People are the same in all their orgs. */
export function createCallerLimit({ perSecond, burst }: ControlConfig['principalRate']): {
  readonly count: PermissionDeps<Person>['count']
} {
  const limit = createRateLimit({ burst, refillMs: 1_000 / perSecond }, () => performance.now())
  return {
    count({ kind, uid, orgUid = '' }) {
      const retryAfter = limit.take(kind === 'user' ? uid : `${orgUid}/${uid}`)
      if (retryAfter === undefined) return
      throw new GatehouseError('too_many_requests', 'too many requests; wait a little', { retryAfter })
    },
  }
}

/**
 * Mounts the limits before everything they protect.
 * @returns the handler of refused credentials, to be mounted after all routes.
 */
export function mountLimits(app: Express, rates: SignInRates): ErrorRequestHandler {
  const now = (): number => performance.now()
  const [signIn, tokens] = [createRateLimit(rates.signIn, now), createRateLimit(rates.tokens, now)]
  app.use('/login', limitBy(signIn))
  app.post(/^\/api\/v1\/service-accounts\/[^/]+\/tokens/, limitBy(tokens))
  return limitRefused(createRefusals(rates.refused, now))
}
