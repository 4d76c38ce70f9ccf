import { eventProofSchema } from '@gatehouse/audit'
import { nothing, type Route, route } from '@gatehouse/http'
import { findEvent } from '@gatehouse/store'
import { z } from 'zod'
import { found } from '../../manage.ts'
import { answerOfEvent, foundEventSchema } from './found-event.ts'
import { type AuditRouteDeps, logFor, logQuery, openLog } from './log.ts'

const byId = z.strictObject({ id: z.uuid() })

function readRoute(deps: AuditRouteDeps): Route {
  return route({
    method: 'get',
    path: '/api/v1/audit/events/:id',
    summary: 'An event, and those before and after it in its chain',
    action: 'audit-events:read',
    permission: deps.permissions.can('audit:list', logFor(deps, 'audit:list')),
    params: byId,
    query: z.strictObject(logQuery),
    body: nothing,
    response: z.strictObject({
      event: foundEventSchema,
      before: foundEventSchema.nullable().describe('Null for the first of a chain, or where it was purged'),
      after: foundEventSchema.nullable(),
    }),
    handler: async (call) => {
      call.trail.detail = { event: call.params.id }
      const { scope, showsQueries } = await openLog(deps, call)
      const { event, before, after } = found(
        await deps.log.read(scope, (tx) => findEvent(tx, call.params.id)),
        'event',
      )
      return {
        event: answerOfEvent(event, showsQueries),
        before: before === undefined ? null : answerOfEvent(before, showsQueries),
        after: after === undefined ? null : answerOfEvent(after, showsQueries),
      }
    },
  })
}

function proofRoute(deps: AuditRouteDeps): Route {
  return route({
    method: 'get',
    path: '/api/v1/audit/events/:id/proof',
    summary: 'Proof of an event: its way to the next checkpoint, and the checkpoint with its signature',
    action: 'audit-events:prove',
    permission: deps.permissions.can('audit:read', logFor(deps, 'audit:read')),
    params: byId,
    query: z.strictObject(logQuery),
    body: nothing,
    response: eventProofSchema,
    handler: async (call) => {
      call.trail.detail = { event: call.params.id }
      const { scope } = await openLog(deps, call)
      const proof = await deps.log.prove(scope, call.params.id)
      return found(proof, 'event, or no checkpoint has sealed it yet')
    },
  })
}

/** `/api/v1/audit/events/:id` */
export function auditEventRoutes(deps: AuditRouteDeps): readonly Route[] {
  return [readRoute(deps), proofRoute(deps)]
}
