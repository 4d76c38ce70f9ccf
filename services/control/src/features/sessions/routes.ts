import { type Call, nothing, type Permissions, type Route, route } from '@gatehouse/http'
import { hashSecret, type RecognisedUser, unsealTokens } from '@gatehouse/identity'
import { z } from 'zod'
import type { LoginCookies } from '../../login/cookies.ts'

export interface SessionRouteDeps {
  readonly permissions: Permissions<RecognisedUser>
  readonly cookies: LoginCookies
  readonly recognise: (rawHeaders: readonly string[]) => Promise<RecognisedUser>
  readonly closeSession: (hash: string) => Promise<boolean>
  /** Where that identity provider ends its own session; undefined if it has no such page or is down. */
  readonly endSession: (issuer: string, idToken: string | undefined) => Promise<string | undefined>
  /** What the identity provider gave for this session, sealed under its secret. */
  readonly sealedOf: (hash: string) => Promise<string | undefined>
}

/** Shown when the identity provider has no sign-out of its own. */
export const signedOutPath = '/signed-out'

type SignOutCall = Call<undefined, unknown, unknown, unknown>

/** Nobody is kept from signing out because the hint cannot be had. */
async function idTokenOf(secret: string, { sealedOf }: SessionRouteDeps): Promise<string | undefined> {
  const sealed = await sealedOf(hashSecret(secret)).catch(() => undefined)
  return sealed === undefined ? undefined : unsealTokens(secret, sealed)?.idToken
}

/**
 * Ends the session here first and then names the identity provider's sign-out, if it has one. Also for a session that ended already:
 * whoever wants to be signed out is signed out.
 */
async function signOut(
  { request, trail, setCookie }: SignOutCall,
  deps: SessionRouteDeps,
): Promise<{ next: string }> {
  const secret = deps.cookies.read(request.headers.cookie, deps.cookies.session)
  const person = await deps.recognise(request.rawHeaders).catch(() => undefined)
  if (person !== undefined) {
    const { user, identity, credential, currentOrgUid } = person
    trail.actor = { kind: 'user', uid: user.uid, name: user.name, teams: [], identity, credential }
    trail.orgUid = currentOrgUid ?? null
  }
  const idToken = secret === undefined ? undefined : await idTokenOf(secret, deps)
  if (secret !== undefined) await deps.closeSession(hashSecret(secret))
  setCookie(deps.cookies.clear(deps.cookies.session))
  const next = person === undefined ? undefined : await deps.endSession(person.identity.issuer, idToken)
  return { next: next ?? signedOutPath }
}

/** Signing out. The answer says where to go next, so that no redirect crosses origins behind a script's back. */
export function sessionRoutes(deps: SessionRouteDeps): readonly Route[] {
  return [
    route({
      method: 'delete',
      path: '/api/v1/sessions/current',
      summary: 'Sign out',
      action: 'sessions:delete',
      permission: deps.permissions.public,
      params: nothing,
      query: nothing,
      body: nothing,
      response: z.strictObject({ next: z.string() }),
      handler: (call) => signOut(call, deps),
    }),
  ]
}
