import { manifestSchema } from '@gatehouse/audit'
import { GatehouseError } from '@gatehouse/errors'
import { type Download, download, nothing, type Route, route } from '@gatehouse/http'
import {
  type AuditTransaction,
  cancelExport,
  type ExportJob,
  exportExpiry,
  findExport,
  listExports,
  requestExport,
} from '@gatehouse/store'
import { z } from 'zod'
import { byUid, found } from '../../manage.ts'
import type { Changed } from '../../changes.ts'
import { newestFirst, pageOf, pageQuery } from '../../page.ts'
import { filterSchema } from './filter.ts'
import {
  type AuditRouteDeps,
  changeLog,
  createOnceInLog,
  logFor,
  logQuery,
  openLog,
  requireKey,
} from './log.ts'

const jobSchema = z.strictObject({
  uid: z.string(),
  org: z.string().nullable(),
  format: z.enum(['ndjson', 'csv']),
  filter: filterSchema,
  requestedBy: z.string(),
  requestedAt: z.string(),
  expiresAt: z.string().describe('Then it is removed'),
  state: z.enum(['queued', 'running', 'done', 'failed', 'cancelled']),
  events: z.number().describe('Written so far'),
  expected: z.number().nullable().describe('How many there will be, where that is known'),
  bytes: z.number().describe('Compressed'),
  error: z.string().nullable(),
})

function answerOf({ manifest: _, ...job }: ExportJob): z.output<typeof jobSchema> {
  return {
    ...job,
    filter: filterSchema.parse(job.filter),
    requestedAt: job.requestedAt.toISOString(),
    expiresAt: exportExpiry(job).toISOString(),
  }
}

async function load(tx: AuditTransaction, uid: string): Promise<ExportJob> {
  return found(await findExport(tx, uid), 'export')
}

function requireDone(job: ExportJob): ExportJob {
  if (job.state !== 'done') throw new GatehouseError('conflict', `the export is ${job.state}`)
  return job
}

function commonOf(deps: AuditRouteDeps) {
  return { permission: deps.permissions.can('audit:export', logFor(deps, 'audit:export')) }
}

function createRoute(deps: AuditRouteDeps): Route {
  return route({
    ...commonOf(deps),
    method: 'post',
    path: '/api/v1/audit/exports',
    summary: 'Export events, in the background: NDJSON with a manifest is evidence, CSV is a view',
    action: 'audit-exports:create',
    params: nothing,
    query: z.strictObject(logQuery),
    body: z.strictObject({ format: z.enum(['ndjson', 'csv']), filter: filterSchema.default({}) }),
    status: 202,
    requestHeaders: ['idempotency-key'],
    response: jobSchema,
    handler: async (call) => {
      requireKey(deps)
      const { format, filter } = call.body
      const log = await openLog(deps, call)
      const work = async (tx: AuditTransaction): Promise<Changed<z.output<typeof jobSchema>>> => {
        const uid = await requestExport(tx, { format, filter, requestedBy: call.caller.uid })
        const resource = { kind: 'audit-exports', uid }
        return {
          result: answerOf(await load(tx, uid)),
          note: { code: 'E003I', resource, detail: { format, filter } },
        }
      }
      return createOnceInLog(deps, call, { ...log, answer: jobSchema, work })
    },
  })
}

function readRoutes(deps: AuditRouteDeps): readonly Route[] {
  const common = { ...commonOf(deps), method: 'get', query: z.strictObject(logQuery), body: nothing } as const
  return [
    route({
      ...common,
      path: '/api/v1/audit/exports',
      summary: 'Exports that have not expired, newest first',
      action: 'audit-exports:list',
      params: nothing,
      query: z.strictObject({ ...logQuery, ...pageQuery }),
      response: pageOf(jobSchema),
      handler: async (call) => {
        const { scope } = await openLog(deps, call)
        const all = (await deps.log.read(scope, listExports)).map(answerOf)
        return newestFirst(all, ({ requestedAt, uid }) => [requestedAt, uid], call.query)
      },
    }),
    route({
      ...common,
      path: '/api/v1/audit/exports/:uid',
      summary: 'An export and how far it is',
      action: 'audit-exports:read',
      params: byUid,
      response: jobSchema,
      handler: async (call) => {
        const { scope } = await openLog(deps, call)
        return answerOf(await deps.log.read(scope, (tx) => load(tx, call.params.uid)))
      },
    }),
  ]
}

function cancelRoute(deps: AuditRouteDeps): Route {
  return route({
    ...commonOf(deps),
    method: 'post',
    path: '/api/v1/audit/exports/:uid/cancel',
    summary: 'Cancel an export that is not done',
    action: 'audit-exports:cancel',
    params: byUid,
    query: z.strictObject(logQuery),
    body: nothing,
    response: jobSchema,
    handler: async (call) => {
      const log = await openLog(deps, call)
      return changeLog(deps, { ...log, trail: call.trail }, async (tx) => {
        const { uid } = await load(tx, call.params.uid)
        if (!(await cancelExport(tx, uid))) throw new GatehouseError('conflict', 'the export has ended')
        return {
          result: answerOf(await load(tx, uid)),
          note: { code: 'E015I', resource: { kind: 'audit-exports', uid } },
        }
      })
    },
  })
}

function downloadRoutes(deps: AuditRouteDeps): readonly Route[] {
  const common = {
    ...commonOf(deps),
    method: 'get',
    params: byUid,
    query: z.strictObject(logQuery),
    body: nothing,
  } as const
  return [
    route({
      ...common,
      path: '/api/v1/audit/exports/:uid/manifest',
      summary: 'The signed manifest of an NDJSON export: what is verified offline, with the file',
      action: 'audit-exports:download',
      response: manifestSchema,
      handler: async (call) => {
        const { scope } = await openLog(deps, call)
        const job = await deps.log.read(scope, (tx) => load(tx, call.params.uid))
        return found(requireDone(job).manifest ?? undefined, 'manifest')
      },
    }),
    route({
      ...common,
      path: '/api/v1/audit/exports/:uid/content',
      summary: 'The file of an export, compressed with gzip',
      action: 'audit-exports:download',
      response: download('application/gzip'),
      handler: async (call): Promise<Download> => {
        const { scope } = await openLog(deps, call)
        const job = requireDone(await deps.log.read(scope, (tx) => load(tx, call.params.uid)))
        return {
          type: 'application/gzip',
          fileName: `audit-${job.org ?? 'all'}-${job.requestedAt.toISOString().slice(0, 10)}.${job.format}.gz`,
          bytes: deps.log.readExport(job),
        }
      },
    }),
  ]
}

/** `/api/v1/audit/exports` */
export function auditExportRoutes(deps: AuditRouteDeps): readonly Route[] {
  return [createRoute(deps), ...readRoutes(deps), cancelRoute(deps), ...downloadRoutes(deps)]
}
