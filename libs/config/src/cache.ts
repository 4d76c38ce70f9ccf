import { z } from 'zod'

/** Pieces of the schema that other parts use too. */
interface Parts {
  readonly duration: z.ZodType<number, string>
  readonly secret: z.ZodType<{ value?: string | undefined; file?: string | undefined }>
}

/** The schema of the key `cache`: the results cache. */
export function createCacheSchema({ duration, secret }: Parts) {
  const freshness = duration.describe('Samples younger than this are never kept')
  const outOfOrderWindow = duration.describe(
    'Out-of-order window of the shards; samples younger than this are never kept either',
  )
  return z.strictObject({
    enabled: z.boolean().default(true).describe('Without it every request asks the shards'),
    maxBytes: z
      .int()
      .min(1_048_576)
      .default(268_435_456)
      .describe('Memory of the results cache, bytes, shared out to the processes of a gateway'),
    maxEntryBytes: z
      .int()
      .min(1)
      .default(4_194_304)
      .describe('Larger answers of one shard are passed on as they come, not cached'),
    maxMergedBytes: z
      .int()
      .min(1)
      .default(16_777_216)
      .describe(
        'Answers put together from several shards, which are whole in memory anyway, are cached up to this size',
      ),
    freshness: freshness.prefault('1m'),
    outOfOrderWindow: outOfOrderWindow.prefault('0s'),
    maxAge: duration.prefault('6h').describe('Longest time anything is kept'),
    repeatTtl: duration
      .prefault('2s')
      .describe('An instant or range query repeated exactly within this time gets the same answer'),
    lookupTtl: duration
      .prefault('30s')
      .describe('Time that series, labels, label values and metadata are kept'),
    errorTtl: duration
      .refine((ms) => ms <= 2_000, 'at most 2s')
      .prefault('1s')
      .describe('Time that an error the query itself causes is kept'),
    dataSources: z
      .array(
        z.strictObject({
          org: z.string().min(1).describe('Uid of the org'),
          dataSource: z.string().min(1).describe('Uid of the data source'),
          freshness: freshness.optional(),
          outOfOrderWindow: outOfOrderWindow.optional(),
        }),
      )
      .default([])
      .describe('Data sources with a freshness bound of their own'),
    redis: z
      .strictObject({
        url: z.string().min(1).optional().describe('redis:// or rediss:// URL of the shared second level'),
        urlFile: z.string().min(1).optional().describe('File that holds the URL'),
        prefix: z.string().min(1).default('gatehouse').describe('What keys begin with'),
        secret: secret.describe('Signs entries; every gateway that shares them has the same one'),
        timeout: duration
          .refine((ms) => ms <= 12, 'at most 12ms')
          .prefault('10ms')
          .describe('Longest time one command to Redis may take; a request waits for five at most'),
      })
      .optional(),
  })
}
