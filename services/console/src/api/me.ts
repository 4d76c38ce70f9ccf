import * as z from 'zod/mini'
import { ask } from './client.ts'

const named = z.object({ uid: z.string(), name: z.string() })

const dataSource = z.object({
  uid: z.string(),
  name: z.string(),
  url: z.string(),
  words: z.array(z.string()),
  selectors: z.array(z.string()),
  because: z.array(z.object({ role: z.string(), via: z.string(), grantUid: z.string() })),
})

const me = z.object({
  kind: z.enum(['user', 'service-account']),
  uid: z.string(),
  name: z.string(),
  issuer: z.nullable(z.object({ name: z.string(), title: z.string() })),
  org: named,
  orgs: z.array(named),
  teams: z.array(named),
  roles: z.array(z.object({ name: z.string(), description: z.string(), via: z.string(), where: z.string() })),
  dataSources: z.array(dataSource),
  /** Actions of my roles, wherever they hold. */
  actions: z.array(z.string()),
  isPlatform: z.boolean(),
  /** Where else this person can go; null for what is not configured. */
  links: z._default(z.object({ grafana: z.nullable(z.string()) }), { grafana: null }),
  policyVersion: z.string(),
})

/** Who I am and what I may query. */
export type Me = z.output<typeof me>
export type MyDataSource = z.output<typeof dataSource>

export function readMe(org: string | undefined, signal?: AbortSignal): Promise<Me> {
  return ask('/api/v1/me', me, { org, signal })
}

/** Signs out here; the answer says where to go to sign out at the identity provider too. */
export async function signOut(): Promise<string> {
  const { next } = await ask('/api/v1/sessions/current', z.object({ next: z.string() }), { method: 'DELETE' })
  return next
}
