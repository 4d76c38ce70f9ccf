import type { ServerResponse } from 'node:http'
import { jwtVerify } from 'jose'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createDiscovery } from './discovery.ts'
import { createIssuer } from './issuer.ts'
import { createIssuerFetch } from './issuer-fetch.ts'
import { createKeys, refreshMs } from './keys.ts'
import { verifyAccessToken } from './jwt.ts'
import { startTestIssuer, type TestIssuer } from './testing.ts'

let idp: TestIssuer
beforeEach(async () => {
  idp = await startTestIssuer()
})
afterEach(() => idp.close())

const path = '/.well-known/openid-configuration'
const unavailable = expect.objectContaining({ code: 'unavailable' })

function document(changes: object): (_: unknown, response: ServerResponse) => void {
  const { issuer } = idp.config
  const good = {
    issuer,
    authorization_endpoint: `${issuer}/a`,
    token_endpoint: `${issuer}/t`,
    jwks_uri: `${issuer}/jwks`,
  }
  return (_, response) => response.end(JSON.stringify({ ...good, ...changes }))
}

describe('createDiscovery', () => {
  const cases: [string, () => (_: unknown, response: ServerResponse) => void][] = [
    ['another issuer', () => document({ issuer: 'https://evil.example' })],
    ['keys on another host', () => document({ jwks_uri: 'http://127.0.0.1:1/jwks' })],
    ['a token endpoint elsewhere', () => document({ token_endpoint: 'https://evil.example/t' })],
    ['no keys', () => document({ jwks_uri: undefined })],
    ['a scheme that is not http', () => document({ authorization_endpoint: 'javascript:alert(1)' })],
    ['no JSON', () => (_, response) => response.end('<html>')],
    ['a list', () => (_, response) => response.end('[]')],
    ['an error', () => (_, response) => response.writeHead(500).end('{}')],
    ['a redirect', () => (_, response) => response.writeHead(302, { location: '/elsewhere' }).end()],
    ['10 MB', () => (_, response) => response.end(JSON.stringify({ x: 'x'.repeat(10_000_000) }))],
    ['a closed connection', () => (_, response) => response.destroy()],
  ]
  it.each(cases)('refuses %s', async (_, answer) => {
    idp.answers.set('/elsewhere', document({}))
    idp.answers.set(path, answer())
    await expect(createIssuer(idp.config).discover()).rejects.toEqual(unavailable)
  })

  it('asks once, does not storm an issuer that is down, and tries again later', async () => {
    let now = 0
    const { issuer } = idp.config
    const discover = createDiscovery({ issuer }, createIssuerFetch(issuer), () => now)
    idp.answers.set(path, (_, response) => response.writeHead(503).end())
    const results = await Promise.allSettled(Array.from({ length: 20 }, () => discover()))
    expect(results.every((r) => r.status === 'rejected')).toBe(true)
    await expect(discover()).rejects.toEqual(unavailable)
    expect(idp.requests.get(path)).toBe(1)
    idp.answers.delete(path)
    now += 5_000
    expect((await discover()).issuer).toBe(issuer)
    await discover()
    expect(idp.requests.get(path)).toBe(2)
    // Known metadata outlives the issuer.
    idp.answers.set(path, (_, response) => response.writeHead(503).end())
    now += 3_600_000
    expect((await discover()).issuer).toBe(issuer)
  })
})

describe('createIssuerFetch', () => {
  it('refuses other hosts and plain http off this machine', async () => {
    const fetch = createIssuerFetch(idp.config.issuer)
    await expect(fetch('http://127.0.0.1:1/')).rejects.toEqual(unavailable)
    await expect(fetch('https://evil.example/')).rejects.toEqual(unavailable)
    await expect(createIssuerFetch('http://idp.example')('http://idp.example/')).rejects.toEqual(unavailable)
  })
})

describe('keys', () => {
  it('follow a rotation, and a flood of unknown kids does not reach the issuer', async () => {
    const issuers = new Map([[idp.config.issuer, createIssuer(idp.config)]])
    await verifyAccessToken(await idp.sign(), issuers)
    for (let i = 0; i < 50; i++) {
      const token = await idp.sign({}, { kid: `unknown-${i}` })
      await expect(verifyAccessToken(token, issuers)).rejects.toThrow()
    }
    expect(idp.requests.get('/jwks')).toBeLessThanOrEqual(2)
  })
  it('are known by name, with the time since when, and whether the last try to read them failed', async () => {
    let now = 1_000
    const { issuer, fetch } = { issuer: idp.config.issuer, fetch: createIssuerFetch(idp.config.issuer) }
    const discover = createDiscovery({ issuer }, fetch, () => now)
    const { state } = createKeys(discover, fetch, () => now)
    const first = await state()
    expect(first).toMatchObject({ readAt: 1_000, isFailing: false })
    expect(first.keys.map(({ since }) => since)).toEqual([1_000])
    now += 600_001
    idp.answers.set('/jwks', (_, response) => response.writeHead(503).end())
    await state()
    await expect.poll(state).toMatchObject({ readAt: 1_000, isFailing: true, keys: first.keys })
  })
  it('that the issuer withdrew verify nothing after five minutes, however quiet it was', async () => {
    let now = 1_000
    const fetch = createIssuerFetch(idp.config.issuer)
    const discover = createDiscovery({ issuer: idp.config.issuer }, fetch, () => now)
    const { get } = createKeys(discover, fetch, () => now)
    const [first, second] = [await idp.sign(), await idp.sign({ sub: 'bob' })]
    await jwtVerify(first, get)
    await idp.rotate('next')
    await jwtVerify(second, get)
    now += refreshMs + 1
    await expect(jwtVerify(second, get)).rejects.toThrow()
    await jwtVerify(await idp.sign(), get)
    // An issuer that does not answer is asked again sooner, and keys go on.
    idp.answers.set('/jwks', (_, response) => response.writeHead(503).end())
    const third = await idp.sign()
    now += refreshMs + 1
    await jwtVerify(third, get)
    idp.answers.delete('/jwks')
    await idp.rotate('last')
    now += 30_001
    await expect(jwtVerify(third, get)).rejects.toThrow()
  })
  it('stay in use while the issuer is down', async () => {
    const issuers = new Map([[idp.config.issuer, createIssuer(idp.config)]])
    await verifyAccessToken(await idp.sign(), issuers)
    const token = await idp.sign({ sub: 'bob' })
    await idp.close()
    expect((await verifyAccessToken(token, issuers)).identity.subject).toBe('bob')
  })
  it('cannot be had from an issuer that was never up: unavailable, not unauthenticated', async () => {
    const issuers = new Map([[idp.config.issuer, createIssuer(idp.config)]])
    const token = await idp.sign()
    await idp.close()
    await expect(verifyAccessToken(token, issuers)).rejects.toEqual(unavailable)
  })
})
