import { z } from 'zod'
import { isNetwork } from './network.ts'

/** Pieces of the schema that other parts use too. */
interface Parts {
  readonly duration: z.ZodType<number, string>
}

function isAddressEntry(entry: string): boolean {
  return isNetwork(entry) || /^(\*\.)?[a-z0-9_]([a-z0-9_.-]*[a-z0-9_])?$/.test(entry)
}

const file = z.string().min(1)

const tls = z.strictObject({
  caFile: file.optional().describe('Certificates (PEM) that are trusted instead of the system’s'),
  certFile: file.optional().describe('Client certificate (PEM)'),
  keyFile: file.optional().describe('Key of the client certificate (PEM)'),
  serverName: z
    .string()
    .min(1)
    .optional()
    .describe('Name the certificate must have; default: the URL’s host'),
})

/** What the client sets itself, and what belongs to one connection: never a credential. */
const reserved =
  /^(host|connection|keep-alive|te|trailer|upgrade|transfer-encoding|content-.*|accept.*|expect|proxy-.*)$/i

const header = z.strictObject({
  name: z
    .string()
    .regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/)
    .refine((name) => !reserved.test(name), 'a header that the client itself sets'),
  value: z.string().min(1).optional(),
  file: file.optional().describe('File that holds the value'),
})

const connection = z
  .strictObject({
    url: z
      .url({ protocol: /^https?$/ })
      .refine((value) => !/[?#@]/.test(value), 'a URL without query or user')
      .describe('Base URLs that begin with it are reached so; the host may begin with `*.`'),
    tls: tls.optional(),
    basic: z
      .strictObject({ username: z.string().regex(/^[^:]+$/), passwordFile: file })
      .optional()
      .describe('Basic authentication'),
    bearerFile: file.optional().describe('File that holds a bearer token'),
    headers: z.array(header).default([]).describe('Headers to send'),
  })
  .refine(({ basic, bearerFile }) => basic === undefined || bearerFile === undefined, 'basic or bearerFile')
  .refine(
    ({ tls: { certFile, keyFile } = {} }) => (certFile === undefined) === (keyFile === undefined),
    'certFile and keyFile go together',
  )
  .refine(({ url, tls: of }) => of === undefined || url.startsWith('https:'), 'tls is for https')
  .refine(
    ({ headers }) => headers.every((one) => (one.value === undefined) !== (one.file === undefined)),
    'a header has a value or a file',
  )

/** The schema of the key `upstream`: how replicas and Alertmanagers are reached. */
export function upstreamSchema({ duration }: Parts) {
  return z.strictObject({
    allowedAddresses: z
      .array(z.string().refine(isAddressEntry, 'an IP address, a CIDR, or a host such as *.prom.svc'))
      .default([])
      .describe(
        'IP addresses, CIDRs and hosts that upstreams may have; empty: all but link-local, metadata and multicast addresses, which are refused unless named here',
      ),
    connections: z.array(connection).default([]).describe('TLS and credentials by base URL'),
    idleTimeout: duration
      .prefault('30s')
      .describe('Longest pause within an answer, of a replica sending it or a client reading it'),
    connectTimeout: duration
      .prefault('1s')
      .describe('Time to connect to a replica before the next one is tried'),
    headersTimeout: duration.prefault('45s').describe('Time until a replica starts to answer'),
    fillGaps: z
      .boolean()
      .default(false)
      .describe(
        'Whether all replicas of a shard are asked, so that one fills the gaps of another; see docs/upstreams.md',
      ),
    maxConnections: z.int().min(1).default(64).describe('Connections per replica'),
    maxResponseBytes: z
      .int()
      .default(268_435_456)
      .describe('Longest answer of a shard, bytes; the answer is aborted above'),
  })
}
