import { type OrgPolicy, parseConstraint } from '@gatehouse/authz'
import type { NotificationsConfig } from '@gatehouse/config'
import { GatehouseError, isGatehouseError } from '@gatehouse/errors'
import { nothing, type Permissions, type Route, route } from '@gatehouse/http'
import type { RecognisedUser } from '@gatehouse/identity'
import {
  type AccessRequest,
  addNotice,
  createAccessRequest,
  createTemporaryGrant,
  decideAccessRequest,
  listAccessRequests,
  lockAccessRequest,
  type OrgTransaction,
} from '@gatehouse/store'
import { z } from 'zod'
import type { Changed, Changes } from '../../changes.ts'
import { createOnce } from '../../create-once.ts'
import { noticesFor } from '../../notices/compose.ts'
import { newestFirst, pageOf, pageQuery } from '../../page.ts'
import { uidSchema } from '../folders/schemas.ts'
import { checkDecider, checkHeld, mayDecide } from './decide.ts'
import { placeSchema } from './place.ts'

export interface AccessRequestRouteDeps {
  readonly permissions: Permissions<RecognisedUser>
  readonly policyOf: (orgUid: string) => Promise<OrgPolicy>
  readonly changes: Changes
  readonly notifications: NotificationsConfig
  /** Called after notices were added. */
  readonly wakeNotices: () => void
}

const hourMs = 3_600_000
const maxHours = 90 * 24
const byUid = z.strictObject({ uid: uidSchema })
const reason = z.string().trim().min(1).max(500)
const note = z.string().trim().max(500).default('')
const hours = z.number().positive().max(maxHours)

const requestSchema = z.strictObject({
  uid: z.string(),
  userUid: z.string(),
  role: z.string(),
  where: placeSchema,
  hours: z.number(),
  reason: z.string(),
  status: z.enum(['pending', 'approved', 'denied', 'withdrawn']),
  createdAt: z.string(),
  decidedBy: z.string().nullable(),
  decidedAt: z.string().nullable(),
  note: z.string(),
  grantUid: z.string().nullable(),
})
type Answer = z.output<typeof requestSchema>

const constraint = z.string().superRefine((value, context) => {
  try {
    parseConstraint(value)
  } catch (error) {
    if (!isGatehouseError(error)) throw error
    context.addIssue({ code: 'custom', message: error.message, input: value })
  }
})

function answerOf(request: AccessRequest): Answer {
  const { lasts, createdAt, decidedAt, decidedBy, grantUid, where, ...rest } = request
  return {
    ...rest,
    where: { ...where },
    hours: lasts / hourMs,
    createdAt: new Date(createdAt).toISOString(),
    decidedBy: decidedBy ?? null,
    decidedAt: decidedAt === undefined ? null : new Date(decidedAt).toISOString(),
    grantUid: grantUid ?? null,
  }
}

function noted(
  code: 'A023I' | 'A024I' | 'A025I' | 'A026I',
  request: AccessRequest,
  more: Record<string, unknown> = {},
): Changed<Answer> {
  const { role, where, lasts, userUid, reason: why, grantUid = null } = request
  const detail = {
    userUid,
    role,
    where,
    hours: lasts / hourMs,
    reason: why,
    grantUid,
    note: request.note,
    ...more,
  }
  return {
    result: answerOf(request),
    note: { code, resource: { kind: 'access-requests', uid: request.uid }, detail },
  }
}

function createRoute({ permissions, changes, notifications, wakeNotices }: AccessRequestRouteDeps): Route {
  return route({
    method: 'post',
    path: '/api/v1/access/requests',
    summary: 'Ask for a role somewhere, for a time, with a reason',
    action: 'access-requests:create',
    permission: permissions.principal,
    params: nothing,
    query: nothing,
    body: z.strictObject({
      role: z.string().regex(/^[a-z][a-z0-9-]{0,62}$/),
      where: placeSchema,
      hours,
      reason,
    }),
    status: 201,
    requestHeaders: ['idempotency-key'],
    response: requestSchema,
    handler: async (call) => {
      const { caller, body } = call
      if (caller.kind !== 'user') throw new GatehouseError('forbidden', 'only people ask for access')
      const { role, where, reason: why } = body
      const work = async (tx: OrgTransaction): Promise<Changed<Answer>> => {
        const asked = { userUid: caller.uid, role, where, lasts: body.hours * hourMs, reason: why }
        const request = await createAccessRequest(tx, asked)
        const { orgUid } = caller
        const place = `${where.kind} ${where.uid}`
        for (const notice of noticesFor(notifications, {
          kind: 'access-requested',
          orgUid,
          subject: `Access requested in ${orgUid}: ${role} on ${place}`,
          text: `${caller.name} asks for the role ${role} on ${place} for ${body.hours} hours.\nReason: ${why}\nRequest: ${request.uid}\n`,
          facts: answerOf(request),
        }))
          await addNotice(tx, notice)
        return noted('A023I', request)
      }
      const answer = await createOnce(changes, call, { answer: requestSchema, work })
      wakeNotices()
      return answer
    },
  })
}

