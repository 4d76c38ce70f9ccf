import { nothing, type Route, route } from '@gatehouse/http'
import { type AuditStatus, auditStatus, type ChainStatus, listChains } from '@gatehouse/store'
import { z } from 'zod'
import { type AuditRouteDeps, logFor, logQuery, openLog } from './log.ts'

/** A fault of the log. */
export const findingSchema = z.looseObject({
  fault: z.string(),
  message: z.string(),
  writer: z.string().optional(),
  org: z.string().nullable().optional(),
  seq: z.number().optional().describe('The first bad event of its chain'),
  id: z.string().optional(),
})

const copySchema = z.strictObject({
  name: z.string(),
  lagSeconds: z.number().nullable(),
  checkpoint: z.number().nullable().describe('Last one that was copied there; of anchors'),
  at: z.string().nullable(),
  failingSince: z.string().nullable(),
  error: z.string().nullable().describe('Only where everybody’s log is asked for'),
})

const statusSchema = z.strictObject({
  events: z.number(),
  newestAt: z.string().nullable(),
  unsealed: z.number().describe('Events after the last checkpoint of their chain'),
  key: z.strictObject({ id: z.string(), publicKey: z.string() }).nullable(),
  checkpoint: z.strictObject({ number: z.number(), at: z.string(), key: z.string() }).nullable(),
  verification: z
    .strictObject({
      at: z.string(),
      events: z.number(),
      checkpoint: z.number(),
      seconds: z.number(),
      findings: z.array(findingSchema),
    })
    .nullable()
    .describe('The last one, by whom ever'),
  gaps: z.array(findingSchema).describe('Missing events, of the last verification'),
  anchors: z.array(copySchema),
  sinks: z.array(copySchema),
  spool: z
    .strictObject({ bytes: z.number(), lagSeconds: z.number(), refusing: z.string().nullable() })
    .describe('Of this process; gateways tell of theirs in their metrics'),
  chains: z.array(
    z.strictObject({
      writer: z.string(),
      org: z.string().nullable(),
      seq: z.number(),
      hash: z.string().nullable().describe('Of its last event; needs audit:read'),
      sealedSeq: z.number(),
      at: z.string(),
      receivedAt: z.string(),
    }),
  ),
})

const iso = (date: Date | null): string | null => date?.toISOString() ?? null

function answerOfChain({ at, receivedAt, hash, ...chain }: ChainStatus, showsQueries: boolean) {
  return {
    ...chain,
    hash: showsQueries ? hash : null,
    at: at.toISOString(),
    receivedAt: receivedAt.toISOString(),
  }
}

function answerOfCopies({ anchors, sinks }: AuditStatus, isAll: boolean) {
  return {
    anchors: anchors.map(({ sink, number, at, failingSince, error }) => ({
      name: sink,
      lagSeconds: null,
      checkpoint: number,
      at: iso(at),
      failingSince: iso(failingSince),
      error: isAll ? error : null,
    })),
    sinks: sinks.map(({ sink, lagSeconds, sentAt, failingSince, error }) => ({
      name: sink,
      lagSeconds,
      checkpoint: null,
      at: iso(sentAt),
      failingSince: iso(failingSince),
      error: isAll ? error : null,
    })),
  }
}

function answerOfStatus({ verification, checkpoint, ...status }: AuditStatus) {
  const findings = (verification?.findings ?? []).map((finding) => ({ ...finding }))
  return {
    events: status.events,
    newestAt: iso(status.newestAt),
    unsealed: status.unsealed,
    checkpoint: checkpoint && { number: checkpoint.number, at: checkpoint.at, key: checkpoint.key },
    verification: verification && { ...verification, at: verification.at.toISOString(), findings },
    gaps: findings.filter(({ fault }) => fault === 'missing' || fault === 'truncated'),
  }
}

/** `GET /api/v1/audit/status`: whether the log is whole, as far as is known. */
export function auditStatusRoutes(deps: AuditRouteDeps): readonly Route[] {
  return [
    route({
      method: 'get',
      path: '/api/v1/audit/status',
      summary: 'Chains, checkpoint, last verification, anchors and sinks of the audit log',
      action: 'audit-status:read',
      permission: deps.permissions.can('audit:list', logFor(deps, 'audit:list')),
      params: nothing,
      query: z.strictObject(logQuery),
      body: nothing,
      response: statusSchema,
      handler: async (call) => {
        const { scope, showsQueries } = await openLog(deps, call)
        const [status, chains] = await deps.log.read(
          scope,
          async (tx) => [await auditStatus(tx), await listChains(tx)] as const,
        )
        const { spoolBytes, lagSeconds, refusing } = deps.log.spool()
        return {
          ...answerOfStatus(status),
          ...answerOfCopies(status, scope === 'all'),
          key: deps.log.signingKey ?? null,
          spool: { bytes: spoolBytes, lagSeconds, refusing: refusing ?? null },
          chains: chains.map((chain) => answerOfChain(chain, showsQueries)),
        }
      },
    }),
  ]
}
