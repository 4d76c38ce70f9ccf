import { authorize, type OrgPolicy, type Principal, principalOfSubject, type Subject } from '@gatehouse/authz'
import { GatehouseError } from '@gatehouse/errors'
import { nothing, type Route, route } from '@gatehouse/http'
import { approveDashboard, type DashboardRecord } from '@gatehouse/store'
import { z } from 'zod'
import type { Changed } from '../../changes.ts'
import { etagOf, versionFrom } from '../../preconditions.ts'
import { uidSchema } from '../folders/schemas.ts'
import { answerOf, dashboardOf, type DashboardRouteDeps, loadDashboard } from './resource.ts'
import { dashboardSchema, newApprovalSchema } from './schemas.ts'

const byUid = z.strictObject({ uid: uidSchema })

/** Who stands for the queries: the caller, or a team the caller is in, whose people may all do what it may. */
function approverOf({ kind, uid, teams }: Principal, team: string | undefined): Subject {
  if (team === undefined) return { kind, uid }
  if (!teams.includes(team)) throw new GatehouseError('forbidden', 'you are not in that team')
  return { kind: 'team', uid: team }
}

/** Refuses data sources that do not exist or that the approver may not query: nobody gives what they do not hold. */
function checkHeld(policy: OrgPolicy, by: Subject, dataSources: readonly string[]): void {
  const principal = principalOfSubject(policy, by)
  for (const uid of dataSources) {
    const resource = { kind: 'data-source', uid, orgUid: policy.orgUid } as const
    const asked = { action: 'datasources:query', resource, now: Date.now() } as const
    if (principal === undefined || !authorize(policy, { principal, ...asked }).allowed)
      throw new GatehouseError('forbidden', `the approver may not query the data source ${uid}`)
  }
}

function noted(dashboard: DashboardRecord, version: number): Changed<z.output<typeof dashboardSchema>> {
  const result = answerOf(dashboard)
  const resource = { kind: 'dashboards', uid: dashboard.uid }
  return { result, note: { code: 'C008I', resource, detail: { version, approval: result.approval } } }
}

/** `/api/v1/dashboards/:uid/approval`: standing for the queries of a dashboard, so that its viewers may run them. */
export function approvalRoutes({ permissions, policyOf, changes }: DashboardRouteDeps): readonly Route[] {
  const common = {
    path: '/api/v1/dashboards/:uid/approval',
    permission: permissions.can('dashboards:write', dashboardOf(changes)),
    params: byUid,
    query: nothing,
    response: dashboardSchema,
  } as const
  return [
    route({
      ...common,
      method: 'put',
      summary: 'Let viewers run the queries of this version, within what I may read',
      action: 'dashboards:approve',
      body: newApprovalSchema,
      requestHeaders: ['if-match'],
      handler: async ({ caller, params, body, trail, request, setHeader }) => {
        const policy = await policyOf(caller.orgUid)
        const by = approverOf(caller, body.team)
        checkHeld(policy, by, body.dataSources)
        const { dataSources, constraints } = body
        return changes.change(trail, async (tx) => {
          const version = versionFrom(request, await loadDashboard(tx, params.uid))
          const approval = { by, dataSources, constraints }
          const approved = await approveDashboard(tx, { uid: params.uid, version }, approval)
          setHeader('etag', etagOf(version))
          return noted(approved, version)
        })
      },
    }),
    route({
      ...common,
      method: 'delete',
      summary: 'Withdraw the approval: viewers run no query any more',
      action: 'dashboards:disapprove',
      body: nothing,
      requestHeaders: ['if-match'],
      handler: ({ params, trail, request }) =>
        changes.change(trail, async (tx) => {
          const version = versionFrom(request, await loadDashboard(tx, params.uid))
          return noted(await approveDashboard(tx, { uid: params.uid, version }, undefined), version)
        }),
    }),
  ]
}
