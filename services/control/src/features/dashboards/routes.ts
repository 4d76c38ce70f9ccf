import { randomUUID } from 'node:crypto'
import { authorize, readDashboard, runsSameQueries } from '@gatehouse/authz'
import { nothing, type Route, route } from '@gatehouse/http'
import {
  createDashboard,
  type DashboardRecord,
  deleteDashboard,
  listDashboards,
  type OrgTransaction,
  readDashboardContent,
  updateDashboard,
} from '@gatehouse/store'
import { z } from 'zod'
import type { Changed } from '../../changes.ts'
import { type CreateCall, createOnce } from '../../create-once.ts'
import { pageOf, pageQuery, paginate } from '../../page.ts'
import { etagOf, versionFrom } from '../../preconditions.ts'
import { folderOf, orgResource } from '../folders/resource.ts'
import { uidSchema } from '../folders/schemas.ts'
import { approvalRoutes } from './approval-routes.ts'
import {
  answerOf,
  checkMayCreate,
  dashboardOf,
  dashboardResource,
  type DashboardRouteDeps,
  loadDashboard,
} from './resource.ts'
import {
  dashboardChangeSchema,
  dashboardSchema,
  dashboardWithContentSchema,
  maxDashboardBytes,
  moveSchema,
  newDashboardSchema,
} from './schemas.ts'
import { shareLinkRoutes } from './share-link-routes.ts'
import { versionRoutes } from './version-routes.ts'

type Answer = z.output<typeof dashboardSchema>
type NewDashboard = z.output<typeof newDashboardSchema>
const byUid = z.strictObject({ uid: uidSchema })

function noted(
  code: 'C007I' | 'C008I' | 'C009I',
  dashboard: DashboardRecord,
  detail: Record<string, unknown>,
): Changed<Answer> {
  const { title, folderUid = null, version } = dashboard
  return {
    result: answerOf(dashboard),
    note: {
      code,
      resource: { kind: 'dashboards', uid: dashboard.uid },
      detail: { title, folderUid, version, ...detail },
    },
  }
}

function listRoute({ permissions, policyOf, changes }: DashboardRouteDeps): Route {
  return route({
    method: 'get',
    path: '/api/v1/dashboards',
    summary: 'Dashboards I may open',
    action: 'dashboards:list',
    permission: permissions.principal,
    params: nothing,
    query: z.strictObject({
      ...pageQuery,
      folder: uidSchema.optional().describe('Only those in this folder'),
      tags: z
        .string()
        .max(500)
        .transform((text) => text.split(',').filter((tag) => tag !== ''))
        .optional()
        .describe('Only those with all of these tags, separated by commas'),
    }),
    body: nothing,
    response: pageOf(dashboardSchema),
    handler: async ({ caller, query }) => {
      const policy = await policyOf(caller.orgUid)
      const now = Date.now()
      const all = await changes.read(caller.orgUid, (tx) => listDashboards(tx, query.folder, query.tags))
      const visible = all.filter((dashboard) => {
        const resource = dashboardResource(dashboard)
        return authorize(policy, { principal: caller, action: 'dashboards:read', resource, now }).allowed
      })
      const { items, next } = paginate(visible, ({ uid }) => uid, query)
      return { items: items.map(answerOf), next }
    },
  })
}

interface Making {
  readonly body: NewDashboard
  readonly folderUid: string | undefined
  readonly savedBy: string
}

async function make(tx: OrgTransaction, { body, folderUid, savedBy }: Making): Promise<Changed<Answer>> {
  const { content, message } = body
  const own = uidSchema.safeParse(content['uid'])
  const uid = body.uid ?? (own.success ? own.data : randomUUID())
  const { title } = content
  const made = await createDashboard(tx, { uid, folderUid, title, content, message, savedBy })
  return noted('C007I', made, { message })
}

function createRoutes({ permissions, changes }: DashboardRouteDeps): readonly Route[] {
  const common = {
    method: 'post',
    action: 'dashboards:create',
    query: nothing,
    body: newDashboardSchema,
    response: dashboardSchema,
    status: 201,
    maxBodyBytes: maxDashboardBytes,
    requestHeaders: ['idempotency-key'],
  } as const
  const create = (call: CreateCall & { readonly body: NewDashboard }, folderUid: string | undefined) =>
    createOnce(changes, call, {
      answer: dashboardSchema,
      work: (tx) => make(tx, { body: call.body, folderUid, savedBy: call.caller.uid }),
    })
  return [
    route({
      ...common,
      path: '/api/v1/dashboards',
      summary: 'Store a dashboard at the top level',
      permission: permissions.can('dashboards:create', (principal) =>
        Promise.resolve(orgResource(principal)),
      ),
      params: nothing,
      handler: (call) => create(call, undefined),
    }),
    route({
      ...common,
      path: '/api/v1/folders/:uid/dashboards',
      summary: 'Store a dashboard in a folder',
      permission: permissions.can('dashboards:create', folderOf(changes)),
      params: byUid,
      handler: (call) => create(call, call.params.uid),
    }),
  ]
}

