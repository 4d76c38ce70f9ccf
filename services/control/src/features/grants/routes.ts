import type { Grant, Principal, Resource } from '@gatehouse/authz'
import { GatehouseError } from '@gatehouse/errors'
import { nothing, type Route, type RouteInput, route, type Trail } from '@gatehouse/http'
import {
  createGrant,
  deleteGrant,
  keepingAdministrator,
  listGrants,
  type OrgTransaction,
  readSnapshot,
} from '@gatehouse/store'
import { z } from 'zod'
import type { Changed } from '../../changes.ts'
import { createOnce } from '../../create-once.ts'
import { byUid, found, type ManageDeps, visible } from '../../manage.ts'
import { pageOf, pageQuery, paginate } from '../../page.ts'
import { uidSchema } from '../folders/schemas.ts'
import { selectorOf } from '../me/words.ts'
import { type Giver, placeOf, requireHeld } from './holdings.ts'
import { grantSchema, newGrantSchema, subjectSchema, whereSchema } from './schemas.ts'

type GrantAnswer = z.output<typeof grantSchema>

function isoOf(time: number | undefined): string | null {
  return time === undefined ? null : new Date(time).toISOString()
}

function stateOf({ notBefore, expiresAt }: Grant, now: number): GrantAnswer['state'] {
  if (expiresAt !== undefined && expiresAt <= now) return 'ended'
  return notBefore !== undefined && notBefore > now ? 'not yet' : 'in force'
}

/** A grant as an answer. */
export function answerOfGrant(grant: Grant): GrantAnswer {
  const { uid, subject, role, where, constraints, notBefore, expiresAt, reason } = grant
  return {
    uid,
    subject: { ...subject },
    role,
    where: { ...where },
    constraints: constraints.map(selectorOf),
    notBefore: isoOf(notBefore),
    expiresAt: isoOf(expiresAt),
    reason,
    state: stateOf(grant, Date.now()),
  }
}

async function loadGrant(tx: OrgTransaction, uid: string): Promise<Grant> {
  return found(
    (await listGrants(tx)).find((grant) => grant.uid === uid),
    'grant',
  )
}

function grantOf({ changes }: ManageDeps) {
  return async ({ orgUid }: Principal, { params }: RouteInput): Promise<Resource> => {
    const { uid } = await changes.read(orgUid, (tx) => loadGrant(tx, params['uid'] ?? ''))
    return { kind: 'grant', uid, orgUid }
  }
}

/** The body says where the grant is to hold; that is what one must be allowed to grant on. Who is refused is told with what for. */
function placeFromBody({ changes }: ManageDeps) {
  return async ({ orgUid }: Principal, { body }: RouteInput, trail: Trail): Promise<Resource> => {
    const wanted = newGrantSchema.safeParse(body)
    if (wanted.success) {
      const { subject, role, where, constraints } = wanted.data
      trail.detail = { asked: { subject, role, where, constraints } }
    }
    const parsed = z.looseObject({ where: whereSchema }).safeParse(body)
    if (!parsed.success) throw new GatehouseError('bad_data', 'body.where: says where the grant is to hold')
    return changes.read(orgUid, (tx) => placeOf(tx, parsed.data.where))
  }
}

function placeText(where: Grant['where']): string {
  return where.kind === 'org' ? 'org' : `${where.kind}:${where.uid}`
}

