import { createHash, createHmac, randomUUID } from 'node:crypto'
import { createServer } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import type { AddressInfo } from 'node:net'
import { exportJWK, exportSPKI, generateKeyPair, type GenerateKeyPairResult, type JWK, SignJWT } from 'jose'

/** What a {@link HostileIdp} does wrong; nothing by default. A real identity provider would do none of it. */
export interface Faults {
  /** Claims over the good ones; undefined leaves one out. */
  claims?: Record<string, unknown>
  /** How the ID token is signed. */
  sign?: (claims: Record<string, unknown>, idp: HostileIdp) => Promise<string>
  /** Members over those of the discovery document. */
  discovery?: Record<string, unknown>
  /** Parameters over those of the redirect back; undefined leaves one out, a list repeats it. */
  redirect?: Record<string, string | readonly string[] | undefined>
  /** Published keys before the good ones. */
  jwks?: readonly JWK[]
  /** Leaves the good ones out. */
  withoutKeys?: boolean
  /** Answers the token endpoint with this instead. */
  token?: { readonly status: number; readonly body: string }
  /** The same, when it is asked with a refresh token. */
  refresh?: { readonly status: number; readonly body: string }
  /** Time it takes to answer one, ms. */
  refreshDelayMs?: number
  /** Leaves the ID token out of a refresh; then the userinfo endpoint has the claims, if discovery names it. */
  withoutIdToken?: boolean
}

/** An OpenID provider that signs everyone in at once and can be told to misbehave. */
export interface HostileIdp {
  readonly issuer: string
  readonly keys: GenerateKeyPairResult
  readonly ecKeys: GenerateKeyPairResult
  faults: Faults
  /** Whom it signs in. */
  person: { sub: string; [claim: string]: unknown }
  /** Requests to the token endpoint, and whether each proved its challenge. */
  readonly tokenRequests: { readonly form: URLSearchParams; readonly isPkceRight: boolean }[]
  /** Refresh tokens it was asked with, in order; each works once. */
  readonly refreshes: string[]
  /** Requests to the authorization endpoint. */
  readonly authorizations: URLSearchParams[]
  close(): Promise<void>
}

const b64 = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')
const header = { alg: 'RS256', kid: 'k1' }

/** Ways to sign that no client may accept, and one more. */
export const signers = {
  good: (claims: Record<string, unknown>, { keys }: HostileIdp) =>
    new SignJWT(claims).setProtectedHeader(header).sign(keys.privateKey),
  otherKey: async (claims: Record<string, unknown>) =>
    new SignJWT(claims).setProtectedHeader(header).sign((await generateKeyPair('RS256')).privateKey),
  garbage: async (claims: Record<string, unknown>) => `${b64(header)}.${b64(claims)}.${'A'.repeat(342)}`,
  none: async (claims: Record<string, unknown>) => `${b64({ alg: 'none' })}.${b64(claims)}.`,
  clientSecret: (claims: Record<string, unknown>) =>
    new SignJWT(claims).setProtectedHeader({ alg: 'HS256' }).sign(Buffer.from('web-secret')),
  publicKeyAsSecret: async (claims: Record<string, unknown>, { keys }: HostileIdp) => {
    const text = `${b64({ alg: 'HS256', kid: 'k1' })}.${b64(claims)}`
    const mac = createHmac('sha256', await exportSPKI(keys.publicKey))
      .update(text)
      .digest('base64url')
    return `${text}.${mac}`
  },
  /** By a published key: only the configured list of algorithms stands against it. */
  es256: (claims: Record<string, unknown>, { ecKeys }: HostileIdp) =>
    new SignJWT(claims).setProtectedHeader({ alg: 'ES256', kid: 'ec' }).sign(ecKeys.privateKey),
  embeddedKey: async (claims: Record<string, unknown>) => {
    const { publicKey, privateKey } = await generateKeyPair('RS256', { extractable: true })
    const jwk = await exportJWK(publicKey)
    return new SignJWT(claims).setProtectedHeader({ ...header, jwk }).sign(privateKey)
  },
} as const

interface Code {
  readonly nonce: string | null
  readonly challenge: string | null
}

function without(entries: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(entries).filter(([, value]) => value !== undefined))
}

function redirectTo(request: URLSearchParams, idp: HostileIdp, code: string): string {
  const url = new URL(request.get('redirect_uri') ?? 'http://nowhere')
  const good = { code, state: request.get('state') ?? '', iss: idp.issuer }
  for (const [name, value] of Object.entries({ ...good, ...idp.faults.redirect })) {
    for (const one of value === undefined ? [] : [value].flat()) url.searchParams.append(name, one)
  }
  return url.href
}

function idToken(idp: HostileIdp, { nonce }: Code): Promise<string> {
  const now = Math.floor(Date.now() / 1_000)
  const good = { iss: idp.issuer, aud: 'gatehouse', iat: now, exp: now + 60, nonce, ...idp.person }
  return (idp.faults.sign ?? signers.good)(without({ ...good, ...idp.faults.claims }), idp)
}

