import { accessDocumentSchema, authorize, type Principal, type Resource } from '@gatehouse/authz'
import { GatehouseError } from '@gatehouse/errors'
import { nothing, type Route, type RouteInput, route } from '@gatehouse/http'
import {
  addMember,
  createGrant,
  createOrg,
  deleteOrg,
  isMemberOf,
  keepingAdministrator,
  listOrgUids,
  type ManagedOrg,
  type OrgTransaction,
  updateOrg,
} from '@gatehouse/store'
import { z } from 'zod'
import type { Changed } from '../../changes.ts'
import { deleteMatched, replaceMatched } from '../../change-matched.ts'
import { createOnce } from '../../create-once.ts'
import { found, type ManageDeps, nameSchema } from '../../manage.ts'
import { pageOf, pageQuery, paginate } from '../../page.ts'
import { contentEtag } from '../../preconditions.ts'
import { uidSchema } from '../folders/schemas.ts'
import { loadOrg, orgFor } from './resource.ts'

const declared = accessDocumentSchema.shape.orgs.element.shape
const settings = {
  name: nameSchema,
  issuers: z
    .array(z.url())
    .min(1)
    .max(50)
    .nullable()
    .default(null)
    .describe('OIDC issuers whose people may belong here; null for all'),
  tenants: declared.tenants.describe('Values of the tenant label that the org owns'),
}
const orgSchema = z.strictObject({
  uid: z.string(),
  name: z.string(),
  managed: z.enum(['files', 'api']).describe('Where its access is declared'),
  isPlatform: z.boolean(),
  issuers: z.array(z.string()).nullable(),
  tenants: z.array(z.string()),
})
type OrgAnswer = z.output<typeof orgSchema>
const newOrgSchema = z.strictObject({
  uid: uidSchema,
  ...settings,
  administrator: z
    .strictObject({ issuer: z.url(), subject: z.string().min(1).max(256), name: nameSchema.optional() })
    .describe('Its first administrator, by their OIDC identity'),
})
const byOrg = z.strictObject({ org: uidSchema })

function answerOf({ uid, name, managed, isPlatform, issuers, tenants }: ManagedOrg): OrgAnswer {
  return { uid, name, managed, isPlatform, issuers: issuers ? [...issuers] : null, tenants: [...tenants] }
}

/** The org about to be made; only the platform org may do something to an org other than one's own. */
function orgFromBody({ policyOf }: ManageDeps) {
  return async ({ orgUid }: Principal, { body }: RouteInput): Promise<Resource> => {
    const parsed = z.looseObject({ uid: uidSchema }).safeParse(body)
    const { isPlatform } = await policyOf(orgUid)
    if (!isPlatform) throw new GatehouseError('forbidden', 'only the platform org makes orgs')
    return { kind: 'org', uid: parsed.success ? parsed.data.uid : orgUid, orgUid }
  }
}

function listRoute({ permissions, policyOf, changes }: ManageDeps): Route {
  return route({
    method: 'get',
    path: '/api/v1/orgs',
    summary: 'Orgs I may see: my own, and for the platform’s operators all',
    action: 'orgs:list',
    permission: permissions.principal,
    params: nothing,
    query: z.strictObject(pageQuery),
    body: nothing,
    response: pageOf(orgSchema),
    handler: async ({ caller, query }) => {
      const { orgUid } = caller
      const policy = await policyOf(orgUid)
      const all = policy.isPlatform ? await changes.read(orgUid, listOrgUids) : [orgUid]
      const shown = all.filter((uid) => {
        const resource = { kind: 'org', uid, orgUid } as const
        return authorize(policy, { principal: caller, action: 'orgs:read', resource, now: Date.now() })
          .allowed
      })
      const { items, next } = paginate(shown, (uid) => uid, query)
      const orgs: OrgAnswer[] = []
      for (const uid of items) orgs.push(answerOf(await changes.read(uid, loadOrg)))
      return { items: orgs, next }
    },
  })
}

/**
 * Operators see no series: whoever is of the platform's org is made no administrator of another, by themself, a colleague or a service
 * account.
 */
async function refuseOperator(
  tx: OrgTransaction,
  person: z.output<typeof newOrgSchema>['administrator'],
  { orgUid, identity }: Principal,
): Promise<void> {
  const isCaller = identity?.issuer === person.issuer && identity.subject === person.subject
  if (isCaller || (await isMemberOf(tx, person, orgUid)))
    throw new GatehouseError('forbidden', 'nobody of the platform’s org is made administrator of another')
}

