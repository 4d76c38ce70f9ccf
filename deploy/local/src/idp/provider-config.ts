import type { AccountClaims, Configuration, KoaContextWithOIDC, ResourceServer } from 'oidc-provider'
import type { IdpKeys } from './keys.ts'
import { messagePage, signOutPage } from './pages.ts'
import type { IdpClient, Person } from './people.ts'
import { createStorage } from './storage.ts'

/** Value of the `resource` parameter (RFC 8707) that gets an access token for the gateway. */
export const gatewayResource = 'urn:gatehouse'

export interface ProviderInput {
  readonly clients: readonly IdpClient[]
  readonly people: readonly Person[]
  readonly keys: IdpKeys
  /** Audience of access tokens for the gateway. */
  readonly audience: string
}

const tokenSeconds = 3_600

function claimsOf({ signIn, name, email, groups }: Person): AccountClaims {
  return { sub: signIn, name, preferred_username: signIn, email, email_verified: true, groups: [...groups] }
}

function clientMetadata(client: IdpClient): NonNullable<Configuration['clients']>[number] {
  const isMachine = client.redirectUris === undefined
  return {
    client_id: client.clientId,
    client_secret: client.clientSecret,
    token_endpoint_auth_method: 'client_secret_basic',
    id_token_signed_response_alg: 'RS256',
    grant_types: isMachine ? ['client_credentials'] : ['authorization_code'],
    response_types: isMachine ? [] : ['code'],
    redirect_uris: [...(client.redirectUris ?? [])],
    post_logout_redirect_uris: [...(client.postLogoutRedirectUris ?? [])],
  }
}

/** The first-party client needs no consent page: what it asks for is granted. */
async function grantAll(ctx: KoaContextWithOIDC) {
  const { oidc } = ctx
  const grant = new oidc.provider.Grant({
    ...(oidc.client && { clientId: oidc.client.clientId }),
    ...(oidc.session?.accountId !== undefined && { accountId: oidc.session.accountId }),
  })
  grant.addOIDCScope('openid profile email groups')
  grant.addResourceScope(gatewayResource, '')
  await grant.save()
  return grant
}

function features({ audience }: ProviderInput): NonNullable<Configuration['features']> {
  const resourceServer: ResourceServer = {
    scope: '',
    audience,
    accessTokenFormat: 'jwt',
    accessTokenTTL: tokenSeconds,
    jwt: { sign: { alg: 'RS256' } },
  }
  return {
    devInteractions: { enabled: false },
    clientCredentials: { enabled: true },
    resourceIndicators: {
      enabled: true,
      // A machine client wants a token for the gateway, without having to ask; a browser's is for the userinfo endpoint.
      defaultResource: (ctx) =>
        ctx.oidc.params?.['grant_type'] === 'client_credentials' ? gatewayResource : [],
      getResourceServerInfo: (_ctx, resource) => {
        if (resource !== gatewayResource) throw new Error(`unknown resource ${resource}`)
        return resourceServer
      },
      useGrantedResource: () => true,
    },
    rpInitiatedLogout: {
      enabled: true,
      logoutSource: (ctx, form) => {
        ctx.body = signOutPage(form)
      },
      postLogoutSuccessSource: (ctx) => {
        ctx.body = messagePage('Signed out', 'You are signed out here and in the application.')
      },
    },
  }
}

/** Configuration of oidc-provider for loopback use: known clients and people, consent given, groups in every token. */
export function providerConfig(input: ProviderInput): Configuration {
  const { clients, people, keys } = input
  const groupsOf = (accountId: string | undefined, clientId: string | undefined): readonly string[] =>
    people.find(({ signIn }) => signIn === accountId)?.groups ??
    clients.find((client) => client.clientId === clientId)?.groups ??
    []
  return {
    adapter: createStorage(),
    clients: clients.map(clientMetadata),
    jwks: { keys: [keys.signing] },
    cookies: {
      keys: [keys.cookie],
      // Cookies ignore ports: names of our own, so that gateway and identity provider on 127.0.0.1 do not clash.
      names: { session: 'idp_session', interaction: 'idp_interaction', resume: 'idp_resume' },
    },
    claims: {
      openid: ['sub'],
      profile: ['name', 'preferred_username'],
      email: ['email', 'email_verified'],
      groups: ['groups'],
    },
    scopes: ['openid', 'profile', 'email', 'groups'],
    // Without this, groups would be in the userinfo answer only.
    conformIdTokenClaims: false,
    findAccount: (_ctx, sub) => {
      const person = people.find(({ signIn }) => signIn === sub)
      return person === undefined ? undefined : { accountId: sub, claims: () => claimsOf(person) }
    },
    extraTokenClaims: (_ctx, token) => {
      const accountId = 'accountId' in token ? token.accountId : undefined
      const person = people.find(({ signIn }) => signIn === accountId)
      const name = person && { name: person.name, email: person.email }
      return { ...name, groups: [...groupsOf(accountId, token.clientId)] }
    },
    loadExistingGrant: grantAll,
    interactions: { url: (_ctx, interaction) => `/interaction/${interaction.uid}` },
    pkce: { required: () => true },
    clientBasedCORS: () => false,
    renderError: (ctx, out) => {
      ctx.type = 'html'
      ctx.body = messagePage('Sign-in failed', out.error_description ?? out.error)
    },
    features: features(input),
    ttl: {
      AccessToken: tokenSeconds,
      AuthorizationCode: 60,
      ClientCredentials: tokenSeconds,
      Grant: 86_400,
      IdToken: tokenSeconds,
      Interaction: 3_600,
      Session: 86_400,
    },
  }
}
