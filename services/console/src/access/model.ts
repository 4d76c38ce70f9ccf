import * as z from 'zod/mini'

export const subject = z.object({ kind: z.enum(['user', 'team', 'service-account']), uid: z.string() })
export type Subject = z.output<typeof subject>

export const where = z.object({
  kind: z.enum(['org', 'folder', 'data-source', 'dashboard', 'team']),
  uid: z.optional(z.string()),
})
export type Where = z.output<typeof where>

export const grant = z.object({
  uid: z.string(),
  subject,
  role: z.string(),
  where,
  constraints: z.array(z.string()),
  notBefore: z.nullable(z.string()),
  expiresAt: z.nullable(z.string()),
  reason: z.string(),
})
export type Grant = z.output<typeof grant>
export const grants = z.object({ items: z.array(grant), next: z.nullable(z.string()) })

export const permission = z.object({ action: z.string(), scope: z.string() })
export const role = z.object({
  name: z.string(),
  version: z.number(),
  description: z.string(),
  isShipped: z.boolean(),
  permissions: z.array(permission),
})
export type Role = z.output<typeof role>
export const roles = z.object({ items: z.array(role) })

export const team = z.object({ uid: z.string(), name: z.string(), idpGroups: z.array(z.string()) })
export type Team = z.output<typeof team>
export const teams = z.object({ items: z.array(team), next: z.nullable(z.string()) })
export const members = z.object({
  items: z.array(z.object({ uid: z.string(), name: z.string(), source: z.enum(['sso', 'manual']) })),
})

export const user = z.object({
  uid: z.string(),
  name: z.string(),
  isDisabled: z.boolean(),
  teams: z.array(z.object({ uid: z.string(), source: z.string() })),
})
export type User = z.output<typeof user>
export const users = z.object({ items: z.array(user), next: z.nullable(z.string()) })

export const account = z.object({
  uid: z.string(),
  name: z.string(),
  teamUid: z.nullable(z.string()),
  isDisabled: z.boolean(),
})
export type Account = z.output<typeof account>
export const accounts = z.object({ items: z.array(account), next: z.nullable(z.string()) })

export const token = z.object({
  uid: z.string(),
  name: z.string(),
  prefix: z.string(),
  sourceCidrs: z.array(z.string()),
  createdAt: z.string(),
  expiresAt: z.string(),
  revokedAt: z.nullable(z.string()),
  lastUsedAt: z.nullable(z.string()),
})
export type Token = z.output<typeof token>
export const tokens = z.object({ items: z.array(token) })
export const newToken = z.extend(token, { token: z.string() })

export const sources = z.object({
  items: z.array(z.object({ uid: z.string(), name: z.string(), tenantLabel: z.string() })),
})

const constraints = z.object({ selectors: z.array(z.string()), words: z.array(z.string()) })
const because = z.object({ grantUid: z.string(), role: z.string(), via: z.string() })

/** What `/access/explain` answers. */
export const explained = z.object({
  allowed: z.boolean(),
  reason: z.nullable(z.string()),
  firstFailing: z.nullable(z.string()),
  constraints: z.nullable(constraints),
  overlap: z.nullable(z.string()),
  paths: z.array(
    z.object({
      groups: z.array(z.string()),
      source: z.nullable(z.string()),
      grant,
      role: z.nullable(z.object({ name: z.string(), version: z.number() })),
      permissions: z.array(z.string()),
      fails: z.nullable(z.string()),
    }),
  ),
  policyVersion: z.string(),
})
export type Explained = z.output<typeof explained>

/** What `/access/who` answers. */
export const who = z.object({
  items: z.array(
    z.object({
      kind: z.enum(['user', 'service-account']),
      uid: z.string(),
      name: z.string(),
      because: z.array(because),
      until: z.nullable(z.string()),
      constraints,
      overlap: z.enum(['all', 'some', 'none']),
    }),
  ),
  next: z.nullable(z.string()),
})
export type Holder = z.output<typeof who>['items'][number]

const view = z.extend(constraints, { onlyDashboards: z.boolean() })

/** What `/access/preview` answers. */
export const previewed = z.object({
  items: z.array(
    z.object({
      kind: z.enum(['user', 'service-account', 'team']),
      uid: z.string(),
      name: z.string(),
      gained: z.array(z.string()),
      lost: z.array(z.string()),
      series: z.array(
        z.object({
          dataSource: z.string(),
          actions: z.array(z.string()),
          change: z.enum(['gained', 'lost', 'widened', 'narrowed', 'changed']),
          before: view,
          after: view,
        }),
      ),
    }),
  ),
  next: z.nullable(z.string()),
  counts: z.object({
    accounts: z.number(),
    gained: z.number(),
    lost: z.number(),
    widened: z.number(),
    narrowed: z.number(),
    changed: z.number(),
  }),
  notHeld: z.array(z.string()),
})
export type Previewed = z.output<typeof previewed>

