import { nothing, type Route, route } from '@gatehouse/http'
import {
  addScimMembers,
  createScimGroup,
  deleteScimGroup,
  findScimGroup,
  listScimGroups,
  type OrgTransaction,
  removeScimMembers,
  saveScimGroup,
  type ScimGroup,
} from '@gatehouse/store'
import { z } from 'zod'
import type { Changed } from '../../changes.ts'
import { uidSchema } from '../folders/schemas.ts'
import { readFilter } from './filter.ts'
import { scimFormat } from './format.ts'
import { type GroupStep, groupSteps } from './patch-group.ts'
import { patchSchema } from './patch.ts'
import { type ScimRouteDeps, scimQuery, sliceOf } from './provisioning.ts'
import {
  groupResource,
  listOf,
  listSchema,
  readGroup,
  resourceSchema,
  type ScimResource,
} from './resources.ts'

const byId = z.strictObject({ id: uidSchema })
type Query = z.output<typeof scimQuery>

function wantsMembers({ excludedAttributes }: Query): boolean {
  return !excludedAttributes
    .split(',')
    .some((name) => name.trim().toLowerCase().replace(/^.*:/, '') === 'members')
}

function noted(before: ScimGroup | undefined, after: ScimGroup, result: ScimResource): Changed<ScimResource> {
  const uids = (group: ScimGroup | undefined): string[] => group?.members.map(({ uid }) => uid) ?? []
  const [old, fresh] = [new Set(uids(before)), new Set(uids(after))]
  const detail = {
    displayName: after.displayName,
    added: [...fresh].filter((uid) => !old.has(uid)),
    removed: [...old].filter((uid) => !fresh.has(uid)),
  }
  const code = before === undefined ? 'A007I' : 'A008I'
  return { result, note: { code, resource: { kind: 'scim-groups', uid: after.uid }, detail } }
}

async function take(tx: OrgTransaction, group: ScimGroup, step: GroupStep): Promise<void> {
  switch (step.kind) {
    case 'rename': {
      const { displayName = group.displayName, externalId = group.externalId } = step
      return saveScimGroup(tx, { uid: group.uid, displayName, externalId: externalId ?? undefined })
    }
    case 'add':
      return addScimMembers(tx, group.uid, step.members)
    case 'remove':
      return removeScimMembers(tx, group.uid, step.members)
    case 'set': {
      const gone = group.members.map(({ uid }) => uid).filter((uid) => !step.members.includes(uid))
      await removeScimMembers(tx, group.uid, gone)
      return addScimMembers(tx, group.uid, step.members)
    }
  }
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
      path: '/scim/v2/Groups',
      summary: 'Groups of the identity provider, filtered',
      action: 'scim-groups:list',
      params: nothing,
      response: listSchema,
      handler: async ({ caller, query }) => {
        const filter = readFilter(query.filter)
        const slice = sliceOf(query)
        const { total, groups } = await changes.read(caller.orgUid, (tx) => listScimGroups(tx, filter, slice))
        const resources = groups.map((group) => groupResource(group, base, wantsMembers(query)))
        return listOf(resources, total, slice.offset + 1)
      },
    }),
    route({
      ...common,
      path: '/scim/v2/Groups/:id',
      summary: 'A group of the identity provider',
      action: 'scim-groups:read',
      params: byId,
      response: resourceSchema,
      handler: async ({ caller, params, query }) => {
        const group = await changes.read(caller.orgUid, (tx) => findScimGroup(tx, params.id))
        return groupResource(group, base, wantsMembers(query))
      },
    }),
  ]
}

function createRoute({ changes, provisioner, baseUrl: base }: ScimRouteDeps): Route {
  return route({
    method: 'post',
    path: '/scim/v2/Groups',
    summary: 'Provision a group',
    action: 'scim-groups:create',
    permission: provisioner,
    params: nothing,
    query: scimQuery,
    body: z.unknown(),
    status: 201,
    maxBodyBytes: 2_000_000,
    format: scimFormat,
    response: resourceSchema,
    handler: ({ body, trail, setHeader }) =>
      changes.change(trail, async (tx) => {
        const { displayName, externalId, members } = readGroup(body)
        const uid = await createScimGroup(tx, { displayName, externalId })
        if (members.length > 0) await addScimMembers(tx, uid, members)
        const group = await findScimGroup(tx, uid)
        setHeader('location', `${base}/Groups/${uid}`)
        return noted(undefined, group, groupResource(group, base, true))
      }),
  })
}

function changeRoutes({ changes, provisioner, baseUrl: base }: ScimRouteDeps): readonly Route[] {
  const common = {
    path: '/scim/v2/Groups/:id',
    action: 'scim-groups:write',
    permission: provisioner,
    params: byId,
    query: scimQuery,
    maxBodyBytes: 2_000_000,
    format: scimFormat,
    response: resourceSchema,
  } as const
  const run = async (
    tx: OrgTransaction,
    uid: string,
    steps: readonly GroupStep[],
  ): Promise<Changed<ScimResource>> => {
    const before = await findScimGroup(tx, uid)
    // Locks the group: two pushes at once do not mix.
    await saveScimGroup(tx, before)
    for (const step of steps) await take(tx, await findScimGroup(tx, uid), step)
    const after = await findScimGroup(tx, uid)
    return noted(before, after, groupResource(after, base, true))
  }
  return [
    route({
      ...common,
      method: 'put',
      summary: 'Replace a group',
      body: z.unknown(),
      handler: ({ params, body, trail }) =>
        changes.change(trail, (tx) => {
          const { displayName, externalId, members } = readGroup(body)
          const rename = { kind: 'rename', displayName, externalId: externalId ?? null } as const
          return run(tx, params.id, [rename, { kind: 'set', members }])
        }),
    }),
    route({
      ...common,
      method: 'patch',
      summary: 'Change a group: rename it, add and remove members',
      body: patchSchema,
      handler: ({ params, body, trail }) =>
        changes.change(trail, (tx) => run(tx, params.id, body.Operations.flatMap(groupSteps))),
    }),
  ]
}

function deleteRoute({ changes, provisioner }: ScimRouteDeps): Route {
  return route({
    method: 'delete',
    path: '/scim/v2/Groups/:id',
    summary: 'Delete a group; its members leave the teams that name it',
    action: 'scim-groups:delete',
    permission: provisioner,
    params: byId,
    query: scimQuery,
    body: nothing,
    status: 204,
    format: scimFormat,
    response: nothing,
    handler: ({ params, trail }) =>
      changes.change(trail, async (tx) => {
        const { displayName, members } = await findScimGroup(tx, params.id)
        await deleteScimGroup(tx, params.id)
        const detail = { displayName, added: [], removed: members.map(({ uid }) => uid) }
        return {
          result: {},
          note: { code: 'A009I', resource: { kind: 'scim-groups', uid: params.id }, detail },
        }
      }),
  })
}

/** `/scim/v2/Groups` (RFC 7644). */
export function scimGroupRoutes(deps: ScimRouteDeps): readonly Route[] {
  return [...readRoutes(deps), createRoute(deps), ...changeRoutes(deps), deleteRoute(deps)]
}
