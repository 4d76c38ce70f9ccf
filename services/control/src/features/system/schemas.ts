import { z } from 'zod'

const counts = z.record(z.string(), z.number())

const histogram = z.strictObject({
  count: z.number(),
  sum: z.number(),
  buckets: z.array(z.strictObject({ le: z.string(), count: z.number() })),
})

/** State of the gateway that control talks to, counted since it started. */
export const gatewayStateSchema = z.strictObject({
  reachable: z.boolean(),
  ready: z.boolean(),
  problem: z.string().nullable().describe('Why it is not'),
  shards: z
    .array(
      z.strictObject({
        name: z.string(),
        seconds: histogram.describe('Time to the head of an answer, as a histogram'),
        replicas: z.array(
          z.strictObject({
            name: z.string(),
            seconds: histogram,
            outcomes: counts.describe('Requests by how they ended: answered, refused, failed, canceled'),
          }),
        ),
      }),
    )
    .describe('Those that were asked since it started'),
  requests: z.strictObject({ byCode: counts.describe('By HTTP status'), inFlight: z.number() }),
  queue: z.strictObject({
    waiting: z.number().describe('Requests that wait for a slot on a shard'),
    running: z.number(),
  }),
  cache: z.strictObject({
    byResult: counts.describe('Requests by what the cache did: hit, extended, miss, stale, bypass, follower'),
    bytes: z.number(),
    entries: z.number(),
  }),
  spool: z.strictObject({
    bytes: z.number().describe('Audit events that are durable here and not yet in the log'),
    maxBytes: z.number(),
    events: z.number().describe('Written since it started'),
    refusals: z.number().describe('Requests refused because their event could not be written'),
  }),
})

/** The data sources with their shards and replicas, by name. */
export const topologySchema = z.array(
  z.strictObject({
    org: z.string(),
    uid: z.string(),
    name: z.string(),
    shards: z.array(z.strictObject({ name: z.string(), replicas: z.array(z.string()) })),
  }),
)

/** Limits in force, as this process is configured; durations in ms, null for none. */
export const limitsAnswerSchema = z.strictObject({
  query: z.record(z.string(), z.number()).describe('What one query may cost'),
  slots: z.record(z.string(), z.number().nullable()).describe('Requests that run at once'),
  maxQueued: z.number(),
  queueWaitMs: z.number(),
  rates: z
    .record(z.string(), z.strictObject({ perSecond: z.number(), burst: z.number() }).nullable())
    .describe('Requests per second'),
  overrides: z.number().describe('Entries that narrow them for an org, team, service account or data source'),
})

export const systemStatusSchema = z.strictObject({
  at: z.string(),
  policyVersion: z.string().describe('Of the caller’s org'),
  gateway: gatewayStateSchema,
  dataSources: topologySchema.describe('For the platform’s operators of all orgs'),
  limits: limitsAnswerSchema,
  issuers: z.array(
    z.strictObject({
      name: z.string(),
      title: z.string(),
      isAvailable: z.boolean(),
      problem: z.string().nullable(),
      keys: z
        .strictObject({
          readAt: z.string().nullable(),
          isFailing: z.boolean().describe('Whether the last try to read them failed'),
          items: z.array(z.strictObject({ kid: z.string(), since: z.string() })),
        })
        .nullable()
        .describe('Its signing keys and since when control knows each; null while nothing is known of them'),
    }),
  ),
  control: z.strictObject({ startedAt: z.string(), node: z.string() }),
})
