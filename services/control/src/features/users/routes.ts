import type { Member } from '@gatehouse/authz'
import { nothing, type Route, route } from '@gatehouse/http'
import {
  addMember,
  keepingAdministrator,
  listMembers,
  type OrgTransaction,
  removeMember,
} from '@gatehouse/store'
import { z } from 'zod'
import { createOnce } from '../../create-once.ts'
import { byUid, found, type ManageDeps, matching, nameSchema, ownOrg, searchQuery } from '../../manage.ts'
import { pageOf, pageQuery, paginate } from '../../page.ts'

const userSchema = z.strictObject({
  uid: z.string(),
  name: z.string(),
  isDisabled: z.boolean(),
  teams: z.array(
    z.strictObject({
      uid: z.string(),
      source: z.enum(['sso', 'manual']),
      groups: z.array(z.string()).exactOptional().describe('Their IdP groups that give it'),
    }),
  ),
})
const newUserSchema = z.strictObject({
  issuer: z.url().describe('OIDC issuer'),
  subject: z.string().min(1).max(256).describe('Their `sub` there'),
  name: nameSchema.optional().describe('Shown until they sign in; default: the subject'),
})

function answerOf({ uid, name, isDisabled, teams }: Member): z.output<typeof userSchema> {
  return {
    uid,
    name,
    isDisabled,
    teams: teams.map(({ groups, ...team }) => ({ ...team, ...(groups && { groups: [...groups] }) })),
  }
}

async function load(tx: OrgTransaction, wanted: string): Promise<Member> {
  return found(
    (await listMembers(tx)).find(({ uid }) => uid === wanted),
    'user',
  )
}

function readRoutes({ permissions, changes }: ManageDeps): readonly Route[] {
  const common = { method: 'get', permission: permissions.can('users:read', ownOrg), body: nothing } as const
  return [
    route({
      ...common,
      path: '/api/v1/users',
      summary: 'Members of the org',
      action: 'users:list',
      params: nothing,
      query: z.strictObject({ ...pageQuery, ...searchQuery }),
      response: pageOf(userSchema),
      handler: async ({ caller, query }) => {
        const all = matching(await changes.read(caller.orgUid, listMembers), query.search)
        const { items, next } = paginate(all, ({ uid }) => uid, query)
        return { items: items.map(answerOf), next }
      },
    }),
    route({
      ...common,
      path: '/api/v1/users/:uid',
      summary: 'A member of the org',
      action: 'users:read',
      params: byUid,
      query: nothing,
      response: userSchema,
      handler: async ({ caller, params }) =>
        answerOf(await changes.read(caller.orgUid, (tx) => load(tx, params.uid))),
    }),
  ]
}

function createRoute({ permissions, changes }: ManageDeps): Route {
  return route({
    method: 'post',
    path: '/api/v1/users',
    summary: 'Make a person a member by their OIDC identity, before or after they first sign in',
    action: 'users:create',
    permission: permissions.can('users:write', ownOrg),
    params: nothing,
    query: nothing,
    body: newUserSchema,
    status: 201,
    requestHeaders: ['idempotency-key'],
    response: userSchema,
    handler: (call) =>
      createOnce(changes, call, {
        answer: userSchema,
        work: async (tx) => {
          const { issuer, subject, name = subject } = call.body
          const uid = await addMember(tx, { issuer, subject, name })
          const resource = { kind: 'users', uid }
          return { result: answerOf(await load(tx, uid)), note: { code: 'A010I', resource } }
        },
      }),
  })
}

function deleteRoute({ permissions, changes }: ManageDeps): Route {
  return route({
    method: 'delete',
    path: '/api/v1/users/:uid',
    summary: 'End a membership with its teams, sessions and own grants; IdP groups may give it again',
    action: 'users:delete',
    permission: permissions.can('users:write', ownOrg),
    params: byUid,
    query: nothing,
    body: nothing,
    response: nothing,
    handler: ({ params: { uid }, trail }) =>
      changes.change(trail, async (tx) => {
        const { teams } = answerOf(await load(tx, uid))
        await keepingAdministrator(tx, Date.now(), () => removeMember(tx, uid))
        const resource = { kind: 'users', uid }
        return { result: {}, note: { code: 'A011I', resource, detail: { isMember: false, teams } } }
      }),
  })
}

/** `/api/v1/users`: members of the org. */
export function userRoutes(deps: ManageDeps): readonly Route[] {
  return [...readRoutes(deps), createRoute(deps), deleteRoute(deps)]
}