function readRoute({ permissions, changes }: DashboardRouteDeps): Route {
  return route({
    method: 'get',
    path: '/api/v1/dashboards/:uid',
    summary: 'A dashboard with its content',
    action: 'dashboards:read',
    permission: permissions.can('dashboards:read', dashboardOf(changes)),
    params: byUid,
    query: nothing,
    body: nothing,
    response: dashboardWithContentSchema,
    handler: ({ caller, params, setHeader }) =>
      changes.read(caller.orgUid, async (tx) => {
        const dashboard = await loadDashboard(tx, params.uid)
        const content = await readDashboardContent(tx, dashboard.uid, dashboard.version)
        setHeader('etag', etagOf(dashboard.version))
        return { ...answerOf(dashboard), content: { ...content } }
      }),
  })
}

function updateRoute({ permissions, changes }: DashboardRouteDeps): Route {
  return route({
    method: 'put',
    path: '/api/v1/dashboards/:uid',
    summary: 'Save the next version of a dashboard; other queries end its approval',
    action: 'dashboards:write',
    permission: permissions.can('dashboards:write', dashboardOf(changes)),
    params: byUid,
    query: nothing,
    body: dashboardChangeSchema,
    requestHeaders: ['if-match'],
    maxBodyBytes: maxDashboardBytes,
    response: dashboardSchema,
    handler: ({ caller, params, body, trail, request, setHeader }) =>
      changes.change(trail, async (tx) => {
        const before = await loadDashboard(tx, params.uid)
        const expected = versionFrom(request, before)
        const { content, message } = body
        const old = await readDashboardContent(tx, before.uid, before.version)
        const keepsApproval = runsSameQueries(readDashboard(old), readDashboard(content))
        const { uid, folderUid } = before
        const save = { uid, folderUid, title: content.title, content, message, savedBy: caller.uid }
        const after = await updateDashboard(tx, save, { expected, keepsApproval })
        setHeader('etag', etagOf(after.version))
        const endsApproval = before.approval !== undefined && !keepsApproval
        return noted('C008I', after, { message, endsApproval })
      }),
  })
}

function moveRoute({ permissions, policyOf, changes }: DashboardRouteDeps): Route {
  return route({
    method: 'put',
    path: '/api/v1/dashboards/:uid/folder',
    summary: 'Move a dashboard; whoever may open the new folder was not thought of, so its approval ends',
    action: 'dashboards:move',
    permission: permissions.can('dashboards:write', dashboardOf(changes)),
    params: byUid,
    query: nothing,
    body: moveSchema,
    requestHeaders: ['if-match'],
    response: dashboardSchema,
    handler: async ({ caller, params, body, trail, request, setHeader }) => {
      const policy = await policyOf(caller.orgUid)
      return changes.change(trail, async (tx) => {
        const before = await loadDashboard(tx, params.uid)
        const expected = versionFrom(request, before)
        const folderUid = body.folderUid ?? undefined
        await checkMayCreate(tx, { policy, principal: caller }, folderUid)
        const content = await readDashboardContent(tx, before.uid, before.version)
        const { uid, title } = before
        const save = { uid, folderUid, title, content, message: 'moved', savedBy: caller.uid }
        const keepsApproval = folderUid === before.folderUid
        const after = await updateDashboard(tx, save, { expected, keepsApproval })
        setHeader('etag', etagOf(after.version))
        return noted('C008I', after, { from: before.folderUid ?? null })
      })
    },
  })
}

function deleteRoute({ permissions, changes }: DashboardRouteDeps): Route {
  return route({
    method: 'delete',
    path: '/api/v1/dashboards/:uid',
    summary: 'Delete a dashboard with all its versions and the grants on it',
    action: 'dashboards:delete',
    permission: permissions.can('dashboards:delete', dashboardOf(changes)),
    params: byUid,
    query: nothing,
    body: nothing,
    requestHeaders: ['if-match'],
    response: dashboardSchema,
    handler: ({ params, trail, request }) =>
      changes.change(trail, async (tx) => {
        const before = await loadDashboard(tx, params.uid)
        await deleteDashboard(tx, { uid: params.uid, version: versionFrom(request, before) })
        return noted('C009I', before, {})
      }),
  })
}

/** `/api/v1/dashboards`: Grafana dashboards with their versions, and who stands for their queries. */
export function dashboardRoutes(deps: DashboardRouteDeps): readonly Route[] {
  return [
    listRoute(deps),
    ...createRoutes(deps),
    readRoute(deps),
    updateRoute(deps),
    moveRoute(deps),
    deleteRoute(deps),
    ...versionRoutes(deps),
    ...approvalRoutes(deps),
    ...shareLinkRoutes(deps),
  ]
}
