import { isLoopback, type Issuer, type IssuerMetadata } from '@gatehouse/identity'
import * as client from 'openid-client'

const clockToleranceSeconds = 5

function clientAuthentication(secret: string | undefined, metadata: IssuerMetadata): client.ClientAuth {
  if (secret === undefined) return client.None()
  // Without a list, the specification's default is client_secret_basic (OpenID Connect Discovery 1.0 §3).
  const methods = metadata.token_endpoint_auth_methods_supported ?? ['client_secret_basic']
  return methods.includes('client_secret_basic')
    ? client.ClientSecretBasic(secret)
    : client.ClientSecretPost(secret)
}

function configure(issuer: Issuer, metadata: IssuerMetadata): client.Configuration {
  const { clientId, clientSecret, algorithms } = issuer.config
  const configuration = new client.Configuration(
    // The algorithms are ours to choose: what the issuer advertises could include `none`.
    { ...metadata, id_token_signing_alg_values_supported: algorithms },
    clientId,
    { [client.clockTolerance]: clockToleranceSeconds },
    clientAuthentication(clientSecret?.value, metadata),
  )
  configuration[client.customFetch] = issuer.fetch
  // Without this the library trusts TLS instead of the ID token's signature (OpenID Connect Core 1.0 §3.1.3.7, item 6).
  client.enableNonRepudiationChecks(configuration)
  if (isLoopback(new URL(metadata.issuer))) client.allowInsecureRequests(configuration)
  return configuration
}

/**
 * The OpenID client of one issuer, made when its metadata is first had and again when they change.
 * @throws GatehouseError `unavailable` from the returned function.
 */
export function createOidcClient(issuer: Issuer): () => Promise<client.Configuration> {
  let made: { metadata: IssuerMetadata; configuration: client.Configuration } | undefined
  return async () => {
    const metadata = await issuer.discover()
    if (made?.metadata !== metadata) made = { metadata, configuration: configure(issuer, metadata) }
    return made.configuration
  }
}