function listRoute({ permissions, policyOf, changes }: ManageDeps): Route {
  return route({
    method: 'get',
    path: '/api/v1/grants',
    summary: 'Grants I may see, in force or not',
    action: 'grants:list',
    permission: permissions.principal,
    params: nothing,
    query: z.strictObject({
      ...pageQuery,
      subject: uidSchema.optional().describe('Only those to this user, team or service account'),
      kind: subjectSchema.shape.kind.optional(),
      role: z.string().max(63).optional(),
      place: z
        .string()
        .regex(/^(org|(folder|data-source|dashboard|team):[A-Za-z0-9][A-Za-z0-9_-]{0,62})$/)
        .optional()
        .describe('Only those that hold just there: org, or kind and uid such as folder:ops'),
    }),
    body: nothing,
    response: pageOf(grantSchema),
    handler: async ({ caller, query }) => {
      const { orgUid } = caller
      const all = (await changes.read(orgUid, listGrants)).filter(
        ({ subject, role, where }) =>
          (query.place ?? placeText(where)) === placeText(where) &&
          (query.subject ?? subject.uid) === subject.uid &&
          (query.kind ?? subject.kind) === subject.kind &&
          (query.role ?? role) === role,
      )
      const shown = await visible(
        all,
        { policyOf },
        { caller, action: 'grants:read', resourceOf: ({ uid }) => ({ kind: 'grant', uid, orgUid }) },
      )
      const { items, next } = paginate(shown, ({ uid }) => uid, query)
      return { items: items.map(answerOfGrant), next }
    },
  })
}

async function make(
  tx: OrgTransaction,
  giver: Giver,
  body: z.output<typeof newGrantSchema>,
): Promise<Changed<GrantAnswer>> {
  const { role: roleName, where, constraints } = body
  const [notBefore, expiresAt] = [body.notBefore, body.expiresAt].map((time) =>
    time === undefined ? undefined : Date.parse(time),
  )
  const { policy } = await readSnapshot(tx)
  const role = policy.roles.find(({ name }) => name === roleName)
  if (role === undefined) throw new GatehouseError('bad_data', `there is no role ${roleName}`)
  await requireHeld(tx, giver, { role, place: await placeOf(tx, where), constraints, expiresAt })
  const uid = await createGrant(tx, { ...body, notBefore, expiresAt })
  const result = answerOfGrant(await loadGrant(tx, uid))
  return { result, note: { code: 'A004I', resource: { kind: 'grants', uid }, detail: { after: result } } }
}

function createRoute(deps: ManageDeps): Route {
  const { permissions, changes } = deps
  return route({
    method: 'post',
    path: '/api/v1/grants',
    summary: 'Grant a role; never more than one holds oneself',
    action: 'grants:create',
    permission: permissions.can('grants:create', placeFromBody(deps)),
    params: nothing,
    query: nothing,
    body: newGrantSchema,
    status: 201,
    requestHeaders: ['idempotency-key'],
    response: grantSchema,
    handler: (call) =>
      createOnce(changes, call, {
        answer: grantSchema,
        work: (tx) => make(tx, { principal: call.caller, now: Date.now() }, call.body),
      }),
  })
}

function oneRoutes(deps: ManageDeps): readonly Route[] {
  const { permissions, changes } = deps
  const common = { path: '/api/v1/grants/:uid', params: byUid, query: nothing, body: nothing } as const
  return [
    route({
      ...common,
      method: 'get',
      summary: 'A grant',
      action: 'grants:read',
      permission: permissions.can('grants:read', grantOf(deps)),
      response: grantSchema,
      handler: async ({ caller, params }) =>
        answerOfGrant(await changes.read(caller.orgUid, (tx) => loadGrant(tx, params.uid))),
    }),
    route({
      ...common,
      method: 'delete',
      summary: 'Revoke a grant; the last one that makes an administrator stays',
      action: 'grants:delete',
      permission: permissions.can('grants:delete', grantOf(deps)),
      response: nothing,
      handler: ({ params, trail }) =>
        changes.change(trail, async (tx) => {
          const before = answerOfGrant(await loadGrant(tx, params.uid))
          await keepingAdministrator(tx, Date.now(), () => deleteGrant(tx, params.uid))
          const resource = { kind: 'grants', uid: params.uid }
          return { result: {}, note: { code: 'A006I', resource, detail: { before } } }
        }),
    }),
  ]
}

/** `/api/v1/grants`: who has which role where. A grant never changes; revoke it and make another. */
export function grantRoutes(deps: ManageDeps): readonly Route[] {
  return [listRoute(deps), createRoute(deps), ...oneRoutes(deps)]
}
