import { authorize, type OrgPolicy, type Principal, type Resource } from '@gatehouse/authz'
import { GatehouseError } from '@gatehouse/errors'
import type { Permissions, RouteInput } from '@gatehouse/http'
import type { RecognisedUser } from '@gatehouse/identity'
import { type DashboardRecord, findDashboard, type OrgTransaction } from '@gatehouse/store'
import type { z } from 'zod'
import type { Changes } from '../../changes.ts'
import { folderResource, loadFolder, orgResource } from '../folders/resource.ts'
import type { dashboardSchema } from './schemas.ts'

export interface DashboardRouteDeps {
  readonly permissions: Permissions<RecognisedUser>
  readonly policyOf: (orgUid: string) => Promise<OrgPolicy>
  readonly changes: Changes
}

/** A dashboard as the resource of a decision. */
export function dashboardResource({ uid, orgUid, folderUid }: DashboardRecord): Resource {
  return { kind: 'dashboard', uid, orgUid, folderUid }
}

/** The dashboard with this uid. @throws GatehouseError `not_found`, the same for another org's as for none. */
export async function loadDashboard(tx: OrgTransaction, uid: string): Promise<DashboardRecord> {
  const dashboard = await findDashboard(tx, uid)
  if (dashboard === undefined) throw new GatehouseError('not_found', 'there is no such dashboard')
  return dashboard
}

/** Loads the dashboard a path names, in the caller's own org. */
export function dashboardOf(changes: Changes) {
  return async ({ orgUid }: Principal, { params }: RouteInput): Promise<Resource> =>
    dashboardResource(await changes.read(orgUid, (tx) => loadDashboard(tx, params['uid'] ?? '')))
}

/** Refuses who may not create dashboards in the folder, or at the top level. */
export async function checkMayCreate(
  tx: OrgTransaction,
  { policy, principal }: { readonly policy: OrgPolicy; readonly principal: Principal },
  folderUid: string | undefined,
): Promise<void> {
  const resource =
    folderUid === undefined
      ? orgResource(principal)
      : folderResource(await loadFolder(tx, folderUid), principal.orgUid)
  const decision = authorize(policy, { principal, action: 'dashboards:create', resource, now: Date.now() })
  if (!decision.allowed) throw new GatehouseError('forbidden', decision.reason)
}

/** A dashboard as an answer. */
export function answerOf(dashboard: DashboardRecord): z.output<typeof dashboardSchema> {
  const { uid, title, folderUid, version, updatedAt, approval } = dashboard
  return {
    uid,
    title,
    folderUid: folderUid ?? null,
    version,
    updatedAt: new Date(updatedAt).toISOString(),
    approval:
      approval === undefined
        ? null
        : {
            by: approval.by,
            dataSources: [...approval.dataSources],
            constraints: [...approval.constraints],
          },
  }
}
