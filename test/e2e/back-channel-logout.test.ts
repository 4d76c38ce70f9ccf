import { type JWTPayload, SignJWT } from 'jose'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type CookieBrowser, createCookieBrowser, locationOf } from '../support/cookie-browser.ts'
import { type HostileIdp, signers, startHostileIdp } from '../support/hostile-idp.ts'
import { type SignInWorld, startSignInWorld } from '../support/sign-in-world.ts'

let idp: HostileIdp
let world: SignInWorld
let url: string
const event = { 'http://schemas.openid.net/event/backchannel-logout': {} }

beforeAll(async () => {
  idp = await startHostileIdp()
  const issuer = {
    name: 'hostile',
    issuer: idp.issuer,
    clientId: 'gatehouse',
    clientSecret: { value: 'web-secret' },
  }
  world = await startSignInWorld({ issuers: [issuer], control: { signInBurst: 60 } })
  url = world.control.url
})
afterAll(async () => {
  await world?.close()
  await idp?.close()
})

async function signIn(sub: string, sid?: string): Promise<CookieBrowser> {
  const browser = createCookieBrowser()
  idp.person = { sub, ...(sid === undefined ? {} : { sid }), groups: ['transport-signals'] }
  const toIdp = await browser.open(`${url}/login/hostile`)
  await browser.open(locationOf(await browser.open(locationOf(toIdp))))
  expect(await status(browser)).toBe(200)
  return browser
}

const status = async (browser: CookieBrowser): Promise<number> =>
  (await browser.api(`${url}/api/v1/me`)).status
const second = (): Promise<void> => new Promise((done) => setTimeout(done, 1_100))
const now = (): number => Math.floor(Date.now() / 1_000)

function claims(changes: JWTPayload): Record<string, unknown> {
  const good = {
    iss: idp.issuer,
    aud: 'gatehouse',
    iat: now(),
    exp: now() + 60,
    jti: crypto.randomUUID(),
    events: event,
  }
  return Object.fromEntries(
    Object.entries({ ...good, ...changes }).filter(([, value]) => value !== undefined),
  )
}

function sign(changes: JWTPayload, typ?: string): Promise<string> {
  const header = { alg: 'RS256', kid: 'k1', ...(typ === undefined ? {} : { typ }) }
  return new SignJWT(claims(changes)).setProtectedHeader(header).sign(idp.keys.privateKey)
}

function send(token: string): Promise<Response> {
  const body = new URLSearchParams({ logout_token: token })
  return fetch(`${url}/login/hostile/back-channel-logout`, { method: 'POST', body })
}

describe('back-channel logout', () => {
  it('ends one session by its sid, or all of a subject', async () => {
    const [one, two, other] = [await signIn('a', 's1'), await signIn('a', 's2'), await signIn('b', 's3')]
    const response = await send(await sign({ sid: 's1' }, 'logout+jwt'))
    expect(response.status).toBe(200)
    expect(response.headers.get('cache-control')).toBe('no-store')
    await second()
    expect([await status(one), await status(two), await status(other)]).toEqual([401, 200, 200])
    expect((await send(await sign({ sub: 'a' }))).status).toBe(200)
    await second()
    expect([await status(two), await status(other)]).toEqual([401, 200])
  })

  it('ends the sessions of a person whose ids are not known, whatever session it names besides', async () => {
    const [unnamed, named] = [await signIn('f'), await signIn('f', 's8')]
    expect((await send(await sign({ sub: 'f', sid: 's9' }))).status).toBe(200)
    await second()
    expect([await status(unnamed), await status(named)]).toEqual([401, 200])
  })

  it('tells the org of each session, and how many ended', async () => {
    await signIn('g', 's10')
    await signIn('g', 's11')
    const answer = await send(await sign({ sub: 'g' }))
    const byUser = `select s.org_uid from audit_events e join sessions s on s.uid = e.event #>> '{resource,uid}'
      where e.code = 'L003I' and s.subject = 'g' and e.org_uid = s.org_uid
        and e.event #>> '{detail,because}' like '%signed out%'`
    await expect.poll(() => world.sql(byUser), { timeout: 10_000 }).toHaveLength(2)
    const request = `select event #> '{detail,ended}' as ended from audit_events
      where event ->> 'requestId' = '${answer.headers.get('x-request-id')}'`
    await expect.poll(() => world.sql(request), { timeout: 10_000 }).toEqual([{ ended: 2 }])
  })

  it('does no harm when the message comes again', async () => {
    await signIn('c', 's4')
    const token = await sign({ sub: 'c', iat: now() - 60 })
    expect((await send(token)).status).toBe(200)
    const later = await signIn('c', 's5')
    expect((await send(token)).status).toBe(200)
    await second()
    expect(await status(later)).toBe(200)
  })

  const wrong: [string, () => Promise<string>][] = [
    ['another issuer', () => sign({ sub: 'd', iss: 'https://evil.example' })],
    ['another audience', () => sign({ sub: 'd', aud: 'another' })],
    ['no event', () => sign({ sub: 'd', events: undefined })],
    ['another event', () => sign({ sub: 'd', events: { 'http://x': {} } })],
    [
      'an event that is no object',
      () => sign({ sub: 'd', events: { 'http://schemas.openid.net/event/backchannel-logout': 'x' } }),
    ],
    ['a nonce, as an ID token has', () => sign({ sub: 'd', nonce: 'n' })],
    ['nobody', () => sign({})],
    ['no jti', () => sign({ sub: 'd', jti: undefined as unknown as string })],
    ['no iat', () => sign({ sub: 'd', iat: undefined as unknown as number })],
    ['no exp', () => sign({ sub: 'd', exp: undefined as unknown as number })],
    ['an old message', () => sign({ sub: 'd', iat: now() - 300 })],
    ['an expired message', () => sign({ sub: 'd', exp: now() - 10 })],
    ['an access token', () => sign({ sub: 'd' }, 'at+jwt')],
    ['another key', () => signers.otherKey(claims({ sub: 'd' }))],
    ['alg none', () => signers.none(claims({ sub: 'd' }))],
    ['HS256 by the public key', () => signers.publicKeyAsSecret(claims({ sub: 'd' }), idp)],
    ['ES256 where RS256 is configured', () => signers.es256(claims({ sub: 'd' }), idp)],
    ['no token', async () => 'x'],
  ]
  it('refuses what is no logout message of this issuer', async () => {
    const browser = await signIn('d', 's6')
    for (const [what, make] of wrong) {
      const response = await send(await make())
      expect(response.status, what).toBe(400)
      expect(await response.json(), what).toMatchObject({ error: 'invalid_request' })
    }
    const twice = await fetch(`${url}/login/hostile/back-channel-logout`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: `logout_token=${await sign({ sub: 'd' })}&logout_token=x`,
    })
    expect(twice.status).toBe(400)
    expect((await fetch(`${url}/login/hostile/back-channel-logout`)).status).toBe(404)
    await second()
    expect(await status(browser)).toBe(200)
  })

  it('always counts, however many sign-ins and wrong messages come from its address', async () => {
    const browser = await signIn('e', 's7')
    const pages = await Promise.all(
      Array.from({ length: 200 }, () => fetch(`${url}/login/hostile`, { redirect: 'manual' })),
    )
    const wrongOnes = await Promise.all(Array.from({ length: 90 }, () => send('x')))
    expect(pages.map((page) => page.status)).toContain(429)
    expect(wrongOnes.map((answer) => answer.status)).toContain(429)
    expect((await send(await sign({ sub: 'e' }))).status).toBe(200)
    await second()
    expect(await status(browser)).toBe(401)
  })
})
