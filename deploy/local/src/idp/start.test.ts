import { createHash } from 'node:crypto'
import { statSync } from 'node:fs'
import { join } from 'node:path'
import { createRemoteJWKSet, decodeJwt, decodeProtectedHeader, jwtVerify } from 'jose'
import { afterAll, describe, expect, it } from 'vitest'
import { temporaryDir } from '../process/temporary.ts'
import type { IdpClient, Person } from './people.ts'
import { type IdpOptions, startIdp } from './start.ts'

const dir = temporaryDir()
afterAll(() => dir.remove())

const asha: Person = {
  signIn: 'asha',
  name: 'Asha',
  email: 'asha@transport.example',
  password: 'right',
  groups: ['transport-signals', 'ml'],
}
const web: IdpClient = {
  clientId: 'gatehouse',
  clientSecret: 'web-secret',
  redirectUris: ['http://127.0.0.1:9999/callback'],
  postLogoutRedirectUris: ['http://127.0.0.1:9999/signed-out'],
}
const robot: IdpClient = {
  clientId: 'robot',
  clientSecret: 'robot-secret',
  groups: ['transport-signals-prod'],
}
const options: IdpOptions = {
  clients: [web, robot],
  people: [asha],
  keyFile: join(dir.path, 'idp-keys.json'),
}

/** A browser without a screen: keeps cookies, follows nothing. */
function browser() {
  const cookies = new Map<string, string>()
  return async (url: string, form?: Record<string, string>): Promise<Response> => {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const response = await fetch(url, {
      redirect: 'manual',
      headers: { cookie },
      ...(form && { method: 'POST', body: new URLSearchParams(form) }),
    })
    for (const line of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
      if (value === '') cookies.delete(name)
      else cookies.set(name, value)
    }
    return response
  }
}
const location = (response: Response): string =>
  new URL(response.headers.get('location') ?? '', response.url).href

const verifier = 'a-code-verifier-that-is-long-enough-for-the-specification'
function authorizeUrl(issuer: string, extra: Record<string, string> = {}): string {
  const code_challenge = createHash('sha256').update(verifier).digest('base64url')
  const parameters = {
    client_id: 'gatehouse',
    redirect_uri: 'http://127.0.0.1:9999/callback',
    response_type: 'code',
    scope: 'openid profile email groups',
    code_challenge,
    code_challenge_method: 'S256',
    state: 's',
    nonce: 'n',
    ...extra,
  }
  return `${issuer}/auth?${new URLSearchParams(parameters).toString()}`
}

async function tokens(
  issuer: string,
  client: IdpClient,
  form: Record<string, string>,
): Promise<Record<string, string>> {
  const basic = Buffer.from(`${client.clientId}:${client.clientSecret}`).toString('base64')
  const response = await fetch(`${issuer}/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${basic}` },
    body: new URLSearchParams(form),
  })
  return (await response.json()) as Record<string, string>
}

async function signIn(issuer: string, go: ReturnType<typeof browser>, extra?: Record<string, string>) {
  const form = location(await go(authorizeUrl(issuer, extra)))
  expect(await (await go(form)).text()).toContain('name="password"')
  expect((await go(form, { signIn: 'asha', password: 'wrong' })).status).toBe(401)
  const resume = location(await go(form, { signIn: 'asha', password: 'right' }))
  const callback = new URL(location(await go(resume)))
  expect(callback.href).toMatch(/^http:\/\/127\.0\.0\.1:9999\/callback\?/)
  return tokens(issuer, web, {
    grant_type: 'authorization_code',
    code: callback.searchParams.get('code') ?? '',
    redirect_uri: 'http://127.0.0.1:9999/callback',
    code_verifier: verifier,
    ...(extra?.['resource'] !== undefined && { resource: extra['resource'] }),
  })
}

describe('startIdp', () => {
  it('signs a person in with groups in the ID token, and out again', async () => {
    const idp = await startIdp(options)
    const go = browser()
    const { id_token = '', access_token = '' } = await signIn(idp.issuer, go)
    const keys = createRemoteJWKSet(new URL(`${idp.issuer}/jwks`))
    const { payload } = await jwtVerify(id_token, keys, {
      issuer: idp.issuer,
      audience: 'gatehouse',
      algorithms: ['RS256'],
    })
    expect(payload).toMatchObject({
      sub: 'asha',
      name: 'Asha',
      nonce: 'n',
      groups: ['transport-signals', 'ml'],
    })
    const userinfo = await fetch(`${idp.issuer}/me`, { headers: { authorization: `Bearer ${access_token}` } })
    expect(await userinfo.json()).toMatchObject({ sub: 'asha', email: 'asha@transport.example' })

    // Signed in already: no form the second time.
    expect(location(await go(authorizeUrl(idp.issuer)))).toMatch(/\/callback\?code=/)
    const end = new URLSearchParams({
      id_token_hint: id_token,
      post_logout_redirect_uri: 'http://127.0.0.1:9999/signed-out',
    })
    const page = await (await go(`${idp.issuer}/session/end?${end.toString()}`)).text()
    const xsrf = /name="xsrf" value="([^"]+)"/.exec(page)?.[1] ?? ''
    const done = await go(`${idp.issuer}/session/end/confirm`, { xsrf, logout: 'yes' })
    expect(location(done)).toBe('http://127.0.0.1:9999/signed-out')
    expect(location(await go(authorizeUrl(idp.issuer)))).toMatch(/\/interaction\//)
    await idp.stop()
  })

  it('gives access tokens for the gateway to people who ask and to machines', async () => {
    const idp = await startIdp(options)
    const keys = createRemoteJWKSet(new URL(`${idp.issuer}/jwks`))
    const expected = { issuer: idp.issuer, audience: 'gatehouse', typ: 'at+jwt', algorithms: ['RS256'] }
    const person = await signIn(idp.issuer, browser(), { resource: 'urn:gatehouse' })
    const { payload } = await jwtVerify(person['access_token'] ?? '', keys, expected)
    expect(payload).toMatchObject({ sub: 'asha', groups: ['transport-signals', 'ml'] })
    const machine = await tokens(idp.issuer, robot, { grant_type: 'client_credentials' })
    const verified = await jwtVerify(machine['access_token'] ?? '', keys, expected)
    expect(verified.payload).toMatchObject({ sub: 'robot', groups: ['transport-signals-prod'] })
    expect(
      await tokens(idp.issuer, { ...robot, clientSecret: 'no' }, { grant_type: 'client_credentials' }),
    ).toMatchObject({
      error: 'invalid_client',
    })
    await idp.stop()
  })

  it('keeps its key over a restart, in a private file', async () => {
    const first = await startIdp(options)
    const { access_token = '' } = await tokens(first.issuer, robot, { grant_type: 'client_credentials' })
    await first.stop()
    const second = await startIdp({ ...options, port: first.port })
    const keys = createRemoteJWKSet(new URL(`${second.issuer}/jwks`))
    await jwtVerify(access_token, keys, { issuer: second.issuer })
    expect(decodeProtectedHeader(access_token).kid).toBeTypeOf('string')
    expect(decodeJwt(access_token).exp).toBeGreaterThan(Date.now() / 1000 + 3_000)
    expect(statSync(options.keyFile).mode & 0o777).toBe(0o600)
    await second.stop()
  })

  it('is for loopback only', async () => {
    await expect(startIdp({ ...options, issuer: 'http://idp.example' })).rejects.toThrow(/for loopback only/)
    const idp = await startIdp(options)
    const response = await fetch(`http://localhost:${idp.port}/.well-known/openid-configuration`)
    expect(response.status).toBe(421)
    await idp.stop()
  })
})
