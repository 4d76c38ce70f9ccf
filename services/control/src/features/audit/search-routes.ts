import type { Principal, Resource } from '@gatehouse/authz'
import { nothing, type Route, type RouteInput, route, type Trail } from '@gatehouse/http'
import { auditHistogram, searchEvents } from '@gatehouse/store'
import { z } from 'zod'
import { pageOf, wholeNumber } from '../../page.ts'
import { filterOf, filterQuery, requireVisible } from './filter.ts'
import { answerOfEvent, foundEventSchema } from './found-event.ts'
import { type AuditRouteDeps, logFor, logQuery, openLog } from './log.ts'

const barSchema = z.strictObject({
  at: z.string().describe('Start of the span'),
  class: z.string(),
  result: z.string(),
  events: z.number().int(),
})

/** The log that is searched; a search that is refused is told with what it was to find, too. */
function searchedLog(deps: AuditRouteDeps) {
  const load = logFor(deps, 'audit:list')
  const asked = z.object(filterQuery)
  return async (principal: Principal, input: RouteInput, trail: Trail): Promise<Resource> => {
    const parsed = asked.safeParse(Object.fromEntries(input.query))
    if (parsed.success) trail.detail = { filter: filterOf(parsed.data) }
    return load(principal, input)
  }
}

function eventsRoute(deps: AuditRouteDeps): Route {
  return route({
    method: 'get',
    path: '/api/v1/audit/events',
    summary: 'Events of the audit log that match, by time',
    action: 'audit-events:list',
    permission: deps.permissions.can('audit:list', searchedLog(deps)),
    params: nothing,
    query: z.strictObject({
      ...logQuery,
      ...filterQuery,
      order: z.enum(['newest', 'oldest']).default('newest').describe('Which come first'),
      limit: wholeNumber(1, 500).default(50),
      cursor: z.string().max(500).optional(),
    }),
    body: nothing,
    response: pageOf(foundEventSchema),
    handler: async (call) => {
      const { order, limit, cursor } = call.query
      const filter = filterOf(call.query)
      const log = await openLog(deps, call)
      requireVisible(filter, log)
      const page = await deps.log.read(log.scope, (tx) =>
        searchEvents(tx, filter, { limit, cursor, first: order }),
      )
      return {
        items: page.events.map((event) => answerOfEvent(event, log.showsQueries)),
        next: page.next ?? null,
      }
    },
  })
}

function histogramRoute(deps: AuditRouteDeps): Route {
  return route({
    method: 'get',
    path: '/api/v1/audit/histogram',
    summary: 'How many events match, over time, by class and decision',
    action: 'audit-events:count',
    permission: deps.permissions.can('audit:list', searchedLog(deps)),
    params: nothing,
    query: z.strictObject({
      ...logQuery,
      ...filterQuery,
      from: filterQuery.from.nonoptional(),
      to: filterQuery.to.nonoptional(),
      bars: wholeNumber(1, 200).default(60).describe('At most so many spans of time'),
    }),
    body: nothing,
    response: z.strictObject({
      widthSeconds: z.number(),
      isEstimate: z.boolean().describe('So many match that they were estimated from a sample of the log'),
      bars: z.array(barSchema),
    }),
    handler: async (call) => {
      const { from, to, bars } = call.query
      const filter = filterOf(call.query)
      const log = await openLog(deps, call)
      requireVisible(filter, log)
      const histogram = await deps.log.read(log.scope, (tx) =>
        auditHistogram(tx, { ...filter, from, to }, bars),
      )
      return { ...histogram, bars: histogram.bars.map((bar) => ({ ...bar })) }
    },
  })
}

/** `/api/v1/audit/events` and `/api/v1/audit/histogram` */
export function auditSearchRoutes(deps: AuditRouteDeps): readonly Route[] {
  return [eventsRoute(deps), histogramRoute(deps)]
}
