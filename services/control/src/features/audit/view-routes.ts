import { nothing, type Route, route } from '@gatehouse/http'
import {
  type AuditFilter,
  type AuditTransaction,
  createView,
  deleteView,
  findView,
  listViews,
  type SavedView,
  updateView,
} from '@gatehouse/store'
import { z } from 'zod'
import { byUid, found, nameSchema } from '../../manage.ts'
import { pageOf, pageQuery, paginate } from '../../page.ts'
import { contentEtag, requireMatch } from '../../preconditions.ts'
import { filterSchema, isVisible } from './filter.ts'
import { type AuditRouteDeps, changeLog, createOnceInLog, logFor, logQuery, openLog } from './log.ts'

const settings = {
  name: nameSchema.max(100),
  filter: filterSchema,
  isShared: z.boolean().default(false).describe('Whoever reads this log sees it, and may change it'),
}
const viewSchema = z.strictObject({
  uid: z.string(),
  name: z.string(),
  filter: filterSchema,
  isShared: z.boolean(),
  isOwn: z.boolean(),
})

/** Those that everybody has. */
export const builtInViews: readonly { readonly name: string; readonly filter: AuditFilter }[] = [
  { name: 'Denied', filter: { results: ['denied'] } },
  { name: 'Failed', filter: { results: ['failed'] } },
  { name: 'Privileged changes', filter: { codes: ['A', 'T', 'C'] } },
  { name: 'Break-glass', filter: { codes: ['X'] } },
  { name: 'Reads and exports of this log', filter: { codes: ['E'] } },
  { name: 'Sign-ins', filter: { classes: ['identity'] } },
  { name: 'System', filter: { codes: ['S'] } },
]

function answerOf({ uid, userUid, name, filter, isShared }: SavedView, callerUid: string) {
  return { uid, name, filter: filterSchema.parse(filter), isShared, isOwn: userUid === callerUid }
}

function noted({ uid, name, filter, isShared }: SavedView, verb: string) {
  const detail = { verb, name, filter, isShared }
  return { code: 'E012I', resource: { kind: 'audit-views', uid }, detail } as const
}

function listRoute(deps: AuditRouteDeps): Route {
  return route({
    method: 'get',
    path: '/api/v1/audit/views',
    summary: 'Saved searches of the audit log: built in, one’s own, and shared ones',
    action: 'audit-views:list',
    permission: deps.permissions.can('audit:list', logFor(deps, 'audit:list')),
    params: nothing,
    query: z.strictObject({ ...logQuery, ...pageQuery }),
    body: nothing,
    response: pageOf(viewSchema).extend({
      builtIn: z.array(z.strictObject({ name: z.string(), filter: filterSchema })),
    }),
    handler: async (call) => {
      const log = await openLog(deps, call)
      const { uid } = call.caller
      const all = await deps.log.read(log.scope, (tx) => listViews(tx, uid))
      const views = all.filter(({ filter }) => isVisible(filter, log))
      const builtIn = builtInViews.map(({ name, filter }) => ({ name, filter: filterSchema.parse(filter) }))
      const shown = views.map((view) => answerOf(view, uid))
      return { ...paginate(shown, (view) => `${view.name} ${view.uid}`, call.query), builtIn }
    },
  })
}

function readRoute(deps: AuditRouteDeps): Route {
  return route({
    method: 'get',
    path: '/api/v1/audit/views/:uid',
    summary: 'A saved search of the audit log',
    action: 'audit-views:read',
    permission: deps.permissions.can('audit:list', logFor(deps, 'audit:list')),
    params: byUid,
    query: z.strictObject(logQuery),
    body: nothing,
    response: viewSchema,
    handler: async (call) => {
      const { uid } = call.caller
      const log = await openLog(deps, call)
      const view = await deps.log.read(log.scope, (tx) => load(tx, uid, call.params.uid))
      found(isVisible(view.filter, log) ? view : undefined, 'view')
      const answer = answerOf(view, uid)
      call.setHeader('etag', contentEtag(answer))
      return answer
    },
  })
}

function createRoute(deps: AuditRouteDeps): Route {
  return route({
    method: 'post',
    path: '/api/v1/audit/views',
    summary: 'Save a search of the audit log',
    action: 'audit-views:create',
    permission: deps.permissions.can('audit:list', logFor(deps, 'audit:list')),
    params: nothing,
    query: z.strictObject(logQuery),
    body: z.strictObject(settings),
    status: 201,
    requestHeaders: ['idempotency-key'],
    response: viewSchema,
    handler: async (call) => {
      const { uid } = call.caller
      const log = await openLog(deps, call)
      return createOnceInLog(deps, call, {
        ...log,
        answer: viewSchema,
        work: async (tx) => {
          const view = await createView(tx, { ...call.body, userUid: uid })
          return { result: answerOf(view, uid), note: noted(view, 'create') }
        },
      })
    },
  })
}

async function load(tx: AuditTransaction, userUid: string, uid: string): Promise<SavedView> {
  return found(await findView(tx, userUid, uid), 'view')
}

function changeRoutes(deps: AuditRouteDeps): readonly Route[] {
  const common = {
    requestHeaders: ['if-match'],
    path: '/api/v1/audit/views/:uid',
    permission: deps.permissions.can('audit:list', logFor(deps, 'audit:list')),
    params: byUid,
    query: z.strictObject(logQuery),
  } as const
  return [
    route({
      ...common,
      method: 'put',
      summary: 'Change a saved search',
      action: 'audit-views:write',
      body: z.strictObject(settings),
      response: viewSchema,
      handler: async (call) => {
        const { uid } = call.caller
        const log = await openLog(deps, call)
        return changeLog(deps, { ...log, trail: call.trail }, async (tx) => {
          const before = await load(tx, uid, call.params.uid)
          requireMatch(call.request, answerOf(before, uid))
          // Only who made it takes it back from the others.
          const isShared = before.userUid === uid ? call.body.isShared : before.isShared
          const view = { ...before, ...call.body, isShared }
          await updateView(tx, view)
          call.setHeader('etag', contentEtag(answerOf(view, uid)))
          return { result: answerOf(view, uid), note: noted(view, 'change') }
        })
      },
    }),
    route({
      ...common,
      method: 'delete',
      summary: 'Delete a saved search',
      action: 'audit-views:delete',
      body: nothing,
      response: nothing,
      handler: async (call) => {
        const log = await openLog(deps, call)
        return changeLog(deps, { ...log, trail: call.trail }, async (tx) => {
          const view = await load(tx, call.caller.uid, call.params.uid)
          requireMatch(call.request, answerOf(view, call.caller.uid))
          await deleteView(tx, view.uid)
          return { result: {}, note: noted(view, 'delete') }
        })
      },
    }),
  ]
}

/** `/api/v1/audit/views` */
export function auditViewRoutes(deps: AuditRouteDeps): readonly Route[] {
  return [listRoute(deps), readRoute(deps), createRoute(deps), ...changeRoutes(deps)]
}
