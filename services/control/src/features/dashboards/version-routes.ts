import { compileCapability, type DashboardQuery, readDashboard } from '@gatehouse/authz'
import { nothing, type Route, route } from '@gatehouse/http'
import { listDashboardVersions, readDashboardContent } from '@gatehouse/store'
import { z } from 'zod'
import { newestFirst, pageOf, pageQuery, wholeNumber } from '../../page.ts'
import { uidSchema } from '../folders/schemas.ts'
import { diffJson } from './diff.ts'
import { dashboardOf, type DashboardRouteDeps, loadDashboard } from './resource.ts'

const byUid = z.strictObject({ uid: uidSchema })
const versionNumber = wholeNumber(1, 1_000_000_000)
const versionSchema = z.strictObject({
  version: z.number(),
  message: z.string(),
  savedBy: z.string(),
  savedAt: z.string(),
})
const differenceSchema = z.strictObject({
  path: z.string(),
  before: z.unknown().optional(),
  after: z.unknown().optional(),
})
const querySchema = z.strictObject({ where: z.string(), kind: z.string(), text: z.string() })

function listRoute({ permissions, changes }: DashboardRouteDeps): Route {
  return route({
    method: 'get',
    path: '/api/v1/dashboards/:uid/versions',
    summary: 'Versions of a dashboard, newest first',
    action: 'dashboards:read',
    permission: permissions.can('dashboards:write', dashboardOf(changes)),
    params: byUid,
    query: z.strictObject(pageQuery),
    body: nothing,
    response: pageOf(versionSchema),
    handler: async ({ caller, params, query }) => {
      const versions = await changes.read(caller.orgUid, (tx) => listDashboardVersions(tx, params.uid))
      const items = versions.map(({ savedAt, ...rest }) => ({
        ...rest,
        savedAt: new Date(savedAt).toISOString(),
      }))
      return newestFirst(items, ({ version }) => [String(version).padStart(10, '0')], query)
    },
  })
}

function contentRoute({ permissions, changes }: DashboardRouteDeps): Route {
  return route({
    method: 'get',
    path: '/api/v1/dashboards/:uid/versions/:version',
    summary: 'The content of one version',
    action: 'dashboards:read',
    permission: permissions.can('dashboards:write', dashboardOf(changes)),
    params: byUid.extend({ version: versionNumber }),
    query: nothing,
    body: nothing,
    response: z.strictObject({ content: z.record(z.string(), z.unknown()) }),
    handler: ({ caller, params }) =>
      changes.read(caller.orgUid, async (tx) => ({
        content: { ...(await readDashboardContent(tx, params.uid, params.version)) },
      })),
  })
}

function diffRoute({ permissions, changes }: DashboardRouteDeps): Route {
  return route({
    method: 'get',
    path: '/api/v1/dashboards/:uid/diff',
    summary: 'Where two versions differ',
    action: 'dashboards:read',
    permission: permissions.can('dashboards:write', dashboardOf(changes)),
    params: byUid,
    query: z.strictObject({ from: versionNumber, to: versionNumber }),
    body: nothing,
    response: z.strictObject({ differences: z.array(differenceSchema) }),
    handler: ({ caller, params, query }) =>
      changes.read(caller.orgUid, async (tx) => {
        const before = await readDashboardContent(tx, params.uid, query.from)
        const after = await readDashboardContent(tx, params.uid, query.to)
        return { differences: diffJson(before, after).map((difference) => ({ ...difference })) }
      }),
  })
}

function capabilityRoute({ permissions, changes }: DashboardRouteDeps): Route {
  return route({
    method: 'get',
    path: '/api/v1/dashboards/:uid/capability',
    summary: 'Which queries of a dashboard its viewers could run, and which not and why',
    action: 'dashboards:read',
    permission: permissions.can('dashboards:write', dashboardOf(changes)),
    params: byUid,
    query: nothing,
    body: nothing,
    response: z.strictObject({
      granted: z.array(querySchema),
      refused: z.array(querySchema.extend({ reason: z.string() })),
    }),
    handler: ({ caller, params }) =>
      changes.read(caller.orgUid, async (tx) => {
        const { version } = await loadDashboard(tx, params.uid)
        const content = await readDashboardContent(tx, params.uid, version)
        const { granted, refused } = compileCapability(readDashboard(content))
        const shown = ({ where, kind, text }: DashboardQuery) => ({ where, kind, text })
        return {
          granted: granted.map(shown),
          refused: refused.map(({ query, reason }) => ({ ...shown(query), reason })),
        }
      }),
  })
}

/**
 * `/api/v1/dashboards/:uid/versions`, `/diff` and `/capability`: for those who change it, as in Grafana. Whoever may only open a dashboard,
 * perhaps by a link and without a name, does not see what it was before and who saved it.
 */
export function versionRoutes(deps: DashboardRouteDeps): readonly Route[] {
  return [listRoute(deps), contentRoute(deps), diffRoute(deps), capabilityRoute(deps)]
}
