import type { AuditEvent } from '@gatehouse/audit'
import { GatehouseError, isGatehouseError } from '@gatehouse/errors'
import { type AppDeps, trailOf } from '@gatehouse/http'
import { createRateLimit, verifyLogoutToken } from '@gatehouse/identity'
import express, { type Express, type Request, type Response } from 'express'
import type { LoginIssuer } from './client.ts'
import { endedEvent } from './ended-event.ts'
import type { SignInStore } from './sign-in.ts'

interface BackChannelDeps {
  readonly store: Pick<SignInStore, 'closeSessionsOf'>
  readonly record: AppDeps['record']
  readonly appendAudit: (event: AuditEvent) => Promise<void>
}

const form = 'application/x-www-form-urlencoded'
/** Messages that were refused, by address. A genuine one always counts. */
const refusedRate = { burst: 60, refillMs: 1_000 }

function logoutTokenOf(request: Request): string {
  const body: unknown = request.body
  const tokens = typeof body === 'string' ? new URLSearchParams(body).getAll('logout_token') : []
  const [token] = tokens
  if (token === undefined || tokens.length !== 1)
    throw new GatehouseError('bad_data', 'send one logout_token as a form')
  return token
}

/**
 * OpenID Connect Back-Channel Logout 1.0 §2.5: the identity provider itself says that a person has signed out. The org of each session
 * learns of its end. How many ended.
 */
async function logOut(request: Request, issuer: LoginIssuer, deps: BackChannelDeps): Promise<number> {
  const message = await verifyLogoutToken(logoutTokenOf(request), issuer)
  const ended = await deps.store.closeSessionsOf(message)
  const because = 'the identity provider says that the person has signed out'
  for (const session of ended) await deps.appendAudit(endedEvent(session, because))
  return ended.length
}

/**
 * Serves `<path>/back-channel-logout`, to be registered at the identity provider as back-channel logout URI. Sessions it ends are
 * refused everywhere within a second.
 */
export function mountBackChannelLogout(
  app: Express,
  path: string,
  issuer: LoginIssuer,
  deps: BackChannelDeps,
): void {
  const parser = express.text({ type: form, limit: '16kb', inflate: false })
  const refused = createRateLimit(refusedRate, () => performance.now())
  app.post(`${path}/back-channel-logout`, parser, async (request: Request, response: Response) => {
    const trail = trailOf(response)
    Object.assign(trail, { route: '/login/:issuer/back-channel-logout', action: 'sessions:revoke' })
    response.setHeader('cache-control', 'no-store')
    try {
      const ended = await logOut(request, issuer, deps)
      trail.detail = { issuer: issuer.config.name, ended }
    } catch (error) {
      if (!isGatehouseError(error) || error.code !== 'bad_data') throw error
      const retryAfter = refused.take(trail.address)
      if (retryAfter !== undefined) {
        trail.action = 'limits:refuse'
        throw new GatehouseError('too_many_requests', 'too many attempts; wait a little', { retryAfter })
      }
      await deps.record(trail, { status: 400, errorCode: 'bad_data', reason: error.detail ?? error.message })
      response.status(400).json({ error: 'invalid_request', error_description: error.message })
      return
    }
    await deps.record(trail, { status: 200, errorCode: undefined })
    response.status(200).end()
  })
}
