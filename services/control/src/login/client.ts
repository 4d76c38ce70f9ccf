import type { IssuerConfig } from '@gatehouse/config'
import {
  checkIdTokenSignature,
  createIssuer,
  isLoopback,
  type Issuer,
  type IssuerMetadata,
} from '@gatehouse/identity'
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
  if (isLoopback(new URL(metadata.issuer))) client.allowInsecureRequests(configuration)
  return configuration
}

/** An identity provider that people sign in with. */
export interface LoginIssuer extends Issuer {
  /** The OpenID client, made when the metadata is first had and again when they change; throws `unavailable` without them. */
  readonly oidc: () => Promise<client.Configuration>
}

/** What the token endpoint answered; its ID token, if there is one, is signed by the issuer. */
type Granted = Awaited<ReturnType<typeof client.authorizationCodeGrant>>

/**
 * Checks the signature of what a grant gave. openid-client trusts TLS instead, or else refuses several keys of one `kid` and reads new keys
 * a minute late.
 * @throws GatehouseError as {@link checkIdTokenSignature}
 */
export async function checked(granting: Promise<Granted>, issuer: LoginIssuer): Promise<Granted> {
  const tokens = await granting
  if (tokens.id_token !== undefined) await checkIdTokenSignature(tokens.id_token, issuer)
  return tokens
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
