import { renameSync, writeFileSync } from 'node:fs'
import { z } from 'zod'

const url = z.string()
const named = z.strictObject({ name: z.string(), url })

/** Shape of `ready.json`: what runs where and who can sign in, for scripts and tests. It holds secrets. */
export const readySchema = z.strictObject({
  gateway: url,
  control: url,
  idp: url,
  /** `url` is the base for Prometheus clients: they add `/api/v1/…`. */
  dataSources: z.array(z.strictObject({ uid: z.string(), org: z.string(), name: z.string(), url })),
  shards: z.array(
    z.strictObject({ name: z.string(), tenants: z.array(z.string()), replicas: z.array(named) }),
  ),
  people: z.array(
    z.strictObject({
      name: z.string(),
      email: z.string(),
      signIn: z.string(),
      password: z.string(),
      org: z.string(),
      groups: z.array(z.string()),
      teams: z.array(z.string()),
      role: z.string(),
    }),
  ),
  tokens: z.array(z.strictObject({ name: z.string(), org: z.string(), team: z.string(), token: z.string() })),
  /** Client that gets access tokens for itself (client credentials) at the identity provider. */
  machine: z.strictObject({ clientId: z.string(), clientSecret: z.string(), groups: z.array(z.string()) }),
})

export type Ready = z.output<typeof readySchema>

/** Writes `ready.json`, mode 0600, in one go: who finds it finds all of it. */
export function writeReady(file: string, ready: Ready): void {
  writeFileSync(`${file}.new`, JSON.stringify(readySchema.parse(ready), undefined, 2), { mode: 0o600 })
  renameSync(`${file}.new`, file)
}
