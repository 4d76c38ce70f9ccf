import { authorize, type OrgPolicy, type Principal } from '@gatehouse/authz'
import { GatehouseError } from '@gatehouse/errors'
import { nothing, type Route, route } from '@gatehouse/http'
import {
  addNotice,
  type BreakGlass,
  closeBreakGlass,
  countGrantUses,
  listBreakGlass,
  listNoticesAbout,
  lockBreakGlass,
  mayGrantWithout,
  type NoticeState,
  openBreakGlass,
  type OrgTransaction,
  reviewBreakGlass,
} from '@gatehouse/store'
import { z } from 'zod'
import type { Changed } from '../../changes.ts'
import { createOnce } from '../../create-once.ts'
import { type NoticeContent, noticesFor } from '../../notices/compose.ts'
import { loadPlace, placeSchema } from '../access-requests/place.ts'
import type { AccessRequestRouteDeps } from '../access-requests/routes.ts'
import { orgResource } from '../folders/resource.ts'
import { newestFirst, pageOf, pageQuery } from '../../page.ts'
import { uidSchema } from '../folders/schemas.ts'

const hourMs = 3_600_000
const byUid = z.strictObject({ uid: uidSchema })
const accessSchema = z.strictObject({
  uid: z.string(),
  openedBy: z.string(),
  where: placeSchema,
  reason: z.string(),
  grantUid: z.string(),
  openedAt: z.string(),
  expiresAt: z.string(),
  closedAt: z.string().nullable(),
  reviewedBy: z.string().nullable(),
  reviewedAt: z.string().nullable(),
  reviewNote: z.string(),
  isOpen: z.boolean().describe('Whether it still gives anything'),
})
type Answer = z.output<typeof accessSchema>
const noticeSchema = z.strictObject({
  channel: z.enum(['email', 'webhook']),
  attempts: z.number(),
  deliveredAt: z.string().nullable(),
  lastError: z.string().nullable().describe('Why the last attempt failed'),
  nextAttemptAt: z.string().nullable().describe('Null once it is delivered, or given up after three days'),
})

function timeOf(ms: number | undefined): string | null {
  return ms === undefined ? null : new Date(ms).toISOString()
}

function answerOf(access: BreakGlass): Answer {
  const { openedAt, expiresAt, closedAt, reviewedAt, reviewedBy, where, ...rest } = access
  return {
    ...rest,
    where: { ...where },
    openedAt: new Date(openedAt).toISOString(),
    expiresAt: new Date(expiresAt).toISOString(),
    closedAt: timeOf(closedAt),
    reviewedBy: reviewedBy ?? null,
    reviewedAt: timeOf(reviewedAt),
    isOpen: closedAt === undefined && expiresAt > Date.now(),
  }
}

function noticeOf(notice: NoticeState): z.output<typeof noticeSchema> {
  const { channel, attempts, deliveredAt, lastError, nextAttemptAt } = notice
  return {
    channel,
    attempts,
    deliveredAt: timeOf(deliveredAt),
    lastError: deliveredAt === undefined ? (lastError ?? null) : null,
    nextAttemptAt: timeOf(nextAttemptAt),
  }
}

function noted(code: 'X001I' | 'X002I' | 'X004I', access: BreakGlass): Changed<Answer> {
  const detail = answerOf(access)
  return {
    result: detail,
    note: { code, resource: { kind: 'break-glass', uid: access.uid }, detail: { ...detail } },
  }
}

function told(kind: NoticeContent['kind'], caller: Principal, access: BreakGlass): NoticeContent {
  const { where, reason, uid, openedAt, expiresAt } = access
  const place = `${where.kind} ${where.uid} of ${caller.orgUid}`
  const isOpening = kind === 'break-glass-opened'
  return {
    kind,
    orgUid: caller.orgUid,
    subject: `Break-glass access ${isOpening ? 'opened' : 'closed'}: ${place}`,
    text:
      `${caller.name} (${caller.uid}) ${isOpening ? 'opened' : 'closed'} break-glass access to ${place}.\n` +
      `Reason: ${reason}\nFrom ${timeOf(openedAt)} to ${timeOf(expiresAt)}.\n` +
      `Look at what is done with it, and review it as ${uid}.\n`,
    facts: answerOf(access),
  }
}

function checkMay(policy: OrgPolicy, question: Omit<Parameters<typeof authorize>[1], 'now'>): void {
  const decision = authorize(policy, { ...question, now: Date.now() })
  if (!decision.allowed) throw new GatehouseError('forbidden', decision.reason)
}

