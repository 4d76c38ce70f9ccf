import type { NotificationsConfig } from '@gatehouse/config'
import { GatehouseError } from '@gatehouse/errors'
import { type AppDeps, type Trail, trailOf } from '@gatehouse/http'
import { createRateLimit, hashSecret, newSecret } from '@gatehouse/identity'
import { addNotice, type BreakGlass, localAdminIssuer, openLocalAdmin } from '@gatehouse/store'
import express, { type Express, type Request, type Response } from 'express'
import type { Changes } from '../changes.ts'
import { noticesFor } from '../notices/compose.ts'
import type { LoginCookies } from './cookies.ts'
import type { SignInStore } from './sign-in.ts'

/** What the local administrators' sign-in is made of. */
export interface LocalAdminDeps {
  /** Uids of the orgs that allow it. */
  readonly orgs: readonly string[]
  readonly takeCode: (
    hash: string,
  ) => Promise<{ readonly orgUid: string; readonly madeBy: string; readonly reason: string } | undefined>
  readonly store: Pick<SignInStore, 'openSession'>
  readonly changes: Changes
  readonly cookies: LoginCookies
  readonly notifications: NotificationsConfig
  readonly wakeNotices: () => void
  readonly record: AppDeps['record']
}

/** How long the rights and the session last, ms. */
const lifetimeMs = 3_600_000
const idleMs = 900_000
/** Tries of one address: a code cannot be guessed, so more than a few are no typing errors. */
const rate = { burst: 5, refillMs: 60_000 }
const path = '/login/local'
const form = 'application/x-www-form-urlencoded'

const page = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Local administrator – Gatehouse</title>
<main>
<h1>Local administrator</h1>
<p>For emergencies. Everything done here is recorded, the owner of the data is told at once, and it ends in an hour.</p>
<form method="post">
<p><label for="code">One-time code, as <code>gatehouse auth local-admin</code> printed it</label></p>
<p><input id="code" name="code" autocomplete="one-time-code" size="50" maxlength="100" required></p>
<p><button>Sign in</button></p>
</form>
</main>
</html>
`

function codeOf(request: Request): string {
  const body: unknown = request.body
  const codes = typeof body === 'string' ? new URLSearchParams(body).getAll('code') : []
  return codes.length === 1 ? (codes[0] ?? '').trim() : ''
}

function told(access: BreakGlass, orgUid: string, madeBy: string) {
  const until = new Date(access.expiresAt).toISOString()
  return {
    kind: 'local-admin-signed-in',
    orgUid,
    subject: `Local administrator signed in: ${orgUid}`,
    text:
      `Somebody signed in as local administrator of ${orgUid}, with a one-time code that ${madeBy} made.\n` +
      `Reason: ${access.reason}\nThey hold everything an administrator of the org holds until ${until}.\n` +
      `Look at what is done with it, and review it as ${access.uid}.\n`,
    facts: { uid: access.uid, madeBy, reason: access.reason, expiresAt: until },
  } as const
}

async function open(
  trail: Trail,
  code: { readonly orgUid: string; readonly madeBy: string; readonly reason: string },
  deps: LocalAdminDeps,
): Promise<BreakGlass> {
  const { orgUid, madeBy, reason } = code
  return deps.changes.changeIn(orgUid, trail, async (tx) => {
    const access = await openLocalAdmin(tx, { reason, expiresAt: Date.now() + lifetimeMs })
    const notices = noticesFor(deps.notifications, told(access, orgUid, madeBy))
    if (notices.length === 0)
      throw new GatehouseError('conflict', 'nobody would be told: no data owner of the org is configured')
    for (const notice of notices) await addNotice(tx, notice)
    const { uid, openedBy, grantUid } = access
    const detail = {
      userUid: openedBy,
      madeBy,
      reason,
      grantUid,
      expiresAt: new Date(access.expiresAt).toISOString(),
    }
    return { result: access, note: { code: 'X006I', resource: { kind: 'break-glass', uid }, detail } }
  })
}

/** Uses up a code and signs its bearer in; the secret for the cookie. @throws GatehouseError `unauthenticated`, `conflict`. */
async function signIn(request: Request, trail: Trail, deps: LocalAdminDeps): Promise<string> {
  const code = await deps.takeCode(hashSecret(codeOf(request)))
  if (code === undefined || !deps.orgs.includes(code.orgUid))
    throw new GatehouseError('unauthenticated', 'the code is wrong, used or too old')
  trail.orgUid = code.orgUid
  const access = await open(trail, code, deps)
  deps.wakeNotices()
  const secret = newSecret()
  await deps.store.openSession({
    hash: hashSecret(secret),
    orgUid: code.orgUid,
    userUid: access.openedBy,
    issuer: localAdminIssuer,
    subject: code.orgUid,
    idpSession: undefined,
    address: trail.address,
    userAgent: trail.userAgent,
    idleMs,
    lifetimeMs,
    sealed: undefined,
    check: undefined,
  })
  return secret
}

function showPage(response: Response): void {
  response.setHeader(
    'content-security-policy',
    "default-src 'none'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
  )
  response.setHeader('cache-control', 'no-store')
  response.type('html').send(page)
}

/** Serves the sign-in of local administrators. Mount it only where the configuration allows them. */
export function mountLocalAdmin(app: Express, deps: LocalAdminDeps): void {
  const limit = createRateLimit(rate, () => performance.now())
  const parser = express.text({ type: form, limit: '4kb', inflate: false })
  app.get(path, async (_request, response) => {
    const trail = Object.assign(trailOf(response), { route: path, action: 'pages:read' })
    await deps.record(trail, { status: 200, errorCode: undefined })
    showPage(response)
  })
  app.post(path, parser, async (request: Request, response: Response) => {
    const trail = Object.assign(trailOf(response), {
      route: path,
      action: 'local-admins:sign-in',
      successStatus: 303,
    })
    const wait = limit.take(trail.address)
    if (wait !== undefined)
      throw new GatehouseError('too_many_requests', 'too many attempts; wait a little', { retryAfter: wait })
    const secret = await signIn(request, trail, deps)
    response.append('set-cookie', deps.cookies.set(deps.cookies.session, secret, lifetimeMs))
    response.setHeader('cache-control', 'no-store')
    response.setHeader('location', '/')
    response.status(303).end()
  })
}
