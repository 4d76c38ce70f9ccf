import { nothing, type Route, route } from '@gatehouse/http'
import {
  createDataSource,
  type DataSourceSettings,
  deleteDataSource,
  findStoredDataSource,
  listStoredDataSources,
  type OrgTransaction,
  type StoredDataSource,
  updateDataSource,
} from '@gatehouse/store'
import { z } from 'zod'
import { deleteMatched, replaceMatched } from '../../change-matched.ts'
import { createOnce } from '../../create-once.ts'
import { found, type ManageDeps } from '../../manage.ts'
import { checkAddresses, type DataSourceDeps } from './addresses.ts'
import { pageOf, pageQuery, paginate } from '../../page.ts'
import { contentEtag } from '../../preconditions.ts'
import { uidSchema } from '../folders/schemas.ts'
import { orgFor } from '../orgs/resource.ts'
import { dataSourceChangeSchema, dataSourceWithShardsSchema, newDataSourceSchema } from './schemas.ts'

type Answer = z.output<typeof dataSourceWithShardsSchema>
const byOrg = z.strictObject({ org: uidSchema })
const byOrgAndUid = byOrg.extend({ uid: uidSchema })

function answerOf({ orgUid: _orgUid, shards, ...source }: StoredDataSource): Answer {
  return {
    ...source,
    shards: shards.map(({ name, slice, replicas }) => ({ name, ...slice, replicas })),
  }
}

async function load(tx: OrgTransaction, uid: string): Promise<Answer> {
  return answerOf(found(await findStoredDataSource(tx, uid), 'data source'))
}

/** A change of the data source that `If-Match` names. */
function matched(code: 'C002I' | 'C003I', orgUid: string, uid: string) {
  const resource = { kind: 'data-sources', uid }
  return { orgUid, code, resource, load: (tx: OrgTransaction) => load(tx, uid) } as const
}

function readRoutes(deps: ManageDeps): readonly Route[] {
  const { permissions, changes } = deps
  // Addresses of shards are for those who run them: seeing that a data source exists is not enough.
  const permission = permissions.can('datasources:write', orgFor(deps, 'datasources:write'))
  return [
    route({
      method: 'get',
      path: '/api/v1/orgs/:org/data-sources',
      summary: 'Data sources of an org with their shards and replicas',
      action: 'managed-data-sources:list',
      permission,
      params: byOrg,
      query: z.strictObject(pageQuery),
      body: nothing,
      response: pageOf(dataSourceWithShardsSchema),
      handler: async ({ params, query }) => {
        const all = await changes.read(params.org, listStoredDataSources)
        const { items, next } = paginate(all, ({ uid }) => uid, query)
        return { items: items.map(answerOf), next }
      },
    }),
    route({
      method: 'get',
      path: '/api/v1/orgs/:org/data-sources/:uid',
      summary: 'A data source with its shards and replicas',
      action: 'managed-data-sources:read',
      permission,
      params: byOrgAndUid,
      query: nothing,
      body: nothing,
      response: dataSourceWithShardsSchema,
      handler: async ({ params, setHeader }) => {
        const answer = await changes.read(params.org, (tx) => load(tx, params.uid))
        setHeader('etag', contentEtag(answer))
        return answer
      },
    }),
  ]
}

function createRoute(deps: DataSourceDeps): Route {
  return route({
    method: 'post',
    path: '/api/v1/orgs/:org/data-sources',
    summary: 'Make a data source of shards and replicas',
    action: 'data-sources:create',
    permission: deps.permissions.can('datasources:create', orgFor(deps, 'datasources:create')),
    params: byOrg,
    query: nothing,
    body: newDataSourceSchema,
    status: 201,
    requestHeaders: ['idempotency-key'],
    response: dataSourceWithShardsSchema,
    handler: async (call) => {
      await checkAddresses(call.body, call.params.org, deps)
      return createOnce(deps.changes, call, {
        orgUid: call.params.org,
        answer: dataSourceWithShardsSchema,
        work: async (tx) => {
          await createDataSource(tx, call.body)
          const after = await load(tx, call.body.uid)
          const resource = { kind: 'data-sources', uid: after.uid }
          return { result: after, note: { code: 'C001I', resource, detail: { after } } }
        },
      })
    },
  })
}

function changeRoutes(deps: DataSourceDeps): readonly Route[] {
  const { permissions, changes } = deps
  const common = {
    path: '/api/v1/orgs/:org/data-sources/:uid',
    params: byOrgAndUid,
    query: nothing,
    requestHeaders: ['if-match'],
  } as const
  return [
    route({
      ...common,
      method: 'put',
      summary: 'Replace a data source’s name, shards and replicas',
      action: 'data-sources:write',
      permission: permissions.can('datasources:write', orgFor(deps, 'datasources:write')),
      body: dataSourceChangeSchema,
      response: dataSourceWithShardsSchema,
      handler: async (call) => {
        await checkAddresses(call.body, call.params.org, deps)
        const { org, uid } = call.params
        return replaceMatched(changes, call, {
          ...matched('C002I', org, uid),
          work: async (tx) => {
            const wanted: DataSourceSettings = { ...call.body, uid }
            await updateDataSource(tx, wanted)
            return load(tx, uid)
          },
        })
      },
    }),
    route({
      ...common,
      method: 'delete',
      summary: 'Delete a data source with the grants on it',
      action: 'data-sources:delete',
      permission: permissions.can('datasources:delete', orgFor(deps, 'datasources:delete')),
      body: nothing,
      response: nothing,
      handler: (call) => {
        const { org, uid } = call.params
        return deleteMatched(changes, call, {
          ...matched('C003I', org, uid),
          work: (tx) => deleteDataSource(tx, uid),
        })
      },
    }),
  ]
}

/** `/api/v1/orgs/:org/data-sources`: for operators; those of the platform org reach every org's. */
export function managedDataSourceRoutes(deps: DataSourceDeps): readonly Route[] {
  return [...readRoutes(deps), createRoute(deps), ...changeRoutes(deps)]
}
