import { randomUUID } from 'node:crypto'
import type { Resource, Team } from '@gatehouse/authz'
import { nothing, type Route, route } from '@gatehouse/http'
import { createTeam, deleteTeam, keepingAdministrator, listTeams, updateTeam } from '@gatehouse/store'
import { z } from 'zod'
import { deleteMatched, replaceMatched } from '../../change-matched.ts'
import { createOnce } from '../../create-once.ts'
import { byUid, type ManageDeps, matching, nameSchema, ownOrg, searchQuery, visible } from '../../manage.ts'
import { pageOf, pageQuery, paginate } from '../../page.ts'
import { contentEtag } from '../../preconditions.ts'
import { uidSchema } from '../folders/schemas.ts'
import { requireTeamHeld } from '../grants/holdings.ts'
import { teamMemberRoutes } from './member-routes.ts'
import { loadTeam, teamOf, teamResource } from './resource.ts'

const settings = {
  name: nameSchema,
  idpGroups: z
    .array(z.string().min(1).max(256))
    .max(200)
    .default([])
    .describe('IdP groups whose members are in this team'),
}
const teamSchema = z.strictObject({
  uid: z.string(),
  name: z.string(),
  idpGroups: z.array(z.string()),
})
const newTeamSchema = z.strictObject({ uid: uidSchema.optional().describe('Default: made up'), ...settings })

function answerOf({ uid, name, idpGroups }: Team): z.output<typeof teamSchema> {
  return { uid, name, idpGroups: [...idpGroups] }
}

function listRoute({ permissions, policyOf, changes }: ManageDeps): Route {
  return route({
    method: 'get',
    path: '/api/v1/teams',
    summary: 'Teams I may see',
    action: 'teams:list',
    permission: permissions.principal,
    params: nothing,
    query: z.strictObject({ ...pageQuery, ...searchQuery }),
    body: nothing,
    response: pageOf(teamSchema),
    handler: async ({ caller, query }) => {
      const resourceOf = ({ uid }: Team): Resource => teamResource(uid, caller.orgUid)
      const all = matching(await changes.read(caller.orgUid, listTeams), query.search)
      const shown = await visible(all, { policyOf }, { caller, action: 'teams:read', resourceOf })
      const { items, next } = paginate(shown, ({ uid }) => uid, query)
      return { items: items.map(answerOf), next }
    },
  })
}

function createRoute({ permissions, changes }: ManageDeps): Route {
  return route({
    method: 'post',
    path: '/api/v1/teams',
    summary: 'Make a team',
    action: 'teams:create',
    permission: permissions.can('teams:create', ownOrg),
    params: nothing,
    query: nothing,
    body: newTeamSchema,
    status: 201,
    requestHeaders: ['idempotency-key'],
    response: teamSchema,
    handler: (call) =>
      createOnce(changes, call, {
        answer: teamSchema,
        work: async (tx) => {
          const team = answerOf({ ...call.body, uid: call.body.uid ?? randomUUID() })
          await createTeam(tx, team)
          const resource = { kind: 'teams', uid: team.uid }
          return { result: team, note: { code: 'A007I', resource, detail: { after: team } } }
        },
      }),
  })
}

function readRoute(deps: ManageDeps): Route {
  return route({
    method: 'get',
    path: '/api/v1/teams/:uid',
    summary: 'A team',
    action: 'teams:read',
    permission: deps.permissions.can('teams:read', teamOf(deps)),
    params: byUid,
    query: nothing,
    body: nothing,
    response: teamSchema,
    handler: async ({ caller, params, setHeader }) => {
      const answer = answerOf(await deps.changes.read(caller.orgUid, (tx) => loadTeam(tx, params.uid)))
      setHeader('etag', contentEtag(answer))
      return answer
    },
  })
}

function updateRoute(deps: ManageDeps): Route {
  return route({
    method: 'put',
    path: '/api/v1/teams/:uid',
    summary: 'Change a team; other IdP groups need what the team holds',
    action: 'teams:write',
    permission: deps.permissions.can('teams:write', teamOf(deps)),
    params: byUid,
    query: nothing,
    body: z.strictObject(settings),
    requestHeaders: ['if-match'],
    response: teamSchema,
    handler: (call) => {
      const { uid } = call.params
      return replaceMatched(deps.changes, call, {
        code: 'A008I',
        resource: { kind: 'teams', uid },
        load: async (tx) => answerOf(await loadTeam(tx, uid)),
        work: async (tx, before) => {
          const after = answerOf({ ...call.body, uid })
          const isOpened = after.idpGroups.some((group) => !before.idpGroups.includes(group))
          if (isOpened) await requireTeamHeld(tx, { principal: call.caller, now: Date.now() }, uid)
          await keepingAdministrator(tx, Date.now(), () => updateTeam(tx, after))
          return after
        },
      })
    },
  })
}

function deleteRoute(deps: ManageDeps): Route {
  return route({
    method: 'delete',
    path: '/api/v1/teams/:uid',
    summary: 'Delete a team with the grants to it',
    action: 'teams:delete',
    permission: deps.permissions.can('teams:delete', teamOf(deps)),
    params: byUid,
    query: nothing,
    body: nothing,
    requestHeaders: ['if-match'],
    response: nothing,
    handler: (call) => {
      const { uid } = call.params
      return deleteMatched(deps.changes, call, {
        code: 'A009I',
        resource: { kind: 'teams', uid },
        load: async (tx) => answerOf(await loadTeam(tx, uid)),
        work: (tx) => keepingAdministrator(tx, Date.now(), () => deleteTeam(tx, uid)),
      })
    },
  })
}

/** `/api/v1/teams` and who is in them. */
export function teamRoutes(deps: ManageDeps): readonly Route[] {
  return [
    listRoute(deps),
    createRoute(deps),
    readRoute(deps),
    updateRoute(deps),
    deleteRoute(deps),
    ...teamMemberRoutes(deps),
  ]
}