/** What somebody may do, all in all. */
export const access = z.object({
  kind: z.string(),
  uid: z.string(),
  name: z.string(),
  teams: z.array(z.object({ uid: z.string(), name: z.string() })),
  grants: z.array(grant),
  permissions: z.array(z.string()),
  dataSources: z.array(
    z.object({
      uid: z.string(),
      name: z.string(),
      url: z.string(),
      words: z.array(z.string()),
      selectors: z.array(z.string()),
      because: z.array(because),
    }),
  ),
})

export const guardrail = z.object({ uid: z.string(), selector: z.string(), reason: z.string() })
export type Guardrail = z.output<typeof guardrail>
export const guardrails = z.object({ items: z.array(guardrail) })

const placed = z.object({ kind: z.string(), uid: z.string() })
export const request = z.object({
  uid: z.string(),
  userUid: z.string(),
  role: z.string(),
  where: placed,
  hours: z.number(),
  reason: z.string(),
  status: z.enum(['pending', 'approved', 'denied', 'withdrawn']),
  createdAt: z.string(),
  decidedAt: z.nullable(z.string()),
  note: z.string(),
  grantUid: z.nullable(z.string()),
  mayDecide: z.optional(z.boolean()),
})
export type AccessRequest = z.output<typeof request>
export const requests = z.object({ items: z.array(request) })

export const breakGlass = z.object({
  uid: z.string(),
  openedBy: z.string(),
  where: placed,
  reason: z.string(),
  grantUid: z.string(),
  openedAt: z.string(),
  expiresAt: z.string(),
  closedAt: z.nullable(z.string()),
  reviewedBy: z.nullable(z.string()),
  reviewedAt: z.nullable(z.string()),
  reviewNote: z.string(),
  requests: z.optional(z.number()),
})
export type BreakGlass = z.output<typeof breakGlass>
export const breakGlasses = z.object({ items: z.array(breakGlass) })

const effect = z.enum(['newly-denied', 'newly-allowed', 'narrowed', 'widened', 'changed'])
export type Effect = z.output<typeof effect>
const asker = z.object({ kind: z.enum(['user', 'service-account']), uid: z.string(), name: z.string() })
const purpose = { dashboard: z.nullable(z.string()), alert: z.nullable(z.string()) }

const rehearsalSummary = z.object({
  uid: z.string(),
  state: z.enum(['running', 'done', 'failed']),
  progress: z.number(),
  requests: z.number(),
  failure: z.nullable(z.string()),
  since: z.string(),
  until: z.string(),
  documentSha256: z.string(),
  createdBy: z.string(),
  createdAt: z.string(),
  attachedTo: z.array(z.object({ change: z.string(), by: z.string(), at: z.string() })),
})
export type RehearsalSummary = z.output<typeof rehearsalSummary>
export const rehearsals = z.object({ items: z.array(rehearsalSummary) })

const rehearsalReport = z.object({
  requests: z.number(),
  unchanged: z.number(),
  counts: z.record(effect, z.object({ lines: z.number(), requests: z.number() })),
  unjudged: z.object({
    requests: z.number(),
    lines: z.array(
      z.object({
        who: asker,
        dataSource: z.string(),
        ...purpose,
        requests: z.number(),
        teams: z.array(z.string()),
        ifIn: z.string(),
        ifNot: z.string(),
      }),
    ),
    omitted: z.number(),
  }),
  cautions: z.array(z.string()),
  lines: z.array(
    z.object({
      effect,
      who: asker,
      dataSource: z.string(),
      ...purpose,
      via: z.nullable(z.string()),
      allowed: z.number(),
      denied: z.number(),
      lastAt: z.string(),
      before: z.array(z.string()),
      after: z.array(z.string()),
      reason: z.nullable(z.string()),
    }),
  ),
  omitted: z.number(),
})
export type RehearsalReport = z.output<typeof rehearsalReport>
export type RehearsedLine = RehearsalReport['lines'][number]

/** A rehearsal with its report, once it is done. */
export const rehearsal = z.extend(rehearsalSummary, { report: z.nullable(rehearsalReport) })
export type RehearsalRecord = z.output<typeof rehearsal>