function newRefreshToken(codes: Map<string, Code>): string {
  const token = `refresh-${randomUUID()}`
  codes.set(token, { nonce: null, challenge: null })
  return token
}

/** A refresh token works once, as with identity providers that rotate them. */
async function answerRefresh(
  idp: HostileIdp,
  codes: Map<string, Code>,
  token: string,
): Promise<[number, string]> {
  idp.refreshes.push(token)
  const { refresh, refreshDelayMs = 0, withoutIdToken } = idp.faults
  await sleep(refreshDelayMs)
  if (refresh !== undefined) return [refresh.status, refresh.body]
  if (!codes.delete(token)) return [400, JSON.stringify({ error: 'invalid_grant' })]
  const answer = { access_token: 'x', token_type: 'Bearer', refresh_token: newRefreshToken(codes) }
  if (withoutIdToken === true) return [200, JSON.stringify(answer)]
  const now = Math.floor(Date.now() / 1_000)
  const good = { iss: idp.issuer, aud: 'gatehouse', iat: now, exp: now + 60, ...idp.person }
  const id_token = await (idp.faults.sign ?? signers.good)(without({ ...good, ...idp.faults.claims }), idp)
  return [200, JSON.stringify({ ...answer, id_token })]
}

async function answerToken(
  idp: HostileIdp,
  codes: Map<string, Code>,
  form: URLSearchParams,
): Promise<[number, string]> {
  const code = codes.get(form.get('code') ?? '')
  const proof = createHash('sha256')
    .update(form.get('code_verifier') ?? '')
    .digest('base64url')
  idp.tokenRequests.push({ form, isPkceRight: code !== undefined && proof === code.challenge })
  if (form.get('grant_type') === 'refresh_token')
    return answerRefresh(idp, codes, form.get('refresh_token') ?? '')
  if (idp.faults.token !== undefined) return [idp.faults.token.status, idp.faults.token.body]
  if (code === undefined) return [400, JSON.stringify({ error: 'invalid_grant' })]
  // Deliberately not used up: that one attempt makes one session must not depend on the issuer.
  return [
    200,
    JSON.stringify({
      access_token: 'x',
      token_type: 'Bearer',
      id_token: await idToken(idp, code),
      refresh_token: newRefreshToken(codes),
    }),
  ]
}

async function readForm(request: AsyncIterable<unknown>): Promise<URLSearchParams> {
  let text = ''
  for await (const chunk of request) text += String(chunk)
  return new URLSearchParams(text)
}

/** Starts a {@link HostileIdp} on loopback; its one client is `gatehouse` with the secret `web-secret`. */
export async function startHostileIdp(): Promise<HostileIdp> {
  const codes = new Map<string, Code>()
  const keys = await generateKeyPair('RS256', { extractable: true })
  const ecKeys = await generateKeyPair('ES256', { extractable: true })
  const jwk = { ...(await exportJWK(keys.publicKey)), kid: 'k1', alg: 'RS256', use: 'sig' }
  const ecJwk = { ...(await exportJWK(ecKeys.publicKey)), kid: 'ec', alg: 'ES256', use: 'sig' }
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', idp.issuer)
    const json = (status: number, body: string): void => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(body)
    }
    if (url.pathname === '/.well-known/openid-configuration') {
      const good = {
        issuer: idp.issuer,
        authorization_endpoint: `${idp.issuer}/authorize`,
        token_endpoint: `${idp.issuer}/token`,
        jwks_uri: `${idp.issuer}/jwks`,
        id_token_signing_alg_values_supported: ['RS256', 'ES256', 'HS256', 'none'],
        authorization_response_iss_parameter_supported: true,
      }
      json(200, JSON.stringify(without({ ...good, ...idp.faults.discovery })))
    } else if (url.pathname === '/jwks') {
      const { jwks = [], withoutKeys = false } = idp.faults
      json(200, JSON.stringify({ keys: [...jwks, ...(withoutKeys ? [] : [jwk, ecJwk])] }))
    } else if (url.pathname === '/authorize') {
      const code = randomUUID()
      idp.authorizations.push(url.searchParams)
      codes.set(code, {
        nonce: url.searchParams.get('nonce'),
        challenge: url.searchParams.get('code_challenge'),
      })
      response.writeHead(302, { location: redirectTo(url.searchParams, idp, code) }).end()
    } else if (url.pathname === '/token') {
      void readForm(request)
        .then((form) => answerToken(idp, codes, form))
        .then(([status, body]) => json(status, body))
    } else if (url.pathname === '/userinfo') {
      json(200, JSON.stringify(without({ ...idp.person, ...idp.faults.claims })))
    } else json(404, '{}')
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const idp: HostileIdp = {
    issuer: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    keys,
    ecKeys,
    faults: {},
    person: { sub: 'mallory', name: 'Mallory', groups: ['transport-signals'] },
    tokenRequests: [],
    refreshes: [],
    authorizations: [],
    close: () =>
      new Promise((done) => {
        server.closeAllConnections()
        server.close(() => done())
      }),
  }
  return idp
}