function listRoute({ permissions, policyOf, changes }: AccessRequestRouteDeps): Route {
  return route({
    method: 'get',
    path: '/api/v1/access/requests',
    summary: 'My requests, and those I may decide',
    action: 'access-requests:list',
    permission: permissions.principal,
    params: nothing,
    query: z.strictObject({ ...pageQuery, status: requestSchema.shape.status.optional() }),
    body: nothing,
    response: pageOf(requestSchema.extend({ mayDecide: z.boolean().describe('Whether I may decide it') })),
    handler: async ({ caller, query }) => {
      const policy = await policyOf(caller.orgUid)
      const decider = { policy, principal: caller, now: Date.now() }
      return changes.read(caller.orgUid, async (tx) => {
        const items = []
        for (const request of await listAccessRequests(tx, query.status)) {
          const isDecider = await mayDecide(tx, decider, request)
          if (isDecider || request.userUid === caller.uid)
            items.push({ ...answerOf(request), mayDecide: isDecider && request.status === 'pending' })
        }
        return newestFirst(items, ({ createdAt, uid }) => [createdAt, uid], query)
      })
    },
  })
}

function approveRoute({ permissions, policyOf, changes }: AccessRequestRouteDeps): Route {
  return route({
    method: 'post',
    path: '/api/v1/access/requests/:uid/approve',
    summary: 'Grant what is asked, or less of it; never more than I hold myself',
    action: 'access-requests:approve',
    permission: permissions.principal,
    params: byUid,
    query: nothing,
    body: z.strictObject({
      hours: hours.optional().describe('At most what was asked, which is the default'),
      constraints: z.array(constraint).max(20).default([]).describe('Only series of any of these selectors'),
      note,
    }),
    response: requestSchema,
    handler: async ({ caller, params, body, trail }) => {
      const policy = await policyOf(caller.orgUid)
      const now = Date.now()
      const decider = { policy, principal: caller, now }
      return changes.change(trail, async (tx) => {
        const request = await lockAccessRequest(tx, params.uid)
        await checkDecider(tx, decider, request)
        const expiresAt = now + Math.min(request.lasts, (body.hours ?? maxHours) * hourMs)
        const constraints = body.constraints.map(parseConstraint)
        await checkHeld(tx, decider, request, { constraints, expiresAt })
        const { userUid, role, where, reason: why } = request
        const grantUid = await createTemporaryGrant(tx, {
          origin: 'request',
          subject: { kind: 'user', uid: userUid },
          role,
          where: where.kind === 'org' ? { kind: 'org' } : { kind: where.kind, uid: where.uid },
          constraints: body.constraints,
          notBefore: undefined,
          expiresAt,
          reason: why,
        })
        const decision = { status: 'approved', by: caller.uid, note: body.note, grantUid } as const
        const decided = await decideAccessRequest(tx, request.uid, decision)
        const ends = new Date(expiresAt).toISOString()
        return noted('A024I', decided, { expiresAt: ends, constraints: body.constraints })
      })
    },
  })
}

function denyRoute({ permissions, policyOf, changes }: AccessRequestRouteDeps): Route {
  return route({
    method: 'post',
    path: '/api/v1/access/requests/:uid/deny',
    summary: 'Turn a request down',
    action: 'access-requests:deny',
    permission: permissions.principal,
    params: byUid,
    query: nothing,
    body: z.strictObject({ note }),
    response: requestSchema,
    handler: async ({ caller, params, body, trail }) => {
      const policy = await policyOf(caller.orgUid)
      return changes.change(trail, async (tx) => {
        const request = await lockAccessRequest(tx, params.uid)
        await checkDecider(tx, { policy, principal: caller, now: Date.now() }, request)
        const decision = { status: 'denied', by: caller.uid, note: body.note } as const
        return noted('A025I', await decideAccessRequest(tx, request.uid, decision))
      })
    },
  })
}

function withdrawRoute({ permissions, changes }: AccessRequestRouteDeps): Route {
  return route({
    method: 'delete',
    path: '/api/v1/access/requests/:uid',
    summary: 'Withdraw a request of mine',
    action: 'access-requests:withdraw',
    permission: permissions.principal,
    params: byUid,
    query: nothing,
    body: nothing,
    response: requestSchema,
    handler: ({ caller, params, trail }) =>
      changes.change(trail, async (tx) => {
        const request = await lockAccessRequest(tx, params.uid)
        if (request.userUid !== caller.uid) throw new GatehouseError('not_found', 'there is no such request')
        const decision = { status: 'withdrawn', by: caller.uid, note: '' } as const
        return noted('A026I', await decideAccessRequest(tx, request.uid, decision))
      }),
  })
}

/** `/api/v1/access/requests`: asking for access, and deciding on it. */
export function accessRequestRoutes(deps: AccessRequestRouteDeps): readonly Route[] {
  return [createRoute(deps), listRoute(deps), approveRoute(deps), denyRoute(deps), withdrawRoute(deps)]
}
