import { notHeld, type OrgPolicy } from '@gatehouse/authz'
import { GatehouseError } from '@gatehouse/errors'
import { nothing, type Route, route } from '@gatehouse/http'
import { hashSecret, newServiceAccountToken } from '@gatehouse/identity'
import {
  createShareLink,
  deleteShareLink,
  isPublicSharingAllowed,
  listShareLinks,
  type OrgTransaction,
  setPublicSharing,
  type ShareLink,
} from '@gatehouse/store'
import { z } from 'zod'
import { replaceMatched } from '../../change-matched.ts'
import type { Changed } from '../../changes.ts'
import { createOnce } from '../../create-once.ts'
import { newestFirst, pageOf, pageQuery } from '../../page.ts'
import { contentEtag } from '../../preconditions.ts'
import { orgResource } from '../folders/resource.ts'
import { uidSchema } from '../folders/schemas.ts'
import { dashboardOf, dashboardResource, type DashboardRouteDeps, loadDashboard } from './resource.ts'

const dayMs = 86_400_000
const byUid = z.strictObject({ uid: uidSchema })
const linkSchema = z.strictObject({
  uid: z.string(),
  dashboardUid: z.string(),
  reason: z.string(),
  createdAt: z.string(),
  expiresAt: z.string(),
})
const newLinkAnswer = linkSchema.extend({ token: z.string() })
const newLinkSchema = z.strictObject({
  days: z.number().positive().max(30).describe('How long it works'),
  reason: z.string().trim().min(1).max(300),
})

function answerOf({ createdAt, expiresAt, ...rest }: ShareLink): z.output<typeof linkSchema> {
  return {
    ...rest,
    createdAt: new Date(createdAt).toISOString(),
    expiresAt: new Date(expiresAt).toISOString(),
  }
}

type Giver = Parameters<typeof notHeld>[1]

function checkHolds(
  policy: OrgPolicy,
  giver: Giver,
  place: ReturnType<typeof dashboardResource>,
  expiresAt: number,
): void {
  const role = { permissions: [{ action: 'dashboards:read', scope: '*' }] } as const
  if (notHeld(policy, giver, { role, place, constraints: [], expiresAt }).length > 0)
    throw new GatehouseError('forbidden', 'you cannot share what you may not open for as long yourself')
}

function createRoute({ permissions, policyOf, changes }: DashboardRouteDeps): Route {
  return route({
    method: 'post',
    path: '/api/v1/dashboards/:uid/share-links',
    summary: 'Make a link that opens this dashboard without signing in; the token is shown once',
    action: 'share-links:create',
    permission: permissions.can('grants:create', dashboardOf(changes)),
    params: byUid,
    query: nothing,
    body: newLinkSchema,
    status: 201,
    requestHeaders: ['idempotency-key'],
    response: newLinkAnswer,
    handler: async (call) => {
      const { caller, params, body } = call
      const policy = await policyOf(caller.orgUid)
      const token = newServiceAccountToken()
      const now = Date.now()
      const expiresAt = now + Math.round(body.days * dayMs)
      const work = async (tx: OrgTransaction): Promise<Changed<z.output<typeof newLinkAnswer>>> => {
        const dashboard = await loadDashboard(tx, params.uid)
        checkHolds(policy, { principal: caller, now }, dashboardResource(dashboard), expiresAt)
        const link = await createShareLink(tx, {
          dashboardUid: dashboard.uid,
          title: dashboard.title,
          reason: `${body.reason} (${caller.kind} ${caller.uid})`,
          expiresAt,
          prefix: token.slice(0, 16),
          hash: hashSecret(token),
        })
        const detail = { ...answerOf(link) }
        const note = { code: 'A004I', resource: { kind: 'share-links', uid: link.uid }, detail } as const
        return { result: { ...answerOf(link), token }, note }
      }
      return createOnce(changes, call, { answer: newLinkAnswer, isSecret: true, work })
    },
  })
}

function listRoute({ permissions, changes }: DashboardRouteDeps): Route {
  return route({
    method: 'get',
    path: '/api/v1/dashboards/:uid/share-links',
    summary: 'Links to this dashboard that still work',
    action: 'share-links:list',
    permission: permissions.can('grants:create', dashboardOf(changes)),
    params: byUid,
    query: z.strictObject(pageQuery),
    body: nothing,
    response: pageOf(linkSchema),
    handler: async ({ caller, params, query }) => {
      const links = await changes.read(caller.orgUid, (tx) => listShareLinks(tx, params.uid))
      return newestFirst(links.map(answerOf), ({ createdAt, uid }) => [createdAt, uid], query)
    },
  })
}

function deleteRoute({ permissions, changes }: DashboardRouteDeps): Route {
  return route({
    method: 'delete',
    path: '/api/v1/dashboards/:uid/share-links/:link',
    summary: 'End a link at once',
    action: 'share-links:delete',
    permission: permissions.can('grants:create', dashboardOf(changes)),
    params: byUid.extend({ link: uidSchema }),
    query: nothing,
    body: nothing,
    response: nothing,
    handler: ({ params, trail }) =>
      changes.change(trail, async (tx) => {
        if (!(await deleteShareLink(tx, params.uid, params.link)))
          throw new GatehouseError('not_found', 'there is no such link')
        const resource = { kind: 'share-links', uid: params.link }
        return { result: {}, note: { code: 'A006I', resource, detail: { dashboardUid: params.uid } } }
      }),
  })
}

async function sharing(tx: OrgTransaction): Promise<{ allowed: boolean }> {
  return { allowed: await isPublicSharingAllowed(tx) }
}

function settingRoutes({ permissions, changes }: DashboardRouteDeps): readonly Route[] {
  const common = {
    path: '/api/v1/public-sharing',
    params: nothing,
    query: nothing,
    response: z.strictObject({ allowed: z.boolean() }),
  } as const
  return [
    route({
      ...common,
      method: 'get',
      summary: 'Whether dashboards of the org may be shared by link',
      action: 'public-sharing:read',
      permission: permissions.can('guardrails:read', (principal) => Promise.resolve(orgResource(principal))),
      body: nothing,
      handler: async ({ caller, setHeader }) => {
        const answer = await changes.read(caller.orgUid, sharing)
        setHeader('etag', contentEtag(answer))
        return answer
      },
    }),
    route({
      ...common,
      method: 'put',
      summary: 'Allow sharing by link, or end it and with it every link',
      action: 'public-sharing:write',
      permission: permissions.can('guardrails:write', (principal) => Promise.resolve(orgResource(principal))),
      body: z.strictObject({ allowed: z.boolean() }),
      requestHeaders: ['if-match'],
      handler: (call) =>
        replaceMatched(changes, call, {
          code: 'A014I',
          resource: { kind: 'orgs', uid: call.caller.orgUid },
          load: sharing,
          work: async (tx) => {
            await setPublicSharing(tx, call.body.allowed)
            return call.body
          },
        }),
    }),
  ]
}

/** Links that open one dashboard, for as long as the org allows such links at all. */
export function shareLinkRoutes(deps: DashboardRouteDeps): readonly Route[] {
  return [createRoute(deps), listRoute(deps), deleteRoute(deps), ...settingRoutes(deps)]
}
