import { randomUUID } from 'node:crypto'
import type { Principal, Resource, ServiceAccount } from '@gatehouse/authz'
import { nothing, type Route, type RouteInput, route } from '@gatehouse/http'
import {
  createServiceAccount,
  deleteServiceAccount,
  listManagedAccounts,
  updateServiceAccount,
} from '@gatehouse/store'
import { z } from 'zod'
import { deleteMatched, replaceMatched } from '../../change-matched.ts'
import { createOnce } from '../../create-once.ts'
import { byUid, type ManageDeps, matching, nameSchema, ownOrg, searchQuery, visible } from '../../manage.ts'
import { pageOf, pageQuery, paginate } from '../../page.ts'
import { contentEtag } from '../../preconditions.ts'
import { uidSchema } from '../folders/schemas.ts'
import { requireTeamHeld } from '../grants/holdings.ts'
import { loadTeam } from '../teams/resource.ts'
import { accountOf, accountResource, loadAccount } from './resource.ts'
import { tokenRoutes } from './token-routes.ts'

const accountSchema = z.strictObject({
  uid: z.string(),
  name: z.string(),
  teamUid: z.string().nullable(),
  isDisabled: z.boolean(),
})
const teamUid = uidSchema.nullable().describe('Team that owns it; it holds what the team holds')
const newAccountSchema = z.strictObject({
  uid: uidSchema.optional().describe('Default: made up'),
  name: nameSchema,
  teamUid: teamUid.default(null),
})
const accountChangeSchema = z.strictObject({ name: nameSchema, teamUid, isDisabled: z.boolean() })

function answerOf({ uid, name, teamUid: team, isDisabled }: ServiceAccount): z.output<typeof accountSchema> {
  return { uid, name, teamUid: team ?? null, isDisabled }
}

/** The body says which team is to own it; whoever may make accounts for that team may make this one. */
function ownerFromBody({ changes }: ManageDeps) {
  return async (principal: Principal, { body }: RouteInput): Promise<Resource> => {
    const { orgUid } = principal
    const parsed = z.looseObject({ teamUid: uidSchema }).safeParse(body)
    if (!parsed.success) return ownOrg(principal)
    const { uid } = await changes.read(orgUid, (tx) => loadTeam(tx, parsed.data.teamUid))
    return { kind: 'team', uid, orgUid }
  }
}

function listRoute({ permissions, policyOf, changes }: ManageDeps): Route {
  return route({
    method: 'get',
    path: '/api/v1/service-accounts',
    summary: 'Service accounts I may see',
    action: 'service-accounts:list',
    permission: permissions.principal,
    params: nothing,
    query: z.strictObject({ ...pageQuery, ...searchQuery }),
    body: nothing,
    response: pageOf(accountSchema),
    handler: async ({ caller, query }) => {
      const resourceOf = (account: ServiceAccount): Resource => accountResource(account, caller.orgUid)
      const all = matching(await changes.read(caller.orgUid, listManagedAccounts), query.search)
      const shown = await visible(all, { policyOf }, { caller, action: 'serviceaccounts:read', resourceOf })
      const { items, next } = paginate(shown, ({ uid }) => uid, query)
      return { items: items.map(answerOf), next }
    },
  })
}

function createRoute(deps: ManageDeps): Route {
  return route({
    method: 'post',
    path: '/api/v1/service-accounts',
    summary: 'Make a service account; for a team only by who holds what the team holds',
    action: 'service-accounts:create',
    permission: deps.permissions.can('serviceaccounts:create', ownerFromBody(deps)),
    params: nothing,
    query: nothing,
    body: newAccountSchema,
    status: 201,
    requestHeaders: ['idempotency-key'],
    response: accountSchema,
    handler: (call) =>
      createOnce(deps.changes, call, {
        answer: accountSchema,
        work: async (tx) => {
          const { uid = randomUUID(), name, teamUid: team } = call.body
          if (team !== null) await requireTeamHeld(tx, { principal: call.caller, now: Date.now() }, team)
          const account = { uid, name, teamUid: team ?? undefined, isDisabled: false }
          await createServiceAccount(tx, account)
          const result = answerOf(account)
          const resource = { kind: 'service-accounts', uid }
          return { result, note: { code: 'A016I', resource, detail: { after: result } } }
        },
      }),
  })
}

function readRoute(deps: ManageDeps): Route {
  return route({
    method: 'get',
    path: '/api/v1/service-accounts/:uid',
    summary: 'A service account',
    action: 'service-accounts:read',
    permission: deps.permissions.can('serviceaccounts:read', accountOf(deps)),
    params: byUid,
    query: nothing,
    body: nothing,
    response: accountSchema,
    handler: async ({ caller, params, setHeader }) => {
      const answer = answerOf(await deps.changes.read(caller.orgUid, (tx) => loadAccount(tx, params.uid)))
      setHeader('etag', contentEtag(answer))
      return answer
    },
  })
}

function updateRoute(deps: ManageDeps): Route {
  return route({
    method: 'put',
    path: '/api/v1/service-accounts/:uid',
    summary: 'Rename, disable or give a service account to another team',
    action: 'service-accounts:write',
    permission: deps.permissions.can('serviceaccounts:write', accountOf(deps)),
    params: byUid,
    query: nothing,
    body: accountChangeSchema,
    requestHeaders: ['if-match'],
    response: accountSchema,
    handler: (call) => {
      const { params, body, caller: principal } = call
      const { uid } = params
      return replaceMatched(deps.changes, call, {
        code: 'A017I',
        resource: { kind: 'service-accounts', uid },
        load: async (tx) => answerOf(await loadAccount(tx, uid)),
        work: async (tx, shown) => {
          const before = { ...shown, teamUid: shown.teamUid ?? undefined }
          const after = { ...body, uid, teamUid: body.teamUid ?? undefined }
          if (after.teamUid !== undefined && after.teamUid !== before.teamUid) {
            await loadTeam(tx, after.teamUid)
            await requireTeamHeld(tx, { principal, now: Date.now() }, after.teamUid)
          }
          await updateServiceAccount(tx, before, after)
          return answerOf(after)
        },
      })
    },
  })
}

function deleteRoute(deps: ManageDeps): Route {
  return route({
    method: 'delete',
    path: '/api/v1/service-accounts/:uid',
    summary: 'Delete a service account with its tokens and the grants to it',
    action: 'service-accounts:delete',
    permission: deps.permissions.can('serviceaccounts:delete', accountOf(deps)),
    params: byUid,
    query: nothing,
    body: nothing,
    requestHeaders: ['if-match'],
    response: nothing,
    handler: (call) => {
      const { uid } = call.params
      return deleteMatched(deps.changes, call, {
        code: 'A018I',
        resource: { kind: 'service-accounts', uid },
        load: async (tx) => answerOf(await loadAccount(tx, uid)),
        work: (tx) => deleteServiceAccount(tx, uid),
      })
    },
  })
}

/** `/api/v1/service-accounts` and their tokens. */
export function serviceAccountRoutes(deps: ManageDeps): readonly Route[] {
  return [
    listRoute(deps),
    createRoute(deps),
    readRoute(deps),
    updateRoute(deps),
    deleteRoute(deps),
    ...tokenRoutes(deps),
  ]
}
