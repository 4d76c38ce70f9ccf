import { GatehouseError } from '@gatehouse/errors'
import { nothing, type Route, route } from '@gatehouse/http'
import { revealLabelValues } from '@gatehouse/store'
import { z } from 'zod'
import { type AuditRouteDeps, changeLog, logFor, logQuery, openLog } from './log.ts'

/** `POST /api/v1/audit/reveal`: the label values behind hashes in queries. */
export function auditRevealRoutes(deps: AuditRouteDeps): readonly Route[] {
  return [
    route({
      method: 'post',
      path: '/api/v1/audit/reveal',
      summary: 'The label values behind hashes in recorded queries; who asked and why is recorded',
      action: 'audit-values:reveal',
      permission: deps.permissions.can('audit:reveal', logFor(deps, 'audit:reveal')),
      params: nothing,
      query: z.strictObject(logQuery),
      body: z.strictObject({
        hashes: z
          .array(z.string().regex(/^h_[0-9a-f]{32}$/))
          .min(1)
          .max(100),
        reason: z.string().trim().min(10).max(500),
      }),
      response: z.strictObject({
        values: z.array(z.strictObject({ hash: z.string(), label: z.string(), value: z.string() })),
      }),
      handler: async (call) => {
        const { labelValueKey: key } = deps.log
        if (key === undefined) throw new GatehouseError('not_found', 'no label values are hidden here')
        const { hashes, reason } = call.body
        const log = await openLog(deps, call)
        return changeLog(deps, { ...log, trail: call.trail }, async (tx) => {
          const values = await revealLabelValues(tx, key, hashes)
          const resource = { kind: 'audit-log', uid: log.orgUid }
          return {
            result: { values: values.map((value) => ({ ...value })) },
            note: { code: 'E006I', resource, detail: { hashes, reason } },
          }
        })
      },
    }),
  ]
}
