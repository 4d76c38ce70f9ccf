import { GatehouseError } from '@gatehouse/errors'
import { nothing, type Permission, type Permissions, type Route, route } from '@gatehouse/http'
import { hashSecret, type IdentityStore, type RecognisedUser } from '@gatehouse/identity'
import type { SessionEnds } from '@gatehouse/store'
import { z } from 'zod'
import type { LoginCookies } from '../../login/cookies.ts'

export interface CurrentSessionDeps {
  readonly permissions: Permissions<RecognisedUser>
  readonly cookies: LoginCookies
  readonly findSession: IdentityStore['findSession']
  readonly sessionEnds: (hash: string) => Promise<SessionEnds | undefined>
  readonly extendSession: (hash: string) => Promise<boolean>
}

const endsSchema = z.strictObject({
  uid: z.string(),
  now: z.string().describe('The server’s time, to count from'),
  expiresAt: z.string().describe('When it ends if it is not used any more: the earliest of those below'),
  idleEndsAt: z.string().describe('Moves with every use; what a use adds is written within a minute'),
  lifetimeEndsAt: z.string().describe('Whatever happens; then one signs in again'),
  vouchedUntil: z
    .string()
    .nullable()
    .describe(
      'Where the identity provider does not answer who is signed in: unless it does before; else null',
    ),
})

function ended(): GatehouseError {
  return new GatehouseError('unauthenticated', 'the session has ended; sign in again')
}

/** The browser's session, looked at without using it: a page that asks when it ends must not keep it alive. Gives its hash. */
function ownSession({ permissions, cookies, findSession }: CurrentSessionDeps): Permission<string> {
  return {
    name: permissions.person.name,
    async admit(request, _input, trail) {
      const secret = cookies.read(request.headers.cookie, cookies.session)
      if (secret === undefined) throw ended()
      const hash = hashSecret(secret)
      const session = await findSession(hash)
      if (session === undefined) throw ended()
      const { id, user, issuer, subject, orgUid } = session
      const credential = { kind: 'session', id } as const
      trail.actor = {
        kind: 'user',
        uid: user.uid,
        name: user.name,
        teams: [],
        identity: { issuer, subject },
        credential,
      }
      trail.orgUid = orgUid ?? null
      return hash
    },
  }
}

async function endsOf(deps: CurrentSessionDeps, hash: string): Promise<z.output<typeof endsSchema>> {
  const ends = await deps.sessionEnds(hash)
  if (ends === undefined) throw ended()
  const { uid, idleEndsAt, endsAt, vouchedUntil } = ends
  return {
    uid,
    now: new Date().toISOString(),
    expiresAt: new Date(Math.min(idleEndsAt, endsAt, vouchedUntil ?? endsAt)).toISOString(),
    idleEndsAt: new Date(idleEndsAt).toISOString(),
    lifetimeEndsAt: new Date(endsAt).toISOString(),
    vouchedUntil: vouchedUntil === undefined ? null : new Date(vouchedUntil).toISOString(),
  }
}

/** `/api/v1/sessions/current`: when the browser's own session ends, and staying signed in. */
export function currentSessionRoutes(deps: CurrentSessionDeps): readonly Route[] {
  const common = { permission: ownSession(deps), params: nothing, query: nothing, body: nothing } as const
  return [
    route({
      ...common,
      method: 'get',
      path: '/api/v1/sessions/current',
      summary: 'When my session ends; asking does not count as using it',
      action: 'sessions:read',
      response: endsSchema,
      handler: ({ caller }) => endsOf(deps, caller),
    }),
    route({
      ...common,
      method: 'post',
      path: '/api/v1/sessions/current/extend',
      summary: 'Stay signed in: the idle time begins anew; the whole lifetime does not',
      action: 'sessions:extend',
      response: endsSchema,
      handler: async ({ caller }) => {
        if (!(await deps.extendSession(caller))) throw ended()
        return endsOf(deps, caller)
      },
    }),
  ]
}
