import { type OrgPolicy, type Resource } from '@gatehouse/authz'
import { GatehouseError } from '@gatehouse/errors'
import { findDashboard, type OrgTransaction, type RequestedPlace } from '@gatehouse/store'
import { z } from 'zod'
import { dashboardResource } from '../dashboards/resource.ts'
import { folderResource } from '../folders/resource.ts'
import { uidSchema } from '../folders/schemas.ts'

/** A place as the API writes it. */
export const placeSchema = z.strictObject({
  kind: z.enum(['org', 'folder', 'data-source', 'dashboard']),
  uid: uidSchema.describe('For the org, its own uid'),
})

/** The loaded resource of a place; undefined if it is not there. */
export async function findPlace(
  tx: OrgTransaction,
  policy: OrgPolicy,
  { kind, uid }: RequestedPlace,
): Promise<Resource | undefined> {
  const { orgUid } = policy
  switch (kind) {
    case 'org':
      return uid === orgUid ? { kind, uid, orgUid } : undefined
    case 'folder': {
      const folder = policy.folders.find((candidate) => candidate.uid === uid)
      return folder && folderResource(folder, orgUid)
    }
    case 'data-source':
      return policy.dataSources.some((source) => source.uid === uid) ? { kind, uid, orgUid } : undefined
    case 'dashboard': {
      const dashboard = await findDashboard(tx, uid)
      return dashboard && dashboardResource(dashboard)
    }
  }
}

/** As {@link findPlace}. @throws GatehouseError `not_found` */
export async function loadPlace(
  tx: OrgTransaction,
  policy: OrgPolicy,
  place: RequestedPlace,
): Promise<Resource> {
  const resource = await findPlace(tx, policy, place)
  if (resource === undefined) throw new GatehouseError('not_found', 'there is no such place')
  return resource
}
