import { z } from 'zod'
import { auditSchema } from './audit.ts'
import { createCacheSchema } from './cache.ts'
import { createLimitsSchema, rate } from './limits.ts'
import { isNetwork } from './network.ts'
import { upstreamSchema } from './upstream.ts'

const listenAddress = z
  .string()
  .regex(/^(\[[0-9a-fA-F:]+\]|[^:\s]*):\d{1,5}$/, 'host:port, for example 127.0.0.1:9091')
  .describe('Address to listen on, host:port; port 0 picks a free one')
const duration = z
  .string()
  .regex(/^(\d+(ms|s|m|h|d))+$/, 'a duration such as 30s, 5m, 1h30m')
  .transform(durationMs)
const url = z.url({ protocol: /^https?$/ })

/** Certificate and key of a listener. */
const listenTls = z
  .strictObject({
    certFile: z.string().min(1).describe('Certificate chain (PEM); read again when it changes'),
    keyFile: z.string().min(1).describe('Its key (PEM)'),
  })
  .optional()
  .describe('Listens with TLS, 1.2 or newer')
const proxies = z.array(z.string().refine(isNetwork, 'an IP address or CIDR')).default([])
/** A secret is written in the file it is read from, or inline for local use. */
const secret = z.strictObject({ value: z.string().min(1).optional(), file: z.string().min(1).optional() })

function durationMs(text: string): number {
  const unit: Record<string, number> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }
  let total = 0
  for (const [, digits, name] of text.matchAll(/(\d+)(ms|s|m|h|d)/g))
    total += Number(digits) * (unit[name ?? ''] ?? 0)
  return total
}

/** Claims that people often choose themselves: no ground for access. */
const chosenClaims = /^(email|(nick|given_|family_|unique_)?name|preferred_username|upn)$/

const attribute = z
  .string()
  .max(100)
  .regex(/^[^=\s]+$/, 'the name or dotted path of a claim')
  .refine(
    (claim) => !chosenClaims.test(claim),
    'names and addresses say nothing of access: people may choose them',
  )

const issuer = z.strictObject({
  name: z
    .string()
    .regex(/^[a-z0-9-]+$/)
    .describe('Stable name of this identity provider, used in callback URLs'),
  title: z.string().min(1).optional().describe('What the sign-in button calls it; default: its name'),
  issuer: url.describe('OIDC issuer; discovery is read below it'),
  clientId: z.string().min(1),
  clientSecret: secret.optional(),
  scopes: z.array(z.string()).default(['openid', 'profile', 'email', 'groups']),
  groupsClaim: z.string().default('groups').describe('Claim that lists the IdP groups'),
  attributes: z
    .array(attribute)
    .max(16)
    .default([])
    .describe(
      'Claims (names or dotted paths) whose values are groups, too, called `claim:<name of the issuer>:<claim>=<value>`; only such that people cannot change themselves',
    ),
  subjectClaim: z
    .enum(['sub', 'oid'])
    .default('sub')
    .describe(
      'Claim that says who somebody is; `oid` for Entra ID, whose `sub` differs from application to application',
    ),
  audience: z.string().default('gatehouse').describe('Audience that bearer access tokens must carry'),
  idTokenAudiences: z
    .array(z.string().min(1))
    .default([])
    .describe(
      'Client ids whose ID tokens are accepted in X-Id-Token, such as that of Grafana; none by default',
    ),
  algorithms: z
    .array(z.enum(['RS256', 'PS256', 'ES256', 'ES384', 'EdDSA']))
    .min(1)
    .default(['RS256']),
  endpointOrigins: z
    .array(z.url({ protocol: /^https$/ }))
    .default([])
    .describe(
      'Other origins that the discovery document may name for endpoints and keys, such as https://oauth2.googleapis.com; default: only its own',
    ),
  recheckEvery: duration
    .prefault('10m')
    .describe('How often the issuer is asked about people with a session again, if it gives refresh tokens'),
  recheckWithin: duration
    .prefault('1h')
    .describe('A session whose issuer gave no good answer for so long ends; at least recheckEvery'),
})

/** Two of one name would share a callback and the names of attributes. */
/** Bearer tokens and re-checks find an issuer by its URL, so that one URL can have one client only. */
function areElsewhere(issuers: readonly { readonly issuer: string }[]): boolean {
  return new Set(issuers.map(({ issuer: at }) => at)).size === issuers.length
}

function areNamedApart(issuers: readonly { readonly name: string }[]): boolean {
  return new Set(issuers.map(({ name }) => name)).size === issuers.length
}

/** Results cache. */
export const cacheSchema = createCacheSchema({ duration, secret })

const notifications = z.strictObject({
  smtp: z
    .strictObject({
      host: z.string().min(1).describe('Mail server'),
      port: z.int().min(1).max(65_535).default(587),
      tls: z
        .enum(['starttls', 'implicit', 'none'])
        .default('starttls')
        .describe('How the connection is encrypted; `none` only for a mail server on this machine'),
      username: z.string().min(1).optional(),
      password: secret.optional(),
      from: z.email().describe('Sender of all mail'),
    })
    .optional(),
  dataOwners: z
    .array(
      z.strictObject({
        org: z.string().min(1).describe('Uid of the org'),
        emails: z.array(z.email()).default([]).describe('Who is told by mail'),
        webhook: z
          .strictObject({
            url: url.describe('Where notices are posted as JSON; redirects are not followed'),
            secret: secret.describe('Signs each notice: X-Gatehouse-Signature is its HMAC-SHA-256'),
          })
          .optional(),
      }),
    )
    .default([])
    .describe('Who is told at once when break-glass access to an org is opened'),
})

