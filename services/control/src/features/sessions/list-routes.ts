import { nothing, type Route, route } from '@gatehouse/http'
import { listSessions, revokeSession, type Session } from '@gatehouse/store'
import { z } from 'zod'
import { byUid, found, type ManageDeps, ownOrg } from '../../manage.ts'
import { pageOf, pageQuery, paginate } from '../../page.ts'
import { uidSchema } from '../folders/schemas.ts'

/** A session as listed. */
export const sessionSchema = z.strictObject({
  uid: z.string(),
  userUid: z.string(),
  address: z.string().nullable(),
  userAgent: z.string().nullable(),
  createdAt: z.string(),
  lastSeenAt: z.string(),
  expiresAt: z.string(),
})

/** A session as an answer. */
export function answerOf(session: Session): z.output<typeof sessionSchema> {
  const { uid, userUid, address = null, userAgent = null, createdAt, lastSeenAt, expiresAt } = session
  const [created, seen, expires] = [createdAt, lastSeenAt, expiresAt].map((time) =>
    new Date(time).toISOString(),
  )
  return {
    uid,
    userUid,
    address,
    userAgent,
    createdAt: created ?? '',
    lastSeenAt: seen ?? '',
    expiresAt: expires ?? '',
  }
}

/** `/api/v1/sessions`: who is signed in to the org, and ending it. */
export function sessionListRoutes({ permissions, changes }: ManageDeps): readonly Route[] {
  const permission = permissions.can('users:sessions', ownOrg)
  return [
    route({
      method: 'get',
      path: '/api/v1/sessions',
      summary: 'Sessions of the org that have not ended',
      action: 'sessions:list',
      permission,
      params: nothing,
      query: z.strictObject({ ...pageQuery, user: uidSchema.optional().describe('Only theirs') }),
      body: nothing,
      response: pageOf(sessionSchema),
      handler: async ({ caller, query }) => {
        const all = await changes.read(caller.orgUid, (tx) => listSessions(tx, query.user))
        const { items, next } = paginate(all, ({ uid }) => uid, query)
        return { items: items.map(answerOf), next }
      },
    }),
    route({
      method: 'delete',
      path: '/api/v1/sessions/:uid',
      summary: 'End a session at once',
      action: 'sessions:revoke',
      permission,
      params: byUid,
      query: nothing,
      body: nothing,
      response: nothing,
      handler: ({ params: { uid }, trail }) =>
        changes.change(trail, async (tx) => {
          found((await revokeSession(tx, uid)) ? uid : undefined, 'session')
          return { result: {}, note: { code: 'L003I', resource: { kind: 'sessions', uid } } }
        }),
    }),
  ]
}
