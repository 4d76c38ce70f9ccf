import { z } from 'zod'

const named = z.strictObject({ uid: z.string(), name: z.string() })

/** Who I am and what I may query. */
export const meSchema = z.strictObject({
  kind: z.enum(['user', 'service-account']),
  uid: z.string(),
  name: z.string(),
  /** Identity provider of a person. */
  issuer: z.strictObject({ name: z.string(), title: z.string() }).nullable(),
  org: named,
  /** All orgs of the caller; name another one in `X-Gatehouse-Org`. */
  orgs: z.array(named),
  teams: z.array(named),
  /** Each role of the caller once per path to it. */
  roles: z.array(
    z.strictObject({ name: z.string(), description: z.string(), via: z.string(), where: z.string() }),
  ),
  dataSources: z.array(
    named.extend({
      /** Base URL for Prometheus clients. */
      url: z.string(),
      /** One phrase and one selector per alternative; a series must fit one of them. */
      words: z.array(z.string()),
      selectors: z.array(z.string()),
      because: z.array(z.strictObject({ role: z.string(), via: z.string(), grantUid: z.string() })),
    }),
  ),
  /** Actions of the caller's roles, wherever they hold; what may be done to one resource is decided when it is asked for. */
  actions: z.array(z.string()),
  /** Whether the org is the platform's, which manages the others. */
  isPlatform: z.boolean(),
  /** Where else the person can go; null for what is not configured. */
  links: z.strictObject({ grafana: z.string().nullable() }),
  policyVersion: z.string(),
})

export type Me = z.output<typeof meSchema>
