import { GatehouseError } from '@gatehouse/errors'
import { nothing, type Route, route } from '@gatehouse/http'
import {
  createScimUser,
  deleteScimUser,
  findScimUser,
  listScimUsers,
  type OrgTransaction,
  type Provisioner,
  saveScimUser,
  type ScimUser,
  type ScimUserContent,
} from '@gatehouse/store'
import { z } from 'zod'
import type { Changed } from '../../changes.ts'
import { uidSchema } from '../folders/schemas.ts'
import { readFilter } from './filter.ts'
import { scimFormat } from './format.ts'
import { applyOperation, patchSchema } from './patch.ts'
import { type ScimRouteDeps, scimQuery, sliceOf } from './provisioning.ts'
import {
  listOf,
  listSchema,
  readUser,
  resourceSchema,
  type ScimResource,
  userContent,
  userResource,
} from './resources.ts'

const byId = z.strictObject({ id: uidSchema })

/** Who the user is at sign-in: the attribute that the token says is the issuer's `sub`. */
function identityOf(
  { issuer, subjectFrom }: Provisioner,
  content: ScimUserContent,
): { issuer: string; subject: string } {
  const subject = subjectFrom === 'userName' ? content.userName : content.externalId
  if (subject === undefined) throw new GatehouseError('bad_data', 'externalId: is needed, it is who signs in')
  return { issuer, subject }
}

/** The audit event names the person by uid and the attributes by name: what they say is not for the log. */
function noted(before: ScimUser | undefined, after: ScimUser, result: ScimResource): Changed<ScimResource> {
  const isEnding = (before?.isActive ?? true) && !after.isActive
  const code = before === undefined ? 'A010I' : isEnding ? 'A012I' : 'A011I'
  const keys = new Set([...Object.keys(before?.attributes ?? {}), ...Object.keys(after.attributes)])
  const changed = [...keys].filter(
    (key) => JSON.stringify(before?.attributes[key]) !== JSON.stringify(after.attributes[key]),
  )
  if (before?.userName !== after.userName) changed.push('userName')
  if (before?.externalId !== after.externalId) changed.push('externalId')
  const detail = { active: after.isActive, changed: changed.toSorted() }
  return { result, note: { code, resource: { kind: 'users', uid: after.uid }, detail } }
}

async function save(
  tx: OrgTransaction,
  provisioner: Provisioner,
  { before, content, base }: { before: ScimUser; content: ScimUserContent; base: string },
): Promise<Changed<ScimResource>> {
  // Whoever signs in as this user is fixed when it is made: a later change would hand one person's access to another.
  const was = identityOf(provisioner, before)
  if (identityOf(provisioner, content).subject !== was.subject)
    throw new GatehouseError(
      'bad_data',
      'who signs in as this user cannot change; delete it and make another',
    )
  const after = await saveScimUser(tx, before.uid, content)
  return noted(before, after, userResource(after, base))
}

function readRoutes({ changes, provisioner, baseUrl: base }: ScimRouteDeps): readonly Route[] {
  const common = {
    method: 'get',
    permission: provisioner,
    query: scimQuery,
    body: nothing,
    format: scimFormat,
  } as const
  return [
    route({
      ...common,
      path: '/scim/v2/Users',
      summary: 'Provisioned users, filtered',
      action: 'users:list',
      params: nothing,
      response: listSchema,
      handler: async ({ caller, query }) => {
        const filter = readFilter(query.filter)
        const slice = sliceOf(query)
        const { total, users } = await changes.read(caller.orgUid, (tx) => listScimUsers(tx, filter, slice))
        return listOf(
          users.map((user) => userResource(user, base)),
          total,
          slice.offset + 1,
        )
      },
    }),
    route({
      ...common,
      path: '/scim/v2/Users/:id',
      summary: 'A provisioned user',
      action: 'users:read',
      params: byId,
      response: resourceSchema,
      handler: async ({ caller, params }) =>
        userResource(await changes.read(caller.orgUid, (tx) => findScimUser(tx, params.id)), base),
    }),
  ]
}

function createRoute({ changes, provisioner, baseUrl: base }: ScimRouteDeps): Route {
  return route({
    method: 'post',
    path: '/scim/v2/Users',
    summary: 'Provision a user',
    action: 'users:create',
    permission: provisioner,
    params: nothing,
    query: scimQuery,
    body: z.unknown(),
    status: 201,
    format: scimFormat,
    response: resourceSchema,
    handler: ({ caller, body, trail, setHeader }) =>
      changes.change(trail, async (tx) => {
        const content = readUser(body)
        const user = await createScimUser(tx, identityOf(caller, content), content)
        setHeader('location', `${base}/Users/${user.uid}`)
        return noted(undefined, user, userResource(user, base))
      }),
  })
}

function changeRoutes({ changes, provisioner, baseUrl: base }: ScimRouteDeps): readonly Route[] {
  const common = {
    path: '/scim/v2/Users/:id',
    action: 'users:write',
    permission: provisioner,
    params: byId,
    query: scimQuery,
    format: scimFormat,
    response: resourceSchema,
  } as const
  return [
    route({
      ...common,
      method: 'put',
      summary: 'Replace a provisioned user',
      body: z.unknown(),
      handler: ({ caller, params, body, trail }) =>
        changes.change(trail, async (tx) => {
          const before = await findScimUser(tx, params.id)
          return save(tx, caller, { before, content: readUser(body), base })
        }),
    }),
    route({
      ...common,
      method: 'patch',
      summary: 'Change a provisioned user; active: false signs them out and ends what they may do',
      body: patchSchema,
      handler: ({ caller, params, body, trail }) =>
        changes.change(trail, async (tx) => {
          const before = await findScimUser(tx, params.id)
          const patched = body.Operations.reduce(applyOperation, userContent(before))
          return save(tx, caller, { before, content: readUser(patched), base })
        }),
    }),
  ]
}

function deleteRoute({ changes, provisioner }: ScimRouteDeps): Route {
  return route({
    method: 'delete',
    path: '/scim/v2/Users/:id',
    summary: 'Take a user out of the org, with their sessions and the grants made to them',
    action: 'users:delete',
    permission: provisioner,
    params: byId,
    query: scimQuery,
    body: nothing,
    status: 204,
    format: scimFormat,
    response: nothing,
    handler: ({ params, trail }) =>
      changes.change(trail, async (tx) => {
        await deleteScimUser(tx, params.id)
        const resource = { kind: 'users', uid: params.id }
        return { result: {}, note: { code: 'A011I', resource, detail: { removed: true } } }
      }),
  })
}

/** `/scim/v2/Users` (RFC 7644). */
export function scimUserRoutes(deps: ScimRouteDeps): readonly Route[] {
  return [...readRoutes(deps), createRoute(deps), ...changeRoutes(deps), deleteRoute(deps)]
}
