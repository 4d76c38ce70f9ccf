import {
  hashSecret,
  identityFrom,
  type IssuedTokens,
  newSecret,
  type VouchedIdentity,
  shortText,
} from '@gatehouse/identity'
import type { Request } from 'express'
import * as client from 'openid-client'
import passport from 'passport'
import { attemptLifetimeMs, type LoginAttempt, type LoginAttempts } from './attempts.ts'
import { checked, type LoginIssuer } from './client.ts'
import type { LoginCookies } from './cookies.ts'
import { SignInError, toSignInError } from './problem.ts'

/** Whom an identity provider signed in, and where they wanted to go. */
export interface SignedIn {
  readonly identity: VouchedIdentity
  /** The identity provider's own session id, for its logout messages. */
  readonly idpSession: string | undefined
  /** What it gave to ask about them again, and to sign them out there. */
  readonly issued: IssuedTokens
  readonly returnTo: string
}

export interface StrategyDeps {
  readonly issuer: LoginIssuer
  readonly attempts: LoginAttempts
  readonly cookies: LoginCookies
  /** `https://gatehouse.example/login/<name>/callback`: one per issuer, so that answers of two cannot be mixed up. */
  readonly callbackUrl: string
  /** Where to go afterwards, checked. */
  readonly returnTo: (request: Request) => string
  /** Called before the browser is sent away: sets the pre-login cookie and writes the audit event. */
  readonly onBegin: (request: Request, browser: string) => Promise<void>
}

interface Begun {
  readonly url: URL
  readonly browser: string
}

async function begin(request: Request, deps: StrategyDeps, oidc: client.Configuration): Promise<Begun> {
  const { attempts, cookies, issuer } = deps
  const browser = cookies.read(request.headers.cookie, cookies.browser) ?? newSecret()
  const state = newSecret()
  const attempt: LoginAttempt = {
    browserHash: hashSecret(browser),
    issuerName: issuer.config.name,
    nonce: client.randomNonce(),
    codeVerifier: client.randomPKCECodeVerifier(),
    returnTo: deps.returnTo(request),
  }
  await attempts.keep(hashSecret(state), attempt, attemptLifetimeMs)
  const url = client.buildAuthorizationUrl(oidc, {
    redirect_uri: deps.callbackUrl,
    scope: issuer.config.scopes.join(' '),
    state,
    nonce: attempt.nonce,
    code_challenge: await client.calculatePKCECodeChallenge(attempt.codeVerifier),
    code_challenge_method: 'S256',
  })
  return { url, browser }
}

/** The attempt a callback belongs to. Taken out whatever comes next, so that no state works twice. */
async function takeAttempt(
  request: Request,
  state: string | null,
  deps: StrategyDeps,
): Promise<LoginAttempt> {
  const { attempts, cookies, issuer } = deps
  const browser = cookies.read(request.headers.cookie, cookies.browser)
  if (state === null || browser === undefined)
    throw new SignInError('expired', 'no state or no pre-login cookie')
  const attempt = await attempts.take(hashSecret(state))
  if (attempt === undefined) throw new SignInError('expired', 'the state is unknown, used or too old')
  if (attempt.browserHash !== hashSecret(browser))
    throw new SignInError('expired', 'the state belongs to another browser')
  if (attempt.issuerName !== issuer.config.name)
    throw new SignInError('invalid', 'the state belongs to another identity provider')
  return attempt
}

async function finish(request: Request, deps: StrategyDeps, oidc: client.Configuration): Promise<SignedIn> {
  const received = new URL(request.originalUrl, 'http://unused')
  const state = received.searchParams.get('state')
  const attempt = await takeAttempt(request, state, deps)
  // The URL is built from configuration, never from the Host header.
  const currentUrl = new URL(deps.callbackUrl)
  currentUrl.search = received.search
  const granting = client.authorizationCodeGrant(oidc, currentUrl, {
    pkceCodeVerifier: attempt.codeVerifier,
    expectedState: state ?? '',
    expectedNonce: attempt.nonce,
    idTokenExpected: true,
  })
  const tokens = await checked(granting, deps.issuer)
  const claims = tokens.claims()
  const identity = claims === undefined ? undefined : identityFrom(claims, deps.issuer.config)
  if (identity === undefined) throw new SignInError('invalid', 'the ID token names no usable subject')
  const sid = claims?.['sid']
  const issued = { refreshToken: tokens.refresh_token, idToken: tokens.id_token }
  return {
    identity,
    idpSession: shortText(sid),
    issued,
    returnTo: attempt.returnTo,
  }
}

/**
 * Passport strategy for one issuer: authorization code with PKCE (S256) always, and a `state` and `nonce` of each attempt's own, so that
 * sign-ins in several tabs do not disturb each other. openid-client's strategy keeps one attempt per session and sends no `state` to
 * issuers that support PKCE; hence our own around its functions. Failures reach passport's callback as {@link SignInError}.
 */
export function createOidcStrategy(deps: StrategyDeps): passport.Strategy {
  const { oidc } = deps.issuer
  return {
    name: deps.issuer.config.name,
    authenticate(request: Request) {
      const fail = (error: unknown): void => this.error(toSignInError(error))
      if (request.path.endsWith('/callback')) {
        oidc()
          .then((configuration) => finish(request, deps, configuration))
          .then((signedIn) => this.success(signedIn))
          .catch(fail)
        return
      }
      oidc()
        .then((configuration) => begin(request, deps, configuration))
        .then(async ({ url, browser }) => {
          await deps.onBegin(request, browser)
          this.redirect(url.href)
        })
        .catch(fail)
    },
  }
}
