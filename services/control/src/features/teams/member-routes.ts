import { nothing, type Route, route } from '@gatehouse/http'
import {
  addTeamMember,
  keepingAdministrator,
  listMembers,
  listTeamMembers,
  type OrgTransaction,
  removeTeamMember,
} from '@gatehouse/store'
import { z } from 'zod'
import { byUid, found, type ManageDeps } from '../../manage.ts'
import { pageOf, pageQuery, paginate } from '../../page.ts'
import { uidSchema } from '../folders/schemas.ts'
import { requireTeamHeld } from '../grants/holdings.ts'
import { loadTeam, teamOf } from './resource.ts'

const memberSchema = z.strictObject({
  uid: z.string(),
  name: z.string(),
  source: z.enum(['sso', 'manual']).describe('An IdP group, or by hand'),
})
const byMember = byUid.extend({ user: uidSchema })

function listRoute(deps: ManageDeps): Route {
  return route({
    method: 'get',
    path: '/api/v1/teams/:uid/members',
    summary: 'People of a team; one line for each way they are in it',
    action: 'team-members:list',
    permission: deps.permissions.can('teams:read', teamOf(deps)),
    params: byUid,
    query: z.strictObject(pageQuery),
    body: nothing,
    response: pageOf(memberSchema),
    handler: async ({ caller, params, query }) => {
      const all = await deps.changes.read(caller.orgUid, (tx) => listTeamMembers(tx, params.uid))
      const { items, next } = paginate(all, ({ uid, source }) => `${uid} ${source}`, query)
      return { items: [...items], next }
    },
  })
}

async function requireOrgMember(tx: OrgTransaction, userUid: string): Promise<void> {
  found(
    (await listMembers(tx)).find(({ uid }) => uid === userUid),
    'user',
  )
}

function changeRoutes(deps: ManageDeps): readonly Route[] {
  const { permissions, changes } = deps
  const common = {
    path: '/api/v1/teams/:uid/members/:user',
    permission: permissions.can('teams:write', teamOf(deps)),
    params: byMember,
    query: nothing,
    body: nothing,
    response: nothing,
  } as const
  return [
    route({
      ...common,
      method: 'put',
      summary: 'Put a member of the org into a team; needs what the team holds',
      action: 'team-members:add',
      handler: ({ caller, params: { uid, user }, trail }) =>
        changes.change(trail, async (tx) => {
          await loadTeam(tx, uid)
          await requireOrgMember(tx, user)
          await requireTeamHeld(tx, { principal: caller, now: Date.now() }, uid)
          await addTeamMember(tx, uid, user)
          const resource = { kind: 'teams', uid }
          return { result: {}, note: { code: 'A008I', resource, detail: { added: user } } }
        }),
    }),
    route({
      ...common,
      method: 'delete',
      summary: 'Take somebody out of a team they were put into by hand',
      action: 'team-members:remove',
      handler: ({ params: { uid, user }, trail }) =>
        changes.change(trail, async (tx) => {
          const isRemoved = await keepingAdministrator(tx, Date.now(), () => removeTeamMember(tx, uid, user))
          found(isRemoved ? user : undefined, 'member put in by hand')
          const resource = { kind: 'teams', uid }
          return { result: {}, note: { code: 'A008I', resource, detail: { removed: user } } }
        }),
    }),
  ]
}

/** `/api/v1/teams/:uid/members`. */
export function teamMemberRoutes(deps: ManageDeps): readonly Route[] {
  return [listRoute(deps), ...changeRoutes(deps)]
}
