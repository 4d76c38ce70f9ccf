import { createHmac } from 'node:crypto'
import {
  type CryptoKey,
  exportJWK,
  exportSPKI,
  generateKeyPair,
  importJWK,
  type JWTPayload,
  SignJWT,
  UnsecuredJWT,
} from 'jose'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createIssuer, type Issuer } from './issuer.ts'
import { verifyAccessToken, verifyForwardedIdToken } from './jwt.ts'
import { startTestIssuer, type TestIssuer } from './testing.ts'

let idp: TestIssuer
let issuers: Map<string, Issuer>
beforeAll(async () => {
  idp = await startTestIssuer({ idTokenAudiences: ['grafana'], attributes: ['unit'] })
  issuers = new Map([[idp.config.issuer, createIssuer(idp.config)]])
})
afterAll(() => idp.close())

const seconds = (): number => Math.floor(Date.now() / 1_000)
const refused = expect.objectContaining({ code: 'unauthenticated' })
const b64 = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')

async function hmacWithPublicKey(): Promise<string> {
  const pem = await exportSPKI(
    (await importJWK(idp.keys[0] ?? {}, 'RS256', { extractable: true })) as CryptoKey,
  )
  const claims = { iss: idp.config.issuer, aud: 'gatehouse', sub: 'alice', exp: seconds() + 60 }
  const text = `${b64({ alg: 'HS256', typ: 'at+jwt', kid: 'k1' })}.${b64(claims)}`
  return `${text}.${createHmac('sha256', pem).update(text).digest('base64url')}`
}

async function signedByOther(header: object = {}): Promise<string> {
  const { privateKey } = await generateKeyPair('RS256')
  return new SignJWT({ iss: idp.config.issuer, aud: 'gatehouse', sub: 'alice', exp: seconds() + 60 })
    .setProtectedHeader({ alg: 'RS256', typ: 'at+jwt', kid: 'k1', ...header })
    .sign(privateKey, { crit: { x: true } })
}

