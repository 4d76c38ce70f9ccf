import { nothing, type Route, route } from '@gatehouse/http'
import type { RecognisedUser } from '@gatehouse/identity'
import { listSessions, revokeSession } from '@gatehouse/store'
import { z } from 'zod'
import { byUid, found, type ManageDeps } from '../../manage.ts'
import { pageOf, pageQuery, paginate } from '../../page.ts'
import { answerOf, sessionSchema } from './list-routes.ts'

const ownSchema = sessionSchema.extend({
  orgUid: z.string(),
  isCurrent: z.boolean().describe('The one this request came with'),
})

function orgsOf({ user }: RecognisedUser): readonly string[] {
  return user.memberships.map(({ orgUid }) => orgUid)
}

/** `/api/v1/me/sessions`: where I am signed in, in all my orgs, and ending it. Needs no permission: they are mine. */
export function ownSessionRoutes({ permissions, changes }: ManageDeps): readonly Route[] {
  const permission = permissions.person
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
        const all: z.output<typeof ownSchema>[] = []
        for (const orgUid of orgsOf(caller)) {
          const sessions = await changes.read(orgUid, (tx) => listSessions(tx, caller.user.uid))
          all.push(
            ...sessions.map((session) => {
              const answer = answerOf(session)
              return { ...answer, orgUid, isCurrent: answer.uid === caller.credential.id }
            }),
          )
        }
        const { items, next } = paginate(all, ({ uid }) => uid, query)
        return { items: [...items], next }
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
        const own = async (orgUid: string): Promise<boolean> =>
          (await changes.read(orgUid, (tx) => listSessions(tx, caller.user.uid))).some(
            (session) => session.uid === uid,
          )
        let home: string | undefined
        for (const orgUid of orgsOf(caller)) if (await own(orgUid)) home = orgUid
        const orgUid = found(home, 'session')
        return changes.changeIn(orgUid, trail, async (tx) => {
          found((await revokeSession(tx, uid, caller.user.uid)) ? uid : undefined, 'session')
          return { result: {}, note: { code: 'L003I', resource: { kind: 'sessions', uid } } }
        })
      },
    }),
  ]
}
