import type { Principal, Resource } from '@gatehouse/authz'
import { nothing, type Route, type RouteInput, route } from '@gatehouse/http'
import { findDataSource, listDataSources, type OrgTransaction } from '@gatehouse/store'
import { z } from 'zod'
import { byUid, found, type ManageDeps, visible } from '../../manage.ts'
import { pageOf, pageQuery, paginate } from '../../page.ts'
import type { DataSourceDeps } from './addresses.ts'
import { managedDataSourceRoutes } from './managed-routes.ts'
import { dataSourceSchema } from './schemas.ts'

type DataSource = Awaited<ReturnType<typeof listDataSources>>[number]

function answerOf({ uid, name, tenantLabel, version }: DataSource): z.output<typeof dataSourceSchema> {
  return { uid, name, tenantLabel, version }
}

async function load(tx: OrgTransaction, uid: string): Promise<DataSource> {
  return found(await findDataSource(tx, uid), 'data source')
}

function dataSourceOf({ changes }: ManageDeps) {
  return async ({ orgUid }: Principal, { params }: RouteInput): Promise<Resource> => {
    const { uid } = await changes.read(orgUid, (tx) => load(tx, params['uid'] ?? ''))
    return { kind: 'data-source', uid, orgUid }
  }
}

/** `/api/v1/data-sources`: what one may query, and under `/orgs/…` what stands behind it. */
export function dataSourceRoutes(deps: DataSourceDeps): readonly Route[] {
  const { permissions, policyOf, changes } = deps
  return [
    route({
      method: 'get',
      path: '/api/v1/data-sources',
      summary: 'Data sources I may see',
      action: 'data-sources:list',
      permission: permissions.principal,
      params: nothing,
      query: z.strictObject(pageQuery),
      body: nothing,
      response: pageOf(dataSourceSchema),
      handler: async ({ caller, query }) => {
        const { orgUid } = caller
        const resourceOf = ({ uid }: DataSource): Resource => ({ kind: 'data-source', uid, orgUid })
        const all = await changes.read(orgUid, listDataSources)
        const shown = await visible(all, { policyOf }, { caller, action: 'datasources:read', resourceOf })
        const { items, next } = paginate(shown, ({ uid }) => uid, query)
        return { items: items.map(answerOf), next }
      },
    }),
    route({
      method: 'get',
      path: '/api/v1/data-sources/:uid',
      summary: 'A data source',
      action: 'data-sources:read',
      permission: permissions.can('datasources:read', dataSourceOf(deps)),
      params: byUid,
      query: nothing,
      body: nothing,
      response: dataSourceSchema,
      handler: async ({ caller, params }) =>
        answerOf(await changes.read(caller.orgUid, (tx) => load(tx, params.uid))),
    }),
    ...managedDataSourceRoutes(deps),
  ]
}
