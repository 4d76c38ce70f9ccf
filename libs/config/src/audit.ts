import { z } from 'zod'

/** Pieces of the schema that other parts use too. */
interface Parts {
  readonly duration: z.ZodType<number, string>
}

const url = z.url({ protocol: /^https?$/ })
const name = z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'lower-case letters, digits and dashes')
const headers = z
  .record(z.string().regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/), z.string())
  .default({})
  .describe('Headers to send')
const authorizationFile = z
  .string()
  .min(1)
  .optional()
  .describe('File that holds the value of the Authorization header')

const anchor = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('file'), name, path: z.string().min(1) }),
  z.strictObject({
    kind: z.literal('http'),
    name,
    url: z.string().min(1).describe('`{number}` stands for the checkpoint’s number'),
    method: z.enum(['POST', 'PUT']).default('POST'),
    headers,
    authorizationFile,
  }),
])

const identities = z
  .boolean()
  .default(false)
  .describe('Send the names behind pseudonyms too; erasing an identity does not reach them there')
const sink = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('stdout'), name, identities }),
  z.strictObject({ kind: z.literal('file'), name, identities, path: z.string().min(1) }),
  z.strictObject({ kind: z.literal('webhook'), name, identities, url, headers, authorizationFile }),
  z.strictObject({ kind: z.literal('otlp'), name, identities, url, headers, authorizationFile }),
  z.strictObject({
    kind: z.literal('syslog'),
    name,
    identities,
    host: z.string().min(1),
    port: z.int().min(1).max(65_535),
    transport: z.enum(['tcp', 'tls', 'udp']).default('tls'),
    facility: z.int().min(0).max(23).default(13),
  }),
])

const days = z.int().min(1).optional()

/** Names must tell the entries of a list apart. */
function areDistinct(list: readonly { readonly name: string }[]): boolean {
  return new Set(list.map((entry) => entry.name)).size === list.length
}

/** The schema of the key `audit`. */
export function auditSchema({ duration }: Parts) {
  return z.strictObject({
    spoolDir: z
      .string()
      .min(1)
      .default('audit-spool')
      .describe('Folder of the local audit spool, relative to the configuration file; must survive restarts'),
    level: z
      .enum(['write', 'fsync'])
      .default('write')
      .describe('When an event counts as durable: written to the operating system, or flushed to the disk'),
    maxBytes: z
      .int()
      .min(1_048_576)
      .default(268_435_456)
      .describe('Unshipped events the spool may hold, bytes; answers are refused with 503 above'),
    signingKeyFile: z
      .string()
      .min(1)
      .optional()
      .describe(
        'Ed25519 private key that seals the log and signs exports (gatehouse audit keygen); without it neither is done',
      ),
    sealEvery: duration.prefault('1m').describe('Time between checkpoints'),
    retentionDays: z
      .strictObject({
        query: days.describe('Queries and reading; for ever if not given'),
        identity: days.describe('Sign-in and sessions; for ever if not given'),
        change: days.describe('Changes, the audit log itself and the system; for ever if not given'),
      })
      .prefault({}),
    anchors: z
      .array(anchor)
      .default([])
      .refine(areDistinct, 'names must differ')
      .describe('Places outside the database that keep copies of checkpoints: kind file or http'),
    sinks: z
      .array(sink)
      .default([])
      .refine(areDistinct, 'names must differ')
      .describe('Systems that get a copy of the log: kind stdout, file, webhook, otlp or syslog'),
    labelValues: z
      .strictObject({
        keyFile: z.string().min(1).describe('File of 32 random bytes in base64'),
        keep: z.array(z.string()).default([]).describe('Labels whose values are kept in the clear'),
        orgs: z.array(z.string()).optional().describe('Only for these orgs; all if not given'),
      })
      .optional()
      .describe('Keep label values of queries as keyed hashes'),
  })
}
