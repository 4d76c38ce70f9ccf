import { z } from 'zod'

/** What may be stopped. */
export const stopKinds = ['tenant', 'principal', 'fingerprint'] as const

const time = z.string().describe('RFC 3339')
const reason = z.string().trim().min(1).max(500)

export const stopSchema = z.strictObject({
  uid: z.string(),
  kind: z.enum(stopKinds),
  value: z.string().describe('The tenant, the uid of the user or service account, or the fingerprint'),
  reason: z.string(),
  createdBy: z.string(),
  createdAt: time,
  expiresAt: time.nullable(),
})

export const newStopSchema = z.strictObject({
  kind: z.enum(stopKinds),
  value: z.string().min(1).max(256),
  reason: reason.describe('Shown to those it stops'),
  minutes: z
    .int()
    .min(1)
    .max(43_200)
    .optional()
    .describe('Until it ends by itself; default: until it is deleted'),
})

export const cancelSchema = z.strictObject({ reason: reason.describe('Shown to who asked') })

const asked = {
  requestId: z.string(),
  principalUid: z.string(),
  dataSourceUid: z.string(),
  endpoint: z.string(),
  query: z
    .string()
    .nullable()
    .describe('The query, or the `match[]` of a look-up; null for those of another org'),
  fingerprint: z.string(),
}

export const runningSchema = z.strictObject({
  uid: z.string(),
  ...asked,
  startedAt: time,
  seconds: z.number(),
})

export const slowSchema = z.strictObject({
  uid: z.string(),
  at: time,
  ...asked,
  dashboardUid: z.string(),
  seconds: z.number(),
  samples: z.number(),
  bytes: z.number(),
  cache: z.string(),
})

export const costSchema = z.strictObject({
  key: z.string().describe('Empty where it is not known'),
  queries: z.number(),
  failed: z.number(),
  fromCache: z.number(),
  samples: z.number(),
  seconds: z.number(),
  bytes: z.number(),
})
