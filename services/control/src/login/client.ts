import type { IssuerConfig } from '@gatehouse/config'
import { createIssuer, isLoopback, type Issuer, type IssuerMetadata } from '@gatehouse/identity'
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

/** An identity provider that people sign in with. */
export interface LoginIssuer extends Issuer {
  /** The OpenID client, made when the metadata is first had and again when they change; throws `unavailable` without them. */
  readonly oidc: () => Promise<client.Configuration>
}

/** Creates the sign-in side of an identity provider. Nothing is fetched before the first sign-in. */
export function createLoginIssuer(config: IssuerConfig): LoginIssuer {
  const issuer = createIssuer(config)
  let made: { metadata: IssuerMetadata; configuration: client.Configuration } | undefined
  const oidc = async (): Promise<client.Configuration> => {
    const metadata = await issuer.discover()
    if (made?.metadata !== metadata) made = { metadata, configuration: configure(issuer, metadata) }
    return made.configuration
  }
  return { ...issuer, oidc }
}

/**
 * Where the issuer ends its own session (RP-initiated logout) and sends the browser back from.
 * @param idToken Tells it whom and which of its sessions is meant, so that it need not ask the person (`id_token_hint`).
 * @returns undefined if it has no such page, or is down.
 */
export async function endSessionUrl(
  issuer: LoginIssuer,
  back: string,
  idToken: string | undefined,
): Promise<string | undefined> {
  const oidc = await issuer.oidc().catch(() => undefined)
  if (oidc?.serverMetadata().end_session_endpoint === undefined) return undefined
  return client.buildEndSessionUrl(oidc, {
    post_logout_redirect_uri: back,
    ...(idToken === undefined ? {} : { id_token_hint: idToken }),
  }).href
}
