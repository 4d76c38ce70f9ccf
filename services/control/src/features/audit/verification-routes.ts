import { nothing, type Route, route } from '@gatehouse/http'
import {
  findVerification,
  listVerifications,
  requestVerification,
  type VerificationJob,
} from '@gatehouse/store'
import { z } from 'zod'
import { byUid, found } from '../../manage.ts'
import { newestFirst, pageOf, pageQuery } from '../../page.ts'
import { type AuditRouteDeps, changeLog, logFor, logQuery, openLog, requireKey } from './log.ts'
import { findingSchema } from './status-routes.ts'

const jobSchema = z.strictObject({
  uid: z.string(),
  org: z.string().nullable(),
  requestedBy: z.string(),
  requestedAt: z.string(),
  state: z.enum(['queued', 'running', 'done', 'failed']),
  events: z.number().describe('Verified so far'),
  expected: z.number().nullable().describe('How many there were when it began'),
  report: z
    .strictObject({
      findings: z
        .array(findingSchema)
        .describe('Empty if everything holds; the first of a chain is its first bad event'),
      events: z.number(),
      chains: z.number(),
      checkpoint: z.number(),
      unsealed: z.number(),
      seconds: z.number(),
    })
    .nullable(),
  error: z.string().nullable(),
})

function answerOf({ requestedAt, report, ...job }: VerificationJob): z.output<typeof jobSchema> {
  return {
    ...job,
    requestedAt: requestedAt.toISOString(),
    report: report && { ...report, findings: report.findings.map((finding) => ({ ...finding })) },
  }
}

function createRoute(deps: AuditRouteDeps): Route {
  return route({
    method: 'post',
    path: '/api/v1/audit/verifications',
    summary: 'Verify the audit log now, in the background; the one that runs already, if there is one',
    action: 'audit-verifications:create',
    permission: deps.permissions.can('audit:list', logFor(deps, 'audit:list')),
    params: nothing,
    query: z.strictObject(logQuery),
    body: nothing,
    status: 202,
    response: jobSchema,
    handler: async (call) => {
      requireKey(deps)
      const log = await openLog(deps, call)
      return changeLog(deps, { ...log, trail: call.trail }, async (tx) => {
        const uid = await requestVerification(tx, call.caller.uid)
        const job = found(await findVerification(tx, uid), 'verification')
        return {
          result: answerOf(job),
          note: { code: 'E014I', resource: { kind: 'audit-verifications', uid } },
        }
      })
    },
  })
}

function readRoutes(deps: AuditRouteDeps): readonly Route[] {
  const common = {
    method: 'get',
    permission: deps.permissions.can('audit:list', logFor(deps, 'audit:list')),
    query: z.strictObject(logQuery),
    body: nothing,
  } as const
  return [
    route({
      ...common,
      path: '/api/v1/audit/verifications',
      summary: 'Verifications that were asked for, newest first',
      action: 'audit-verifications:list',
      params: nothing,
      query: z.strictObject({ ...logQuery, ...pageQuery }),
      response: pageOf(jobSchema),
      handler: async (call) => {
        const { scope } = await openLog(deps, call)
        const jobs = (await deps.log.read(scope, listVerifications)).map(answerOf)
        return newestFirst(jobs, ({ requestedAt, uid }) => [requestedAt, uid], call.query)
      },
    }),
    route({
      ...common,
      path: '/api/v1/audit/verifications/:uid',
      summary: 'A verification: how far it is, or what it found',
      action: 'audit-verifications:read',
      params: byUid,
      response: jobSchema,
      handler: async (call) => {
        const { scope } = await openLog(deps, call)
        const { uid } = call.params
        return answerOf(found(await deps.log.read(scope, (tx) => findVerification(tx, uid)), 'verification'))
      },
    }),
  ]
}

/** `/api/v1/audit/verifications` */
export function auditVerificationRoutes(deps: AuditRouteDeps): readonly Route[] {
  return [createRoute(deps), ...readRoutes(deps)]
}
