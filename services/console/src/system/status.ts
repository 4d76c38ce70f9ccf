import * as z from 'zod/mini'

const counts = z.record(z.string(), z.number())
const rate = z.nullable(z.object({ perSecond: z.number(), burst: z.number() }))

const histogram = z.object({
  count: z.number(),
  sum: z.number(),
  buckets: z.array(z.object({ le: z.string(), count: z.number() })),
})
const shard = z.object({
  name: z.string(),
  seconds: histogram,
  replicas: z.array(z.object({ name: z.string(), seconds: histogram, outcomes: counts })),
})

/** The state of everything that answers queries, as operators see it. */
export const statusSchema = z.object({
  at: z.string(),
  policyVersion: z.string(),
  gateway: z.object({
    reachable: z.boolean(),
    ready: z.boolean(),
    problem: z.nullable(z.string()),
    shards: z.array(shard),
    requests: z.object({ byCode: counts, inFlight: z.number() }),
    queue: z.object({ waiting: z.number(), running: z.number() }),
    cache: z.object({ byResult: counts, bytes: z.number(), entries: z.number() }),
    spool: z.object({ bytes: z.number(), maxBytes: z.number(), events: z.number(), refusals: z.number() }),
  }),
  dataSources: z.array(
    z.object({
      org: z.string(),
      uid: z.string(),
      name: z.string(),
      shards: z.array(z.object({ name: z.string(), replicas: z.array(z.string()) })),
    }),
  ),
  limits: z.object({
    query: counts,
    slots: z.record(z.string(), z.nullable(z.number())),
    maxQueued: z.number(),
    queueWaitMs: z.number(),
    rates: z.record(z.string(), rate),
    overrides: z.number(),
  }),
  issuers: z.array(
    z.object({
      name: z.string(),
      title: z.string(),
      isAvailable: z.boolean(),
      problem: z.nullable(z.string()),
      keys: z.nullable(
        z.object({
          readAt: z.nullable(z.string()),
          isFailing: z.boolean(),
          items: z.array(z.object({ kid: z.string(), since: z.string() })),
        }),
      ),
    }),
  ),
  control: z.object({ startedAt: z.string(), node: z.string() }),
})

export type SystemStatus = z.output<typeof statusSchema>
export type ShardCounts = z.output<typeof shard>

/** What of the audit log's state is shown here. */
export const auditStatusSchema = z.object({
  events: z.number(),
  unsealed: z.number(),
  key: z.nullable(z.object({ id: z.string() })),
  checkpoint: z.nullable(z.object({ number: z.number(), at: z.string() })),
  anchors: z.array(z.object({ name: z.string(), failingSince: z.nullable(z.string()) })),
  sinks: z.array(
    z.object({ name: z.string(), lagSeconds: z.nullable(z.number()), failingSince: z.nullable(z.string()) }),
  ),
  spool: z.object({ bytes: z.number(), lagSeconds: z.number(), refusing: z.nullable(z.string()) }),
})
