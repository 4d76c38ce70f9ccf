import { z } from 'zod'
import { eventCodes } from './codes.ts'

const text = z.string()
const count = z.int().min(0)

/**
 * One audit event: who did what, where, by which decision, with which outcome. No response bodies, tokens or secrets.
 * Strings are bounded and free of NUL by `redact` before they get here.
 */
export const auditEventSchema = z.strictObject({
  schema: z.literal(1),
  /** UUID v7; ships to the store exactly once by it. */
  id: z.uuid(),
  /** RFC 3339 UTC with microseconds. */
  at: text,
  /** Stable event code such as Q001I; see `eventTable`. */
  code: z.enum(eventCodes),
  requestId: text,
  traceId: text.optional(),
  orgUid: text.nullable(),
  actor: z
    .strictObject({
      kind: z.enum(['user', 'service-account', 'system']),
      uid: text,
      name: text,
      issuer: text.optional(),
      subject: text.optional(),
      teams: z.array(text),
      credential: z.strictObject({ kind: z.enum(['session', 'bearer', 'token', 'none']), id: text }),
    })
    .nullable(),
  from: z.strictObject({ address: text, userAgent: text.optional() }),
  action: text,
  resource: z.strictObject({ kind: text, uid: text }).nullable(),
  request: z.strictObject({
    method: text,
    route: text,
    query: text.optional(),
    /** Of which label values were asked for. */
    label: text.optional(),
    matches: z.array(text).optional(),
    time: text.optional(),
    start: text.optional(),
    end: text.optional(),
    step: text.optional(),
  }),
  /** What was sent upstream: the enforced expression or selectors, one a partition. */
  enforced: z.array(text),
  constraints: z.array(text),
  metrics: z.array(text),
  decision: z.strictObject({
    allowed: z.boolean(),
    because: z.array(z.strictObject({ grantUid: text, role: text, via: text, permission: text })),
    reason: text.optional(),
    policyVersion: text,
  }),
  plan: z
    .strictObject({
      dataSource: text,
      shardsAsked: z.array(text),
      shardsAnswered: z.array(text),
      replicas: z.array(text),
      cache: text.optional(),
    })
    .nullable(),
  outcome: z.strictObject({
    result: z.enum(['allowed', 'denied', 'failed']),
    httpStatus: count,
    errorCode: text.optional(),
    series: count.optional(),
    samples: count.optional(),
    bytes: count.optional(),
    durationMs: z.number().min(0),
  }),
  /** Headers a client sent about itself (Grafana's `dashboardUid`, `panelId`, `folderUid`); unverified. */
  hints: z.record(text, text).optional(),
  /** Before/after or other facts of a control-plane change. Name people by uid: only `actor` can be erased. */
  detail: z.record(text, z.unknown()).optional(),
})

/** A validated audit event. */
export type AuditEvent = z.output<typeof auditEventSchema>