function openRoute({
  permissions,
  policyOf,
  changes,
  notifications,
  wakeNotices,
}: AccessRequestRouteDeps): Route {
  return route({
    method: 'post',
    path: '/api/v1/access/break-glass',
    summary: 'Open reading somewhere for hours in an emergency; the data owner is told at once',
    action: 'break-glass:open',
    permission: permissions.principal,
    params: nothing,
    query: nothing,
    body: z.strictObject({
      where: placeSchema,
      hours: z.number().positive().max(8),
      reason: z.string().trim().min(10).max(500),
    }),
    status: 201,
    requestHeaders: ['idempotency-key'],
    response: accessSchema,
    handler: async (call) => {
      const { caller, body } = call
      if (caller.kind !== 'user') throw new GatehouseError('forbidden', 'only people open break-glass access')
      const policy = await policyOf(caller.orgUid)
      const work = async (tx: OrgTransaction): Promise<Changed<Answer>> => {
        const resource = await loadPlace(tx, policy, body.where)
        checkMay(policy, { principal: caller, action: 'access:breakglass', resource })
        const expiresAt = Date.now() + body.hours * hourMs
        const { where, reason } = body
        const access = await openBreakGlass(tx, { openedBy: caller.uid, where, reason, expiresAt })
        const notices = noticesFor(notifications, told('break-glass-opened', caller, access))
        if (notices.length === 0)
          throw new GatehouseError('conflict', 'nobody would be told: no data owner of the org is configured')
        for (const notice of notices) await addNotice(tx, notice)
        return noted('X001I', access)
      }
      const answer = await createOnce(changes, call, { answer: accessSchema, work })
      wakeNotices()
      return answer
    },
  })
}

function listRoute({ permissions, changes }: AccessRequestRouteDeps): Route {
  return route({
    method: 'get',
    path: '/api/v1/access/break-glass',
    summary: 'Break-glass accesses, by default those nobody reviewed yet, with how much they were used',
    action: 'break-glass:list',
    permission: permissions.can('access:explain', (principal) => Promise.resolve(orgResource(principal))),
    params: nothing,
    query: z.strictObject({ ...pageQuery, reviewed: z.enum(['no', 'all']).default('no') }),
    body: nothing,
    response: pageOf(
      accessSchema.extend({
        requests: z.number().describe('Requests it allowed'),
        notices: z.array(noticeSchema).describe('How far the data owner was told'),
      }),
    ),
    handler: ({ caller, query }) =>
      changes.read(caller.orgUid, async (tx) => {
        const all = await listBreakGlass(tx, query.reviewed === 'no')
        const keyOf = ({ openedAt, uid }: BreakGlass) => [new Date(openedAt).toISOString(), uid]
        const page = newestFirst(all, keyOf, query)
        const items = []
        for (const access of page.items) {
          const requests = await countGrantUses(tx, access.grantUid, access.openedAt)
          const notices = (await listNoticesAbout(tx, access.uid)).map(noticeOf)
          items.push({ ...answerOf(access), requests, notices })
        }
        return { items, next: page.next }
      }),
  })
}

function closeRoute({
  permissions,
  policyOf,
  changes,
  notifications,
  wakeNotices,
}: AccessRequestRouteDeps): Route {
  return route({
    method: 'post',
    path: '/api/v1/access/break-glass/:uid/close',
    summary: 'End a break-glass access before its time: mine, or any if I may revoke grants',
    action: 'break-glass:close',
    permission: permissions.principal,
    params: byUid,
    query: nothing,
    body: nothing,
    response: accessSchema,
    handler: async ({ caller, params, trail }) => {
      const policy = await policyOf(caller.orgUid)
      const answer = await changes.change(trail, async (tx) => {
        const access = await lockBreakGlass(tx, params.uid)
        const resource = { kind: 'grant', uid: access.grantUid, orgUid: caller.orgUid } as const
        const question = { principal: caller, action: 'grants:delete', resource, now: Date.now() } as const
        if (access.openedBy !== caller.uid && !authorize(policy, question).allowed)
          throw new GatehouseError('not_found', 'there is no such break-glass access')
        const closed = await closeBreakGlass(tx, access)
        for (const notice of noticesFor(notifications, told('break-glass-closed', caller, closed)))
          await addNotice(tx, notice)
        return noted('X002I', closed)
      })
      wakeNotices()
      return answer
    },
  })
}

function reviewRoute({ permissions, changes }: AccessRequestRouteDeps): Route {
  return route({
    method: 'post',
    path: '/api/v1/access/break-glass/:uid/review',
    summary: 'Say that I looked at what somebody else did with a break-glass access',
    action: 'break-glass:review',
    permission: permissions.can('grants:create', (principal) => Promise.resolve(orgResource(principal))),
    params: byUid,
    query: nothing,
    body: z.strictObject({ note: z.string().trim().min(1).max(500) }),
    response: accessSchema,
    handler: ({ caller, params, body, trail }) => {
      // Whoever has its token is an account of a machine; nobody can say that this one looked.
      if (caller.kind !== 'user')
        throw new GatehouseError('forbidden', 'only people review break-glass access')
      return changes.change(trail, async (tx) => {
        const access = await lockBreakGlass(tx, params.uid)
        if (access.openedBy === caller.uid)
          throw new GatehouseError('forbidden', 'somebody else reviews what you opened')
        if (!(await mayGrantWithout(tx, caller, access.openedBy, Date.now())))
          throw new GatehouseError(
            'forbidden',
            'who opened it gave you the right to review: somebody else reviews it',
          )
        return noted('X004I', await reviewBreakGlass(tx, access.uid, { by: caller.uid, note: body.note }))
      })
    },
  })
}

/** `/api/v1/access/break-glass`: reading in an emergency, told at once, listed until reviewed. */
export function breakGlassRoutes(deps: AccessRequestRouteDeps): readonly Route[] {
  return [openRoute(deps), listRoute(deps), closeRoute(deps), reviewRoute(deps)]
}
