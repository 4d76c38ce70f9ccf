import * as z from 'zod/mini'

const text = z.optional(z.string())
const texts = z.optional(z.array(z.string()))
const count = z.optional(z.nullable(z.number()))

const actor = z.object({
  kind: z.string(),
  ref: z.string(),
  teams: texts,
  credential: z.optional(z.nullable(z.object({ kind: z.string(), id: text }))),
})

const event = z.object({
  id: z.string(),
  at: z.string(),
  code: z.string(),
  requestId: text,
  traceId: text,
  actor: z.nullable(actor),
  from: z.optional(z.nullable(z.object({ address: text, userAgent: text }))),
  action: text,
  resource: z.optional(z.nullable(z.object({ kind: z.string(), uid: z.string() }))),
  request: z.optional(z.nullable(z.object({ method: text, route: text, query: text, matches: texts }))),
  enforced: texts,
  constraints: texts,
  metrics: texts,
  decision: z.optional(
    z.nullable(
      z.object({
        allowed: z.boolean(),
        because: z.optional(z.array(z.object({ grantUid: text, role: text, via: text, permission: text }))),
        reason: text,
        policyVersion: text,
      }),
    ),
  ),
  plan: z.optional(
    z.nullable(
      z.object({
        dataSource: text,
        shardsAsked: texts,
        shardsAnswered: texts,
        cache: text,
      }),
    ),
  ),
  outcome: z.object({
    result: z.enum(['allowed', 'denied', 'failed']),
    httpStatus: z.optional(z.number()),
    errorCode: text,
    series: count,
    samples: count,
    bytes: count,
    durationMs: count,
  }),
  hints: z.optional(z.nullable(z.record(z.string(), z.unknown()))),
  detail: z.optional(z.nullable(z.record(z.string(), z.unknown()))),
})

export const item = z.object({
  event,
  title: z.string(),
  class: z.string(),
  identity: z.nullable(z.object({ uid: z.string(), name: z.string() })),
  isRedacted: z.boolean(),
  org: z.nullable(z.string()),
  writer: z.string(),
  seq: z.number(),
  prev: z.nullable(z.string()),
  hash: z.nullable(z.string()),
})
/** One event of the log with its place in its chain. */
export type Item = z.output<typeof item>

export const page = z.object({ items: z.array(item), next: z.nullable(z.string()) })
export const neighbours = z.object({ event: item, before: z.nullable(item), after: z.nullable(item) })

export const histogram = z.object({
  widthSeconds: z.number(),
  isEstimate: z.boolean(),
  bars: z.array(z.object({ at: z.string(), class: z.string(), result: z.string(), events: z.number() })),
})
export type Histogram = z.output<typeof histogram>

const filterOfView = z.record(z.string(), z.unknown())
export const views = z.object({
  items: z.array(
    z.object({
      uid: z.string(),
      name: z.string(),
      filter: filterOfView,
      isShared: z.boolean(),
      isOwn: z.boolean(),
    }),
  ),
  builtIn: z.array(z.object({ name: z.string(), filter: filterOfView })),
})
export type Views = z.output<typeof views>

const finding = z.object({ fault: z.string(), message: z.string(), id: text })
export type Finding = z.output<typeof finding>

export const verification = z.object({
  uid: z.string(),
  state: z.enum(['queued', 'running', 'done', 'failed']),
  events: z.number(),
  expected: z.nullable(z.number()),
  report: z.nullable(z.object({ findings: z.array(finding), seconds: z.number() })),
  error: z.nullable(z.string()),
})
export const verifications = z.object({ items: z.array(verification) })

const target = z.object({
  name: z.string(),
  lagSeconds: z.nullable(z.number()),
  at: z.nullable(z.string()),
  failingSince: z.nullable(z.string()),
})
export type Target = z.output<typeof target>

export const status = z.object({
  events: z.number(),
  newestAt: z.nullable(z.string()),
  unsealed: z.number(),
  checkpoint: z.nullable(z.object({ number: z.number(), at: z.string(), key: z.string() })),
  key: z.nullable(z.object({ id: z.string(), publicKey: z.string() })),
  verification: z.nullable(
    z.object({
      at: z.string(),
      events: z.number(),
      checkpoint: z.number(),
      seconds: z.number(),
      findings: z.array(finding),
    }),
  ),
  gaps: z.array(finding),
  anchors: z.array(target),
  sinks: z.array(target),
  spool: z.object({ bytes: z.number(), lagSeconds: z.number(), refusing: z.nullable(z.string()) }),
  chains: z.array(
    z.object({
      writer: z.string(),
      org: z.nullable(z.string()),
      seq: z.number(),
      hash: z.nullable(z.string()),
      sealedSeq: z.number(),
      at: z.string(),
    }),
  ),
})
export type Status = z.output<typeof status>

export const exportJob = z.object({
  uid: z.string(),
  format: z.enum(['ndjson', 'csv']),
  requestedAt: z.string(),
  expiresAt: z.nullable(z.string()),
  state: z.enum(['queued', 'running', 'done', 'failed', 'cancelled']),
  events: z.number(),
  expected: z.nullable(z.number()),
  bytes: z.nullable(z.number()),
  error: z.nullable(z.string()),
})
export type ExportJob = z.output<typeof exportJob>
export const exportJobs = z.object({ items: z.array(exportJob) })
