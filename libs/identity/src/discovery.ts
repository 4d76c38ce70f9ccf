import { GatehouseError } from '@gatehouse/errors'
import { z } from 'zod'
import { type IssuerFetch, originsOf } from './issuer-fetch.ts'

const endpoint = z.url({ protocol: /^https?$/ })

/** The members of OpenID Connect Discovery 1.0 §3 that are used here; the rest is dropped. */
const metadataSchema = z.object({
  issuer: z.string(),
  authorization_endpoint: endpoint,
  token_endpoint: endpoint,
  jwks_uri: endpoint,
  end_session_endpoint: endpoint.exactOptional(),
  userinfo_endpoint: endpoint.exactOptional(),
  authorization_response_iss_parameter_supported: z.boolean().exactOptional(),
  token_endpoint_auth_methods_supported: z.array(z.string()).exactOptional(),
})

/** A discovery document whose issuer is the configured one. */
export type IssuerMetadata = z.output<typeof metadataSchema>

function refuse(detail: string): GatehouseError {
  return new GatehouseError('unavailable', 'the identity provider is not available', {
    detail,
    retryAfter: 5,
  })
}

async function readMetadata(
  issuer: string,
  fetch: IssuerFetch,
  origins: ReadonlySet<string>,
): Promise<IssuerMetadata> {
  const url = `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`
  const response = await fetch(url, { headers: { accept: 'application/json' } })
  if (response.status !== 200) throw refuse(`${url} answered ${response.status}`)
  const document: unknown = await response.json().catch(() => undefined)
  const result = metadataSchema.safeParse(document)
  if (!result.success) throw refuse(`${url} is not a discovery document: ${z.prettifyError(result.error)}`)
  if (result.data.issuer !== issuer)
    throw refuse(`${url} names the issuer ${result.data.issuer}, not ${issuer}`)
  for (const name of [
    'authorization_endpoint',
    'token_endpoint',
    'jwks_uri',
    'end_session_endpoint',
    'userinfo_endpoint',
  ] as const) {
    const value = result.data[name]
    if (value !== undefined && !origins.has(new URL(value).origin))
      throw refuse(`${name} ${value} is neither on the issuer's own origin nor on one of endpointOrigins`)
  }
  return result.data
}

/**
 * Reads an issuer's metadata on first use and again every hour. A failure is remembered for 5 s, so callers meet an issuer that is
 * down at once and do not storm it; metadata already read stays in use meanwhile.
 * @throws GatehouseError `unavailable` from the returned function.
 */
export function createDiscovery(
  { issuer, endpointOrigins = [] }: { readonly issuer: string; readonly endpointOrigins?: readonly string[] },
  fetch: IssuerFetch,
  now: () => number = Date.now,
): () => Promise<IssuerMetadata> {
  const origins = originsOf(issuer, endpointOrigins)
  let known: { metadata: IssuerMetadata; readAt: number } | undefined
  let failed: { error: unknown; at: number } | undefined
  let pending: Promise<IssuerMetadata> | undefined

  const read = async (): Promise<IssuerMetadata> => {
    try {
      const metadata = await readMetadata(issuer, fetch, origins)
      known = { metadata, readAt: now() }
      failed = undefined
      return metadata
    } catch (error) {
      failed = { error, at: now() }
      if (known !== undefined) return known.metadata
      throw error
    } finally {
      pending = undefined
    }
  }
  return async () => {
    if (known !== undefined && now() - known.readAt < 3_600_000) return known.metadata
    if (failed !== undefined && now() - failed.at < 5_000) {
      if (known !== undefined) return known.metadata
      throw failed.error
    }
    pending ??= read()
    return pending
  }
}
