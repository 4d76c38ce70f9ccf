import type { AuditEvent } from '@gatehouse/audit'
import { type AppDeps, trailOf } from '@gatehouse/http'
import type { Express, Request, RequestHandler, Response } from 'express'
import { Passport, type Strategy } from 'passport'
import { attemptLifetimeMs, type LoginAttempts } from './attempts.ts'
import { mountBackChannelLogout } from './back-channel-logout.ts'
import type { LoginIssuer } from './client.ts'
import type { LoginCookies } from './cookies.ts'
import { problemCode, toSignInError } from './problem.ts'
import { safeReturnTo } from './return-to.ts'
import { openSession, type SessionLifetime, type SignInStore } from './sign-in.ts'
import { createOidcStrategy, type SignedIn } from './strategy.ts'

export interface LoginDeps {
  readonly issuers: readonly LoginIssuer[]
  readonly attempts: LoginAttempts
  readonly store: SignInStore
  readonly cookies: LoginCookies
  readonly lifetime: SessionLifetime
  readonly externalUrl: string
  readonly record: AppDeps['record']
  readonly appendAudit: (event: AuditEvent) => Promise<void>
  readonly logger: AppDeps['logger']
}

/** Path of an issuer's sign-in; its callback is `<path>/callback` and must be registered at the identity provider as redirect URI. */
export function loginPath(issuerName: string): string {
  return `/login/${issuerName}`
}

/** Sends the browser on; 303, so that whatever was posted is not posted again. */
function seeOther(response: Response, location: string): void {
  response.setHeader('cache-control', 'no-store')
  response.setHeader('location', location)
  response.status(303).end()
}

type AuthenticateEnd = (thrown: unknown, signedIn?: SignedIn | false | null) => void

async function succeed(
  response: Response,
  { signedIn, issuer: { config } }: { readonly signedIn: SignedIn; readonly issuer: LoginIssuer },
  deps: LoginDeps,
): Promise<void> {
  const { store, cookies, lifetime } = deps
  const trail = trailOf(response)
  const { identity, idpSession, issued, returnTo } = signedIn
  const check = {
    everyMs: config.recheckEvery,
    withinMs: Math.max(config.recheckWithin, config.recheckEvery),
  }
  const context = { idpSession, issued, check, address: trail.address, userAgent: trail.userAgent, lifetime }
  const replaces = cookies.read(response.req.headers.cookie, cookies.session)
  const { id, secret, user, orgUid } = await openSession(store, identity, { ...context, replaces })
  const { issuer, subject } = identity
  const teams = user.memberships.find((membership) => membership.orgUid === orgUid)?.teams ?? []
  const credential = { kind: 'session', id } as const
  trail.actor = {
    kind: 'user',
    uid: user.uid,
    name: user.name,
    teams,
    identity: { issuer, subject },
    credential,
  }
  trail.orgUid = orgUid
  await deps.record(trail, { status: 303, errorCode: undefined })
  response.append('set-cookie', cookies.set(cookies.session, secret, lifetime.lifetimeMs))
  seeOther(response, returnTo)
}

/** A failed sign-in ends on the sign-in page, which has a sentence for each problem; the log has the details under the request id. */
async function fail(response: Response, thrown: unknown, issuerName: string, deps: LoginDeps): Promise<void> {
  const trail = trailOf(response)
  const error = toSignInError(thrown)
  const errorCode = problemCode[error.problem]
  deps.logger.warn({ requestId: trail.requestId, issuer: issuerName, problem: error.problem }, error.message)
  await deps.record(trail, { status: 303, errorCode, reason: error.message })
  const query = new URLSearchParams({ problem: error.problem, issuer: issuerName, request: trail.requestId })
  seeOther(response, `/sign-in?${query}`)
}

function strategyFor(issuer: LoginIssuer, deps: LoginDeps): Strategy {
  const ownOrigin = new URL(deps.externalUrl).origin
  return createOidcStrategy({
    issuer,
    attempts: deps.attempts,
    cookies: deps.cookies,
    callbackUrl: `${ownOrigin}${loginPath(issuer.config.name)}/callback`,
    returnTo: (request) => {
      const [wanted] = new URL(request.originalUrl, ownOrigin).searchParams.getAll('returnTo')
      return safeReturnTo(wanted, ownOrigin)
    },
    onBegin: async ({ res }, browser) => {
      if (res === undefined) return
      await deps.record(trailOf(res), { status: 302, errorCode: undefined })
      res.append('set-cookie', deps.cookies.set(deps.cookies.browser, browser, attemptLifetimeMs))
      res.setHeader('cache-control', 'no-store')
    },
  })
}

/** Passport's callbacks as a promise: whom it signed in, or undefined when it sent the browser to the identity provider. */
function authenticateWith(handler: (end: AuthenticateEnd) => RequestHandler) {
  return (request: Request, response: Response): Promise<SignedIn | undefined> =>
    new Promise((resolve, reject) => {
      response.once('close', () => resolve(undefined))
      const end: AuthenticateEnd = (thrown, signedIn) => {
        if (thrown || !signedIn) reject(toSignInError(thrown))
        else resolve(signedIn)
      }
      void handler(end)(request, response, reject)
    })
}

/** Serves sign-in through every issuer. A failure ends on the sign-in page, never in a bare error. */
export function mountLogin(app: Express, deps: LoginDeps): void {
  const passport = new Passport()
  for (const issuer of deps.issuers) {
    const { name } = issuer.config
    const path = loginPath(name)
    passport.use(name, strategyFor(issuer, deps))
    // Passport's published types leave what this returns open; it is Express middleware.
    const handlerWith = (end: AuthenticateEnd) =>
      passport.authenticate(name, { session: false }, end) as RequestHandler
    const authenticate = authenticateWith(handlerWith)
    const serve = (route: string, action: string) => async (request: Request, response: Response) => {
      Object.assign(trailOf(response), { route, action })
      try {
        const signedIn = await authenticate(request, response)
        if (signedIn !== undefined) await succeed(response, { signedIn, issuer }, deps)
      } catch (error) {
        await fail(response, error, name, deps)
      }
    }
    app.get(path, serve('/login/:issuer', 'sign-ins:begin'))
    mountBackChannelLogout(app, path, issuer, deps)
    app.get(`${path}/callback`, serve('/login/:issuer/callback', 'sign-ins:finish'))
  }
}