/** Limits and fairness. */
export const limitsSchema = createLimitsSchema({ duration })

/** The one configuration schema. Unknown keys are refused. */
export const configSchema = z.strictObject({
  database: z.strictObject({
    url: z.string().min(1).optional().describe('Postgres URL of the application role (no BYPASSRLS)'),
    urlFile: z.string().min(1).optional().describe('File that holds url'),
    adminUrl: z.string().min(1).optional().describe('Postgres URL of the owner role; only migrations use it'),
    adminUrlFile: z.string().min(1).optional().describe('File that holds adminUrl'),
    poolSize: z.int().min(1).max(200).default(10).describe('Connections to Postgres per process'),
  }),
  gateway: z
    .strictObject({
      listenAddress: listenAddress.default('127.0.0.1:9091'),
      externalUrl: url.optional().describe('URL under which clients reach it; https makes cookies Secure'),
      maxUrlBytes: z.int().default(16_384).describe('Longest request URL, bytes; 414 above'),
      maxBodyBytes: z.int().default(1_048_576).describe('Longest request body, bytes; 413 above'),
      deadline: duration.prefault('50s').describe('Longest time one request may take'),
      tls: listenTls,
      trustProxy: proxies.describe('Addresses of proxies whose X-Forwarded-For is believed'),
      notReadyFor: duration
        .prefault('0s')
        .describe('Time on SIGTERM that /-/ready says no before the listener closes; also of control'),
      maxLoopDelay: duration
        .prefault('200ms')
        .describe('How late the process may run, on average of a second, before it answers 503'),
      drain: duration.prefault('10s').describe('Grace for requests in flight on SIGTERM'),
      workers: z
        .int()
        .min(1)
        .max(64)
        .optional()
        .describe('Processes that share the address, the cache and the limits; default: one for each core'),
      maxPolicyStaleness: duration
        .prefault('60s')
        .describe('Without contact to Postgres for longer, queries fail closed'),
    })
    .prefault({}),
  control: z
    .strictObject({
      listenAddress: listenAddress.default('127.0.0.1:9092'),
      externalUrl: url.optional().describe('URL under which clients reach it; https makes cookies Secure'),
      gatewayUrl: url
        .optional()
        .describe('Where control reaches the gateway for the console; default: its listen address'),
      gatewayCaFile: z
        .string()
        .min(1)
        .optional()
        .describe('Certificates (PEM) trusted there instead of the system’s'),
      tls: listenTls,
      trustProxy: z
        .array(z.string())
        .default([])
        .describe('Addresses whose X-Forwarded-* headers are believed'),
      grafanaUrl: url
        .optional()
        .describe(
          'Grafana for the console’s “Open in Grafana”; its data source for people has the uid gw-me',
        ),
      signInBurst: z
        .int()
        .min(1)
        .default(60)
        .describe('Sign-in requests of one address at once; then one a second'),
      principalRate: rate
        .prefault({ perSecond: 20, burst: 200 })
        .describe('Requests of one person, service account or provisioning token, in each process'),
      localAdmin: z
        .strictObject({
          orgs: z
            .array(z.string().min(1))
            .min(1)
            .describe('Uids of orgs; each needs a data owner in notifications, who is told of every use'),
        })
        .optional()
        .describe(
          'Lets whoever has the database’s configuration sign in with a one-time code (gatehouse auth local-admin); absent: nobody',
        ),
      sessionIdle: duration
        .refine((ms) => ms >= 60_000, 'at least 1m')
        .prefault('1h')
        .describe('A session unused for longer ends; at least 1m, as uses are noted every 30 s'),
      sessionLifetime: duration
        .prefault('12h')
        .describe('A session ends after this time however much it is used'),
    })
    .prefault({}),
  issuers: z
    .array(issuer)
    .default([])
    .refine(areNamedApart, 'names must differ')
    .refine(areElsewhere, 'issuer URLs must differ'),
  upstream: upstreamSchema({ duration }).prefault({}),
  cache: cacheSchema.prefault({}),
  limits: limitsSchema.prefault({}),
  audit: auditSchema({ duration }).prefault({}),
  notifications: notifications.prefault({}),
  log: z
    .strictObject({
      level: z.enum(['debug', 'info', 'warn', 'error']).default('info'),
      format: z.enum(['json', 'text']).default('json'),
    })
    .prefault({}),
})

/** Parsed configuration; durations are milliseconds. */
export type Config = z.output<typeof configSchema>
export type GatewayConfig = Config['gateway']
export type ControlConfig = Config['control']
export type IssuerConfig = Config['issuers'][number]
export type AuditConfig = Config['audit']
export type CacheConfig = z.output<typeof cacheSchema>
export type UpstreamConfig = Config['upstream']
export type ListenTls = NonNullable<GatewayConfig['tls']>
export type NotificationsConfig = Config['notifications']
export type LimitsConfig = z.output<typeof limitsSchema>
