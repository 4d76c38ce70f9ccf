import { GatehouseError } from '@gatehouse/errors'
import { nothing, type Route, route } from '@gatehouse/http'
import {
  cancelQuery,
  createStop,
  deleteStop,
  listRunning,
  listSlowQueries,
  listStops,
  type OrgTransaction,
  readStatistics,
  statisticsBy,
  type StoredStop,
} from '@gatehouse/store'
import { z } from 'zod'
import type { Changed } from '../../changes.ts'
import { createOnce } from '../../create-once.ts'
import { found, type ManageDeps } from '../../manage.ts'
import { newestFirst, pageOf, pageQuery, wholeNumber } from '../../page.ts'
import { uidSchema } from '../folders/schemas.ts'
import { orgFor } from '../orgs/resource.ts'
import { cancelSchema, costSchema, newStopSchema, runningSchema, slowSchema, stopSchema } from './schemas.ts'

const byOrg = z.strictObject({ org: uidSchema })
const byOrgAndUid = z.strictObject({ org: uidSchema, uid: uidSchema })
const listOf = <T extends z.ZodType>(item: T) => z.strictObject({ items: z.array(item) })
const iso = (time: number): string => new Date(time).toISOString()

function stopAnswer({ createdAt, expiresAt, ...stop }: StoredStop): z.output<typeof stopSchema> {
  return { ...stop, createdAt: iso(createdAt), expiresAt: expiresAt === undefined ? null : iso(expiresAt) }
}

/** Operators of the platform see how much is asked in other orgs, and by whom, not what. */
function shownQuery(query: string, isOwn: boolean): string | null {
  return isOwn ? query : null
}

function seeing(deps: ManageDeps) {
  return {
    method: 'get',
    permission: deps.permissions.can('queries:read', orgFor(deps, 'queries:read')),
    params: byOrg,
    body: nothing,
  } as const
}

function listRoutes(deps: ManageDeps): readonly Route[] {
  const common = { ...seeing(deps), query: nothing }
  return [
    route({
      ...common,
      path: '/api/v1/orgs/:org/running-queries',
      summary: 'Queries and look-ups that have been running for a second, longest first',
      action: 'running-queries:list',
      response: listOf(runningSchema),
      handler: async ({ caller, params }) => {
        const rows = await deps.changes.read(params.org, listRunning)
        const now = Date.now()
        const items = rows.map(({ startedAt, query, ...row }) => ({
          ...row,
          query: shownQuery(query, caller.orgUid === params.org),
          startedAt: iso(startedAt),
          seconds: Math.max(0, now - startedAt) / 1000,
        }))
        return { items }
      },
    }),
    route({
      ...common,
      path: '/api/v1/orgs/:org/slow-queries',
      summary: 'The slowest queries and look-ups of the last week',
      action: 'slow-queries:list',
      response: listOf(slowSchema),
      handler: async ({ caller, params }) => {
        const rows = await deps.changes.read(params.org, listSlowQueries)
        const isOwn = caller.orgUid === params.org
        return {
          items: rows.map(({ at, query, ...row }) => ({
            ...row,
            at: iso(at),
            query: shownQuery(query, isOwn),
          })),
        }
      },
    }),
    route({
      ...common,
      path: '/api/v1/orgs/:org/query-stops',
      summary: 'Orders to refuse queries',
      action: 'query-stops:list',
      query: z.strictObject(pageQuery),
      response: pageOf(stopSchema),
      handler: async ({ params, query }) => {
        const stops = (await deps.changes.read(params.org, listStops)).map(stopAnswer)
        return newestFirst(stops, ({ createdAt, uid }) => [createdAt, uid], query)
      },
    }),
  ]
}

function statisticsRoute(deps: ManageDeps): Route {
  return route({
    ...seeing(deps),
    path: '/api/v1/orgs/:org/query-statistics',
    summary: 'What queries cost, by who asked, for which dashboard, of which data source or of which shape',
    action: 'query-statistics:read',
    query: z.strictObject({
      by: z.enum(statisticsBy).default('principal'),
      hours: wholeNumber(1, 720).default(24),
      limit: wholeNumber(1, 500).default(50),
    }),
    response: listOf(costSchema),
    handler: async ({ params, query: { by, hours, limit } }) => {
      const since = Date.now() - hours * 3_600_000
      const items = await deps.changes.read(params.org, (tx) => readStatistics(tx, { by, since, limit }))
      return { items: [...items] }
    },
  })
}

function stopRoutes(deps: ManageDeps): readonly Route[] {
  const { changes } = deps
  const permission = deps.permissions.can('queries:stop', orgFor(deps, 'queries:stop'))
  return [
    route({
      method: 'post',
      path: '/api/v1/orgs/:org/query-stops',
      summary: 'Refuse queries of a tenant, of a user or service account, or of a shape',
      action: 'query-stops:create',
      permission,
      params: byOrg,
      query: nothing,
      body: newStopSchema,
      status: 201,
      requestHeaders: ['idempotency-key'],
      response: stopSchema,
      handler: (call) => {
        const { minutes, ...order } = call.body
        const work = async (tx: OrgTransaction): Promise<Changed<z.output<typeof stopSchema>>> => {
          const expiresAt = minutes === undefined ? undefined : Date.now() + minutes * 60_000
          const uid = await createStop(tx, { ...order, createdBy: call.caller.uid, expiresAt })
          const stop = found(
            (await listStops(tx)).find((one) => one.uid === uid),
            'order',
          )
          const result = stopAnswer(stop)
          return {
            result,
            note: { code: 'A040I', resource: { kind: 'query-stops', uid }, detail: { after: result } },
          }
        }
        return createOnce(changes, call, { answer: stopSchema, orgUid: call.params.org, work })
      },
    }),
    route({
      method: 'delete',
      path: '/api/v1/orgs/:org/query-stops/:uid',
      summary: 'Take an order to refuse queries back',
      action: 'query-stops:delete',
      permission,
      params: byOrgAndUid,
      query: nothing,
      body: nothing,
      response: nothing,
      handler: ({ params: { org, uid }, trail }) =>
        changes.changeIn(org, trail, async (tx) => {
          if (!(await deleteStop(tx, uid))) throw new GatehouseError('not_found', 'there is no such order')
          return { result: {}, note: { code: 'A041I', resource: { kind: 'query-stops', uid } } }
        }),
    }),
    route({
      method: 'post',
      path: '/api/v1/orgs/:org/running-queries/:uid/cancel',
      summary: 'End a query that runs',
      action: 'running-queries:cancel',
      permission,
      params: byOrgAndUid,
      query: nothing,
      body: cancelSchema,
      response: nothing,
      handler: ({ params: { org, uid }, body: { reason }, trail }) =>
        changes.changeIn(org, trail, async (tx) => {
          const row = found(
            (await listRunning(tx)).find((one) => one.uid === uid),
            'running query',
          )
          await cancelQuery(tx, { uid, reason })
          const detail = { reason, principalUid: row.principalUid, fingerprint: row.fingerprint }
          return { result: {}, note: { code: 'A042I', resource: { kind: 'running-queries', uid }, detail } }
        }),
    }),
  ]
}

/** `/api/v1/orgs/{org}/…`: what queries run and cost, and orders to refuse them. */
export function queryRoutes(deps: ManageDeps): readonly Route[] {
  return [...listRoutes(deps), statisticsRoute(deps), ...stopRoutes(deps)]
}