describe('verifyAccessToken', () => {
  it('says who it is, with groups and expiry', async () => {
    const exp = seconds() + 60
    const jwt = await verifyAccessToken(await idp.sign({ exp, name: 'Alice' }), issuers)
    expect(jwt).toEqual({
      identity: {
        issuer: idp.config.issuer,
        subject: 'alice',
        name: 'Alice',
        email: undefined,
        groups: ['ml'],
      },
      expiresAt: exp * 1_000,
    })
  })
  it('tries each key where the issuer has several of one kid, and takes no other', async () => {
    const own = await startTestIssuer()
    const known = new Map([[own.config.issuer, createIssuer(own.config)]])
    const { publicKey } = await generateKeyPair('RS256')
    own.keys.unshift({ ...(await exportJWK(publicKey)), kid: 'k1', alg: 'RS256', use: 'sig' })
    try {
      expect((await verifyAccessToken(await own.sign(), known)).identity.subject).toBe('alice')
      const { privateKey } = await generateKeyPair('RS256')
      const forged = new SignJWT({
        iss: own.config.issuer,
        aud: 'gatehouse',
        sub: 'alice',
        exp: seconds() + 60,
      })
        .setProtectedHeader({ alg: 'RS256', typ: 'at+jwt', kid: 'k1' })
        .sign(privateKey)
      await expect(verifyAccessToken(await forged, known)).rejects.toEqual(refused)
      await expect(verifyAccessToken(await own.sign({ exp: seconds() - 60 }), known)).rejects.toEqual(refused)
    } finally {
      await own.close()
    }
  })
  it('gives attributes as groups', async () => {
    const { identity } = await verifyAccessToken(await idp.sign({ unit: 'roads' }), issuers)
    expect(identity.groups).toEqual(['ml', 'claim:test:unit=roads'])
  })

  it('allows 5 s between clocks', async () => {
    await verifyAccessToken(await idp.sign({ exp: seconds() - 2 }), issuers)
  })

  const claims: [string, JWTPayload][] = [
    ['no exp', { exp: undefined as unknown as number }],
    ['expired', { exp: seconds() - 10 }],
    ['not yet valid', { nbf: seconds() + 60 }],
    ['another audience', { aud: 'another-service' }],
    ['no audience', { aud: undefined as unknown as string }],
    ['no subject', { sub: undefined as unknown as string }],
    ['empty subject', { sub: '' }],
    ['an unknown issuer', { iss: 'https://evil.example' }],
    ['the issuer with a slash', { iss: 'http://127.0.0.1/' }],
    ['no issuer', { iss: undefined as unknown as string }],
  ]
  it.each(claims)('refuses %s', async (_, wrong) => {
    await expect(verifyAccessToken(await idp.sign(wrong), issuers)).rejects.toEqual(refused)
  })

  it('refuses an ID token, whatever its audience', async () => {
    await expect(verifyAccessToken(await idp.sign({}, { typ: 'JWT' }), issuers)).rejects.toEqual(refused)
  })

  const forged: [string, () => Promise<string>][] = [
    ['another key under our kid', () => signedByOther()],
    ['a key inside the token', async () => signedByOther({ jwk: idp.keys[0] })],
    ['a key URL inside the token', () => signedByOther({ jku: 'http://127.0.0.1:1/jwks' })],
    ['a kid that is a path', () => signedByOther({ kid: '../../jwks' })],
    ['the public key as HMAC secret', hmacWithPublicKey],
    ['a critical extension', async () => signedByOther({ crit: ['x'], x: 1 })],
    [
      'alg none',
      async () =>
        new UnsecuredJWT({
          iss: idp.config.issuer,
          aud: 'gatehouse',
          sub: 'alice',
          exp: seconds() + 60,
        }).encode(),
    ],
    ['a cut signature', async () => (await idp.sign()).slice(0, -4)],
    [
      'changed claims',
      async () => {
        const [header, , signature] = (await idp.sign()).split('.')
        const claim = { iss: idp.config.issuer, aud: 'gatehouse', sub: 'root', exp: seconds() + 60 }
        return `${header}.${b64(claim)}.${signature}`
      },
    ],
    ['no token at all', async () => 'abc'],
    ['64 kB', async () => 'a'.repeat(65_536)],
  ]
  it.each(forged)('refuses %s', async (_, make) => {
    await expect(make().then((token) => verifyAccessToken(token, issuers))).rejects.toEqual(refused)
  })
})

describe('verifyForwardedIdToken', () => {
  it('accepts those of a listed client', async () => {
    const token = await idp.sign({ aud: 'grafana' }, { typ: 'JWT' })
    expect((await verifyForwardedIdToken(token, issuers)).identity.subject).toBe('alice')
    const shared = await idp.sign({ aud: ['x', 'grafana'], azp: 'grafana' }, { typ: 'JWT' })
    expect((await verifyForwardedIdToken(shared, issuers)).identity.subject).toBe('alice')
  })
  const logoutEvent = 'http://schemas.openid.net/event/backchannel-logout'
  const cases: [string, JWTPayload, string][] = [
    ['another client', { aud: 'gatehouse' }, 'JWT'],
    ['several audiences without azp', { aud: ['grafana', 'x'] }, 'JWT'],
    ['a foreign azp', { aud: ['grafana', 'x'], azp: 'x' }, 'JWT'],
    ['an access token', { aud: 'grafana' }, 'at+jwt'],
    ['a logout token', { aud: 'grafana' }, 'logout+jwt'],
    ['a logout token of no type', { aud: 'grafana', events: { [logoutEvent]: {} } }, 'JWT'],
  ]
  it.each(cases)('refuses %s', async (_, claims, typ) => {
    await expect(verifyForwardedIdToken(await idp.sign(claims, { typ }), issuers)).rejects.toEqual(refused)
  })
  it('accepts none where no client is listed', async () => {
    const config = { ...idp.config, idTokenAudiences: [] }
    const strict = new Map([[config.issuer, createIssuer(config)]])
    const token = await idp.sign({ aud: 'grafana' }, { typ: 'JWT' })
    await expect(verifyForwardedIdToken(token, strict)).rejects.toEqual(refused)
  })
})