/** Nobody could administer an org without a first administrator, and operators hold nothing that they could grant. */
async function make(
  tx: OrgTransaction,
  body: z.output<typeof newOrgSchema>,
  caller: Principal,
): Promise<Changed<OrgAnswer>> {
  const { uid, name, issuers, tenants, administrator } = body
  await refuseOperator(tx, administrator, caller)
  await createOrg(tx, { name, issuers: issuers ?? undefined, tenants })
  const { issuer, subject } = administrator
  const user = await addMember(tx, { issuer, subject, name: administrator.name ?? subject })
  await createGrant(tx, {
    subject: { kind: 'user', uid: user },
    role: 'org-admin',
    where: { kind: 'org' },
    constraints: [],
    notBefore: undefined,
    expiresAt: undefined,
    reason: 'first administrator',
  })
  const result = answerOf(await loadOrg(tx))
  const detail = { after: result, administrator: user }
  return { result, note: { code: 'A013I', resource: { kind: 'orgs', uid }, detail } }
}

function createRoute(deps: ManageDeps): Route {
  return route({
    method: 'post',
    path: '/api/v1/orgs',
    summary: 'Make an org with its first administrator',
    action: 'orgs:create',
    permission: deps.permissions.can('orgs:create', orgFromBody(deps)),
    params: nothing,
    query: nothing,
    body: newOrgSchema,
    status: 201,
    response: orgSchema,
    requestHeaders: ['idempotency-key'],
    handler: (call) =>
      createOnce(deps.changes, call, {
        answer: orgSchema,
        orgUid: call.body.uid,
        work: (tx) => make(tx, call.body, call.caller),
      }),
  })
}

function readRoute(deps: ManageDeps): Route {
  return route({
    method: 'get',
    path: '/api/v1/orgs/:org',
    summary: 'An org with its tenants',
    action: 'orgs:read',
    permission: deps.permissions.can('orgs:read', orgFor(deps, 'orgs:read')),
    params: byOrg,
    query: nothing,
    body: nothing,
    response: orgSchema,
    handler: async ({ params, setHeader }) => {
      const answer = answerOf(await deps.changes.read(params.org, loadOrg))
      setHeader('etag', contentEtag(answer))
      return answer
    },
  })
}

function changeRoutes(deps: ManageDeps): readonly Route[] {
  const { permissions, changes } = deps
  const common = {
    path: '/api/v1/orgs/:org',
    params: byOrg,
    query: nothing,
    requestHeaders: ['if-match'],
  } as const
  return [
    route({
      ...common,
      method: 'put',
      summary: 'Change an org and its tenants',
      action: 'orgs:write',
      permission: permissions.can('orgs:write', orgFor(deps, 'orgs:write')),
      body: z.strictObject(settings),
      response: orgSchema,
      handler: (call) => {
        const { org } = call.params
        return replaceMatched(changes, call, {
          orgUid: org,
          code: 'A014I',
          resource: { kind: 'orgs', uid: org },
          load: async (tx) => answerOf(await loadOrg(tx)),
          work: async (tx) => {
            const settings = { ...call.body, issuers: call.body.issuers ?? undefined }
            await keepingAdministrator(tx, Date.now(), () => updateOrg(tx, settings))
            return answerOf(await loadOrg(tx))
          },
        })
      },
    }),
    route({
      ...common,
      method: 'delete',
      summary: 'Delete an org with everything in it but its audit log',
      action: 'orgs:delete',
      permission: permissions.can('orgs:delete', orgFor(deps, 'orgs:delete')),
      body: nothing,
      response: nothing,
      handler: (call) => {
        const { org } = call.params
        found(org === call.caller.orgUid ? undefined : org, 'other org')
        return deleteMatched(changes, call, {
          orgUid: org,
          code: 'A015I',
          resource: { kind: 'orgs', uid: org },
          load: async (tx) => answerOf(await loadOrg(tx)),
          work: deleteOrg,
        })
      },
    }),
  ]
}

/** `/api/v1/orgs`: the platform org manages the others. */
export function orgRoutes(deps: ManageDeps): readonly Route[] {
  return [listRoute(deps), createRoute(deps), readRoute(deps), ...changeRoutes(deps)]
}
