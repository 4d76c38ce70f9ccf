import * as z from 'zod/mini'
import { ask } from './client.ts'

const issuer = z.object({
  name: z.string(),
  title: z.string(),
  signInPath: z.string(),
  isAvailable: z.boolean(),
})

/** An identity provider to sign in with. */
export type SignInIssuer = z.output<typeof issuer>

export async function readIssuers(signal: AbortSignal): Promise<SignInIssuer[]> {
  const { issuers } = await ask('/api/v1/issuers', z.object({ issuers: z.array(issuer) }), { signal })
  return issuers
}
