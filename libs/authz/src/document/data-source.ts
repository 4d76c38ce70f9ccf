import { parseDuration } from '@gatehouse/promql'
import { z } from 'zod'
import { baseUrl, selector, tenant, text, uid } from './fields.ts'

const replica = z.strictObject({ name: z.string().min(1).max(63), url: baseUrl })

const duration = z
  .string()
  .refine((value) => (parseDuration(value) ?? 0) > 0, 'a duration as PromQL writes it: 15s, 1h30m')

/** A duration, so long ago, or an RFC 3339 time. */
const moment = z.union([duration, z.iso.datetime({ offset: true })])

const samples = z
  .strictObject({
    from: moment.optional().describe('Holds all samples since then'),
    until: moment.optional().describe('Holds all samples up to then'),
  })
  .refine(({ from, until }) => from !== undefined || until !== undefined, 'from or until is missing')

const tenantHash = z
  .strictObject({ modulus: z.int().min(1).max(4096), remainder: z.int().min(0) })
  .refine(({ modulus, remainder }) => remainder < modulus, 'the remainder is not below the modulus')

/** A shard: which series it holds, and where. */
export const shard = z
  .strictObject({
    name: z
      .string()
      .min(1)
      .max(63)
      .refine((value) => value !== 'engine', 'engine is the name of the global engine'),
    tenants: z.array(tenant).default([]).describe('Tenants whose series live here'),
    tenantHash: tenantHash
      .optional()
      .describe('Instead of tenants: those of the org that Prometheus’s hashmod gives this remainder'),
    series: selector
      .optional()
      .describe('What holds for every series here, such as {env="prod"} or {__name__=~"node_.*"}'),
    samples: samples
      .optional()
      .describe('Which samples it holds, where another shard has older or newer ones of the same series'),
    replicas: z.array(replica).min(1),
  })
  .refine(
    ({ tenants, tenantHash: hash }) => (tenants.length === 0) === (hash !== undefined),
    'either tenants or tenantHash',
  )

/** Kinds of server that the shards of a data source can be. */
export const backends = ['prometheus', 'mimir', 'victoriametrics', 'thanos'] as const

/** A data source. */
export const dataSource = z.strictObject({
  uid: uid.refine((value) => value !== 'all', 'all is the uid of every data source together'),
  name: text,
  tenantLabel: z
    .string()
    .regex(/^[A-Za-z_][A-Za-z0-9_]*$/)
    .default('tenant'),
  backend: z
    .enum(backends)
    .default('prometheus')
    .describe('What its shards run: others than Prometheus are handed the constraints in their own form'),
  shards: z.array(shard).min(1),
  alertmanagerUrl: baseUrl.optional().describe('Alertmanager that its rules notify'),
  engineUrl: baseUrl
    .optional()
    .describe('Server that sees all shards: it takes the queries that are not exact over them'),
  evaluationInterval: duration
    .optional()
    .describe('Step of sub-queries that name none; default: asked of the shards'),
  partialResponse: z
    .boolean()
    .default(false)
    .describe('Whether callers who ask for it get an answer when shards are missing'),
})
