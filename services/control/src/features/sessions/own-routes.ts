import { nothing, type Route, route } from '@gatehouse/http'
import type { RecognisedUser } from '@gatehouse/identity'
import { listSessions, revokeSession, type Session } from '@gatehouse/store'
import { z } from 'zod'
import { byUid, found, type ManageDeps } from '../../manage.ts'
import { pageOf, pageQuery, paginate } from '../../page.ts'
import { answerOf, sessionSchema } from './list-routes.ts'

const ownSchema = sessionSchema.extend({
  orgUid: z.string(),
  isCurrent: z.boolean().describe('The one this request came with'),
})

/** `/api/v1/me/sessions`: where I am signed in, in all my orgs, and ending it. Needs no permission: they are mine. */
export function ownSessionRoutes({ permissions, changes }: ManageDeps): readonly Route[] {
  const permission = permissions.person
  // Each of one's orgs sees them all.
  const ownSessions = async ({ user }: RecognisedUser): Promise<readonly Session[]> => {
    const [home] = user.memberships
    return home === undefined ? [] : changes.read(home.orgUid, (tx) => listSessions(tx, user.uid))
  }
  return [
    route({
      method: 'get',
      path: '/api/v1/me/sessions',
      summary: 'My sessions that have not ended, in all my orgs',
      action: 'sessions:list',
      permission,
      params: nothing,
      query: z.strictObject(pageQuery),
      body: nothing,
      response: pageOf(ownSchema),
      handler: async ({ caller, query }) => {
        const all = await ownSessions(caller)
        const { items, next } = paginate(all, ({ uid }) => uid, query)
        return {
          items: items.map((session) => ({
            ...answerOf(session),
            orgUid: session.orgUid,
            isCurrent: session.uid === caller.credential.id,
          })),
          next,
        }
      },
    }),
    route({
      method: 'delete',
      path: '/api/v1/me/sessions/:uid',
      summary: 'End one of my sessions at once',
      action: 'sessions:revoke',
      permission,
      params: byUid,
      query: nothing,
      body: nothing,
      response: nothing,
      handler: async ({ caller, params: { uid }, trail }) => {
        const own = (await ownSessions(caller)).find((session) => session.uid === uid)
        const { orgUid } = found(own, 'session')
        return changes.changeIn(orgUid, trail, async (tx) => {
          found((await revokeSession(tx, uid, caller.user.uid)) ? uid : undefined, 'session')
          return { result: {}, note: { code: 'L003I', resource: { kind: 'sessions', uid } } }
        })
      },
    }),
  ]
}
