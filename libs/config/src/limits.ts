import { z } from 'zod'

/** Pieces of the schema that other parts use too. */
interface Parts {
  readonly duration: z.ZodType<number, string>
}

/** How often something may be asked. */
export const rate = z.strictObject({
  perSecond: z.number().positive().describe('Requests per second in the long run'),
  burst: z.int().min(1).describe('Requests that may come at once'),
})
const slots = z.int().min(1).optional()
const uid = z.string().min(1)

function querySchema({ duration }: Parts) {
  return {
    range: duration.describe('Time range one query may read'),
    points: z.int().min(1).describe('Points per series'),
    subqueryPoints: z.int().min(1).describe('Points per series of a subquery'),
    series: z.int().min(1).describe('Series in an answer'),
    samples: z.int().min(1).describe('Samples one query may read'),
    responseBytes: z.int().min(1).describe('Size of an answer'),
    queryBytes: z.int().min(1).describe('Length of the query text'),
    depth: z.int().min(1).describe('Nesting of an expression'),
    selectors: z.int().min(1).describe('Selectors in an expression'),
    regexCost: z
      .int()
      .min(1)
      .describe(
        'Instructions that all regular expressions of a query, or of all `match[]` of a request, compile to: a sum',
      ),
  }
}

/** The schema of the key `limits`: what one query may cost, and how callers share what there is. */
export function createLimitsSchema(parts: Parts) {
  const { duration } = parts
  const query = querySchema(parts)
  return z.strictObject({
    query: z
      .strictObject({
        range: query.range.prefault('366d'),
        points: query.points.default(11_001),
        subqueryPoints: query.subqueryPoints.default(250_000),
        series: query.series.default(50_000),
        samples: query.samples.default(50_000_000),
        responseBytes: query.responseBytes.default(268_435_456),
        queryBytes: query.queryBytes.default(16_384),
        depth: query.depth.default(100),
        selectors: query.selectors.default(200),
        // Of expressions without counted repetition no more can stand in a query: each costs at most its length.
        regexCost: query.regexCost.default(20_000),
      })
      .prefault({}),
    slotsPerShard: z
      .int()
      .min(1)
      .default(20)
      .describe('Requests that run on one server at once, a replica of a shard'),
    slotsPerOrg: slots.describe('Requests of one org that run at once'),
    slotsPerTeam: slots.describe('Requests of one team that run at once'),
    slotsPerServiceAccount: slots.describe('Requests of one service account that run at once'),
    slotsPerDataSource: slots.describe('Requests to one data source that run at once'),
    maxQueued: z.int().min(1).default(200).describe('Requests of one org that may wait for a slot'),
    queueWait: duration.prefault('10s').describe('Longest wait for a slot, then 429'),
    slowQuery: duration.prefault('5s').describe('Queries that take longer are listed as slow'),
    orgRate: rate.optional().describe('Requests per second of one org; absent: unlimited'),
    principalRate: rate.optional().describe('Requests per second of one user or service account'),
    overrides: z
      .array(
        z
          .strictObject({
            org: uid.describe('Uid of the org'),
            team: uid.optional().describe('Only for members of this team'),
            role: uid.optional().describe('Only for those who have this role by a grant; no rate'),
            serviceAccount: uid.optional().describe('Only for this service account'),
            dataSource: uid.optional().describe('Only for this data source'),
            query: z.strictObject(query).partial().default({}),
            slots: slots.describe('Requests that run at once'),
            rate: rate.optional().describe('Requests per second'),
            weight: z
              .number()
              .min(0.1)
              .max(100)
              .optional()
              .describe('Turns of the org for each of another one; only where nothing but the org is named'),
          })
          .refine(
            ({ team, role, serviceAccount, dataSource }) =>
              [team, role, serviceAccount, dataSource].filter((one) => one !== undefined).length <= 1,
            'name one of team, role, serviceAccount and dataSource',
          )
          // Rates count before it is known what a caller may do.
          .refine((one) => one.role === undefined || one.rate === undefined, 'a role has no rate'),
      )
      .default([])
      .describe(
        'Limits of an org, or of a team, role, service account or data source of it; the strictest holds',
      ),
  })
}
