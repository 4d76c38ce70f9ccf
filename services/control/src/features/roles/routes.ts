import { type Principal, type Resource, type Role, roleSchema, shippedRoles } from '@gatehouse/authz'
import { GatehouseError } from '@gatehouse/errors'
import { nothing, type Route, type RouteInput, route } from '@gatehouse/http'
import { deleteRole, keepingAdministrator, listRoles, type OrgTransaction, putRole } from '@gatehouse/store'
import { z } from 'zod'
import { deleteMatched, replaceMatched } from '../../change-matched.ts'
import { createOnce } from '../../create-once.ts'
import { found, type ManageDeps, ownOrg, visible } from '../../manage.ts'
import { pageOf, pageQuery, paginate } from '../../page.ts'
import { contentEtag } from '../../preconditions.ts'
import { requireHeld } from '../grants/holdings.ts'

const roleAnswerSchema = z.strictObject({
  name: z.string(),
  version: z.number(),
  description: z.string(),
  isShipped: z.boolean().describe('Comes with this release and cannot be changed'),
  permissions: z.array(z.strictObject({ action: z.string(), scope: z.string() })),
})
type RoleAnswer = z.output<typeof roleAnswerSchema>

const byName = z.strictObject({ name: roleSchema.shape.name })

function answerOf({ name, version, description, permissions }: Role): RoleAnswer {
  const isShipped = shippedRoles.some((role) => role.name === name)
  return { name, version, description, isShipped, permissions: permissions.map((one) => ({ ...one })) }
}

async function allRoles(tx: OrgTransaction): Promise<readonly Role[]> {
  const custom = await listRoles(tx)
  return [...shippedRoles, ...custom.filter(({ name }) => !shippedRoles.some((role) => role.name === name))]
}

async function loadRole(tx: OrgTransaction, name: string): Promise<Role> {
  return found(
    (await allRoles(tx)).find((role) => role.name === name),
    'role',
  )
}

function roleOf({ changes }: ManageDeps) {
  return async ({ orgUid }: Principal, { params }: RouteInput): Promise<Resource> => {
    const { name } = await changes.read(orgUid, (tx) => loadRole(tx, params['name'] ?? ''))
    return { kind: 'role', uid: name, orgUid }
  }
}

/** Whoever writes a role could hold it next, so it may give nothing that its writer does not hold in the whole org, for good. */
async function write(tx: OrgTransaction, principal: Principal, role: Role): Promise<void> {
  const now = Date.now()
  const place = await ownOrg(principal)
  await requireHeld(tx, { principal, now }, { role, place, constraints: [], expiresAt: undefined })
  await keepingAdministrator(tx, now, () => putRole(tx, role))
}

function listRoute({ permissions, policyOf, changes }: ManageDeps): Route {
  return route({
    method: 'get',
    path: '/api/v1/roles',
    summary: 'Roles I may see: those of the release and the org’s own',
    action: 'roles:list',
    permission: permissions.principal,
    params: nothing,
    query: z.strictObject(pageQuery),
    body: nothing,
    response: pageOf(roleAnswerSchema),
    handler: async ({ caller, query }) => {
      const { orgUid } = caller
      const resourceOf = ({ name }: Role): Resource => ({ kind: 'role', uid: name, orgUid })
      const all = await changes.read(orgUid, allRoles)
      const shown = await visible(all, { policyOf }, { caller, action: 'roles:read', resourceOf })
      const { items, next } = paginate(shown, ({ name }) => name, query)
      return { items: items.map(answerOf), next }
    },
  })
}

function createRoute({ permissions, changes }: ManageDeps): Route {
  return route({
    method: 'post',
    path: '/api/v1/roles',
    summary: 'Make a custom role of permissions one holds oneself',
    action: 'roles:create',
    permission: permissions.can('roles:create', ownOrg),
    params: nothing,
    query: nothing,
    body: roleSchema,
    status: 201,
    requestHeaders: ['idempotency-key'],
    response: roleAnswerSchema,
    handler: (call) =>
      createOnce(changes, call, {
        answer: roleAnswerSchema,
        work: async (tx) => {
          const result = answerOf(call.body)
          await refuseKnown(tx, call.body.name)
          await write(tx, call.caller, call.body)
          const resource = { kind: 'roles', uid: call.body.name }
          return { result, note: { code: 'A001I', resource, detail: { after: result } } }
        },
      }),
  })
}

async function refuseKnown(tx: OrgTransaction, name: string): Promise<void> {
  if ((await allRoles(tx)).some((role) => role.name === name))
    throw new GatehouseError('conflict', 'it exists already')
}

function readRoute(deps: ManageDeps): Route {
  return route({
    method: 'get',
    path: '/api/v1/roles/:name',
    summary: 'A role with its permissions',
    action: 'roles:read',
    permission: deps.permissions.can('roles:read', roleOf(deps)),
    params: byName,
    query: nothing,
    body: nothing,
    response: roleAnswerSchema,
    handler: async ({ caller, params, setHeader }) => {
      const answer = answerOf(await deps.changes.read(caller.orgUid, (tx) => loadRole(tx, params.name)))
      setHeader('etag', contentEtag(answer))
      return answer
    },
  })
}

function changeRoutes(deps: ManageDeps): readonly Route[] {
  const { permissions, changes } = deps
  const common = {
    path: '/api/v1/roles/:name',
    params: byName,
    query: nothing,
    requestHeaders: ['if-match'],
  } as const
  return [
    route({
      ...common,
      method: 'put',
      summary: 'Change a custom role; other permissions need a higher version',
      action: 'roles:write',
      permission: permissions.can('roles:write', roleOf(deps)),
      body: roleSchema.omit({ name: true }),
      response: roleAnswerSchema,
      handler: (call) => {
        const { name } = call.params
        return replaceMatched(changes, call, {
          code: 'A002I',
          resource: { kind: 'roles', uid: name },
          load: async (tx) => answerOf(await loadRole(tx, name)),
          work: async (tx) => {
            const role = { ...call.body, name }
            await write(tx, call.caller, role)
            return answerOf(role)
          },
        })
      },
    }),
    route({
      ...common,
      method: 'delete',
      summary: 'Delete a custom role that no grant names',
      action: 'roles:delete',
      permission: permissions.can('roles:delete', roleOf(deps)),
      body: nothing,
      response: nothing,
      handler: (call) => {
        const { name } = call.params
        return deleteMatched(changes, call, {
          code: 'A003I',
          resource: { kind: 'roles', uid: name },
          load: async (tx) => answerOf(await loadRole(tx, name)),
          work: async (tx) => {
            if (!(await deleteRole(tx, name)))
              throw new GatehouseError('conflict', `${name} is a role of this release`)
          },
        })
      },
    }),
  ]
}

/** `/api/v1/roles`: named sets of permissions. */
export function roleRoutes(deps: ManageDeps): readonly Route[] {
  return [listRoute(deps), createRoute(deps), readRoute(deps), ...changeRoutes(deps)]
}
