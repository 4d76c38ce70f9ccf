import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type CookieBrowser, createCookieBrowser, locationOf } from '../support/cookie-browser.ts'
import { type Faults, type HostileIdp, signers, startHostileIdp } from '../support/hostile-idp.ts'
import { type SignInWorld, startSignInWorld } from '../support/sign-in-world.ts'

let idp: HostileIdp
let other: HostileIdp
let world: SignInWorld
let url: string
const cookie = 'gatehouse_session'

function issuer(name: string, { issuer: at }: HostileIdp): object {
  return { name, issuer: at, clientId: 'gatehouse', clientSecret: { value: 'web-secret' } }
}

beforeAll(async () => {
  idp = await startHostileIdp()
  other = await startHostileIdp()
  // Without this safeguard of its own, only the state's issuer stands against a mix-up.
  other.faults = { discovery: { authorization_response_iss_parameter_supported: undefined } }
  const down = { name: 'down', issuer: 'http://127.0.0.1:9', clientId: 'gatehouse' }
  world = await startSignInWorld({ issuers: [issuer('hostile', idp), issuer('other', other), down] })
  url = world.control.url
})
afterAll(async () => {
  await world?.close()
  await idp?.close()
  await other?.close()
})
beforeEach(() => {
  idp.faults = {}
  idp.person = { sub: 'mallory', name: 'Mallory', groups: ['transport-signals'] }
  idp.tokenRequests.length = 0
  idp.authorizations.length = 0
})

/** Up to the redirect back from the identity provider. */
async function begin(browser: CookieBrowser, name = 'hostile', query = ''): Promise<string> {
  const toIdp = await browser.open(`${url}/login/${name}${query}`)
  expect(toIdp.status).toBe(302)
  return locationOf(await browser.open(locationOf(toIdp)))
}

/** A whole sign-in; the answer to the callback. */
async function attempt(browser = createCookieBrowser()): Promise<Response> {
  return browser.open(await begin(browser))
}

const problemOf = (response: Response): string | null =>
  new URL(response.headers.get('location') ?? '/', url).searchParams.get('problem')
const sessions = async (): Promise<number> =>
  Number((await world.sql('select count(*) from sessions'))[0]?.['count'])

describe('a sign-in', () => {
  it('succeeds when nothing is wrong, with the PKCE verifier at the token endpoint', async () => {
    const browser = createCookieBrowser()
    const response = await attempt(browser)
    expect(problemOf(response)).toBeNull()
    expect(browser.cookies.has(cookie)).toBe(true)
    expect(idp.tokenRequests).toHaveLength(1)
    expect(idp.tokenRequests[0]?.isPkceRight).toBe(true)
    const [sent] = idp.authorizations
    expect(sent?.get('code_challenge_method')).toBe('S256')
    expect(sent?.get('redirect_uri')).toBe(`${url}/login/hostile/callback`)
    // 256 bits each, and never twice the same.
    await attempt(browser)
    for (const name of ['state', 'nonce', 'code_challenge']) {
      const values = idp.authorizations.map((request) => request.get(name) ?? '')
      expect(new Set(values).size).toBe(2)
      for (const value of values) expect(value).toMatch(/^[\w-]{43}$/)
    }
  })

  const now = (): number => Math.floor(Date.now() / 1_000)
  const refused: [string, () => Faults][] = [
    ['a token of another key', () => ({ sign: signers.otherKey })],
    ['a garbage signature', () => ({ sign: signers.garbage })],
    ['alg none, though advertised', () => ({ sign: signers.none })],
    ['HS256 by the client secret, though advertised', () => ({ sign: signers.clientSecret })],
    ['HS256 by the public key', () => ({ sign: signers.publicKeyAsSecret })],
    ['ES256 where RS256 is configured', () => ({ sign: signers.es256 })],
    ['a key inside the token', () => ({ sign: signers.embeddedKey })],
    ['another issuer', () => ({ claims: { iss: 'https://evil.example' } })],
    ['another audience', () => ({ claims: { aud: 'another' } })],
    ['a second audience', () => ({ claims: { aud: ['gatehouse', 'another'] } })],
    ['another authorised party', () => ({ claims: { aud: ['gatehouse', 'another'], azp: 'another' } })],
    ['another authorised party, though we are the audience', () => ({ claims: { azp: 'another' } })],
    ['a logout event', () => ({ claims: { events: {} } })],
    ['a token of an hour ago', () => ({ claims: { exp: now() - 3_600 } })],
    ['a token of 10 s ago', () => ({ claims: { exp: now() - 10 } })],
    ['no expiry', () => ({ claims: { exp: undefined } })],
    ['a token not valid yet', () => ({ claims: { nbf: now() + 60 } })],
    ['no nonce', () => ({ claims: { nonce: undefined } })],
    ['another nonce', () => ({ claims: { nonce: 'x' } })],
    ['no subject', () => ({ claims: { sub: undefined } })],
    ['an empty subject', () => ({ claims: { sub: '' } })],
    ['a subject that is no text', () => ({ claims: { sub: 7 } })],
    ['a long subject', () => ({ claims: { sub: 'x'.repeat(300) } })],
    ['no ID token', () => ({ token: { status: 200, body: '{"access_token":"x","token_type":"Bearer"}' } })],
    [
      'an ID token that is none',
      () => ({ token: { status: 200, body: '{"access_token":"x","token_type":"Bearer","id_token":"x"}' } }),
    ],
    ['a broken answer', () => ({ token: { status: 200, body: '<html>' } })],
    ['an error at the token endpoint', () => ({ token: { status: 500, body: '{}' } })],
    ['a code that it disowns', () => ({ token: { status: 400, body: '{"error":"invalid_grant"}' } })],
    ['another iss parameter', () => ({ redirect: { iss: 'https://evil.example' } })],
    ['no iss parameter, though advertised', () => ({ redirect: { iss: undefined } })],
    ['the iss parameter twice', () => ({ redirect: { iss: [idp.issuer, idp.issuer] } })],
    ['the code twice', () => ({ redirect: { code: ['a', 'b'] } })],
    ['no code', () => ({ redirect: { code: undefined } })],
    ['a token in the redirect', () => ({ redirect: { id_token: 'x' } })],
  ]
  it.each(refused)('is refused: %s', async (_, faults) => {
    idp.faults = faults()
    const browser = createCookieBrowser()
    const before = await sessions()
    const response = await attempt(browser)
    expect(response.status).toBe(303)
    expect(problemOf(response)).toBe('invalid')
    expect(browser.cookies.has(cookie)).toBe(false)
    expect(await sessions()).toBe(before)
  })

  it('is accepted within 5 s of expiry', async () => {
    idp.faults = { claims: { exp: now() - 2 } }
    expect(problemOf(await attempt())).toBeNull()
  })

  const expired: [string, () => Faults][] = [
    ['no state', () => ({ redirect: { state: undefined } })],
    ['another state', () => ({ redirect: { state: 'x' } })],
    ['an empty state', () => ({ redirect: { state: '' } })],
  ]
  it.each(expired)('is refused: %s', async (_, faults) => {
    idp.faults = faults()
    expect(problemOf(await attempt())).toBe('expired')
    expect(idp.tokenRequests).toHaveLength(0)
  })

  it('succeeds by the right one of two keys of one kid, and at once by a key that is new', async () => {
    const keys = await generateKeyPair('RS256', { extractable: true })
    const publicKey = { ...(await exportJWK(keys.publicKey)), alg: 'RS256', use: 'sig' }
    const fresh = await startHostileIdp()
    const own = await startSignInWorld({ issuers: [issuer('fresh', fresh)] })
    const enter = async () => {
      const browser = createCookieBrowser()
      const toIdp = await browser.open(`${own.control.url}/login/fresh`)
      await browser.open(locationOf(await browser.open(locationOf(toIdp))))
      return (await browser.api(`${own.control.url}/api/v1/me`)).status
    }
    try {
      fresh.person = { ...idp.person }
      fresh.faults = { jwks: [{ ...publicKey, kid: 'k1' }] }
      expect(await enter()).toBe(200)
      fresh.faults.sign = signers.otherKey
      expect(await enter()).toBe(401)
      // The keys were read just now; whoever signs in by the next does not wait until they may be read again.
      const sign = (claims: Record<string, unknown>) =>
        new SignJWT(claims).setProtectedHeader({ alg: 'RS256', kid: 'k2' }).sign(keys.privateKey)
      fresh.faults = { jwks: [{ ...publicKey, kid: 'k2' }], withoutKeys: true, sign }
      expect(await enter()).toBe(200)
      fresh.faults.sign = signers.good
      expect(await enter()).toBe(401)
    } finally {
      await own.close()
      await fresh.close()
    }
  })

  it('is refused: the state twice', async () => {
    const browser = createCookieBrowser()
    const callback = new URL(await begin(browser))
    callback.searchParams.append('state', callback.searchParams.get('state') ?? '')
    expect(problemOf(await browser.open(callback.href))).toBe('invalid')
  })

  it('is refused in another browser, and then in the first: the state is used up', async () => {
    const [attacker, victim] = [createCookieBrowser(), createCookieBrowser()]
    const callback = await begin(attacker)
    await begin(victim)
    expect(problemOf(await victim.open(callback))).toBe('expired')
    expect(problemOf(await createCookieBrowser().open(callback))).toBe('expired')
    expect(victim.cookies.has(cookie)).toBe(false)
    expect(problemOf(await attacker.open(callback))).toBe('expired')
  })

  it('works once: a replayed or doubled callback makes no second session', async () => {
    const browser = createCookieBrowser()
    const callback = await begin(browser)
    const before = await sessions()
    const answers = await Promise.all(Array.from({ length: 8 }, () => browser.open(callback)))
    expect(answers.map(problemOf).filter((problem) => problem === null)).toHaveLength(1)
    expect(problemOf(await browser.open(callback))).toBe('expired')
    expect(await sessions()).toBe(before + 1)
  })

  it('is refused after ten minutes', async () => {
    const browser = createCookieBrowser()
    const callback = await begin(browser)
    await world.sql(`update login_attempts set expires_at = now() - interval '1 second'`)
    expect(problemOf(await browser.open(callback))).toBe('expired')
  })

  it('is refused at the callback of another issuer', async () => {
    idp.faults = { redirect: { iss: undefined } }
    const browser = createCookieBrowser()
    const callback = (await begin(browser)).replace('/login/hostile/', '/login/other/')
    expect(problemOf(await browser.open(callback))).toBe('invalid')
    expect(other.tokenRequests).toHaveLength(0)
  })

  it('keeps no session planted before it', async () => {
    const browser = createCookieBrowser()
    browser.cookies.set(cookie, 'planted-by-somebody')
    await attempt(browser)
    const secret = browser.cookies.get(cookie)
    expect(secret).not.toBe('planted-by-somebody')
    await attempt(browser)
    expect(browser.cookies.get(cookie)).not.toBe(secret)
  })

  it('ends the session that was in the browser before, so that whoever planted theirs gains nothing', async () => {
    const planter = createCookieBrowser()
    await attempt(planter)
    const planted = planter.cookies.get(cookie) ?? ''
    expect((await planter.api(`${url}/api/v1/me`)).status).toBe(200)
    const victim = createCookieBrowser()
    victim.cookies.set(cookie, planted)
    idp.person = { sub: 'victim', name: 'Victim', groups: ['transport-signals'] }
    await attempt(victim)
    expect(victim.cookies.get(cookie)).not.toBe(planted)
    expect(await (await victim.api(`${url}/api/v1/me`)).json()).toMatchObject({ name: 'Victim' })
    await expect
      .poll(async () => (await planter.api(`${url}/api/v1/me`)).status, { timeout: 5_000 })
      .toBe(401)
  })

  it('keeps its secret when another org is asked about: the session is in no org, requests are', async () => {
    const browser = createCookieBrowser()
    idp.person = { ...idp.person, groups: ['transport-signals', 'health-triage'] }
    await attempt(browser)
    const secret = browser.cookies.get(cookie)
    const inOrg = async (org: string) =>
      (await browser.api(`${url}/api/v1/me`, { headers: { 'x-gatehouse-org': org } })).json()
    const both = await Promise.all(['transport', 'health', 'transport'].map(inOrg))
    expect(both).toMatchObject(['transport', 'health', 'transport'].map((uid) => ({ org: { uid } })))
    expect(browser.cookies.get(cookie)).toBe(secret)
  })

  it('goes back only to our own pages', async () => {
    for (const [wanted, expected] of [
      ['/access?x=1', '/access?x=1'],
      ['//evil.example', '/'],
      ['/\\evil.example', '/'],
      ['/.//evil.example', '/'],
      ['https:evil.example', '/'],
      ['/a%0d%0aSet-Cookie: x=y', '/'],
    ]) {
      const browser = createCookieBrowser()
      const response = await browser.open(
        await begin(browser, 'hostile', `?${new URLSearchParams({ returnTo: wanted ?? '' })}`),
      )
      expect(response.headers.get('location')).toBe(expected)
    }
  })

  it('shows nothing that the identity provider wrote', async () => {
    const evil = '<img src=x onerror=alert(1)>'
    idp.faults = {
      redirect: {
        code: undefined,
        error: 'access_denied',
        error_description: evil,
        error_uri: 'javascript:x',
      },
    }
    const response = await attempt()
    expect(problemOf(response)).toBe('refused')
    expect(decodeURIComponent(response.headers.get('location') ?? '')).not.toMatch(
      /onerror|javascript|access_denied/,
    )
    const page = await fetch(
      `${url}/sign-in?problem=${encodeURIComponent(evil)}&request=${encodeURIComponent(evil)}`,
    )
    expect(await page.text()).not.toContain('onerror')
  })

  it('ends on the page when the identity provider is down; the service runs on', async () => {
    const browser = createCookieBrowser()
    const response = await browser.open(`${url}/login/down`)
    expect(response.status).toBe(303)
    expect(problemOf(response)).toBe('unavailable')
    const issuers: unknown = await (await fetch(`${url}/api/v1/issuers`)).json()
    expect(issuers).toMatchObject({
      issuers: [
        { name: 'hostile', isAvailable: true },
        { name: 'other' },
        { name: 'down', isAvailable: false },
      ],
    })
    expect((await fetch(`${url}/-/ready`)).status).toBe(200)
    expect((await browser.open(`${url}/login/nobody`)).status).toBe(404)
  })
})

describe('a person', () => {
  const me = async (browser: CookieBrowser): Promise<Record<string, unknown>> =>
    (await (await browser.api(`${url}/api/v1/me`)).json()) as Record<string, unknown>

  it('is the issuer and the subject, never the email address', async () => {
    const email = { email: 'same@example.org', email_verified: true }
    idp.person = { sub: 'one', ...email, groups: ['transport-signals'] }
    other.person = { sub: 'one', ...email, groups: ['transport-signals'] }
    const [first, second, third] = [createCookieBrowser(), createCookieBrowser(), createCookieBrowser()]
    await first.open(await begin(first))
    await second.open(await begin(second, 'other'))
    idp.person = { sub: 'two', ...email, groups: ['transport-signals'] }
    await third.open(await begin(third))
    const uids = [await me(first), await me(second), await me(third)].map((one) => one['uid'])
    expect(new Set(uids).size).toBe(3)
  })

  const shapes: [string, unknown][] = [
    ['missing', undefined],
    ['nested', { a: ['transport-signals'] }],
    ['10,000 of them', [...Array.from({ length: 10_000 }, (_, i) => `g${i}`), 'transport-signals']],
    ['an overage pointer', null],
    ['case changed', ['Transport-Signals']],
    ['a look-alike', ['transport-sіgnals']],
  ]
  it.each(shapes)('has no org by groups that are %s, also after having had one', async (_, groups) => {
    const browser = createCookieBrowser()
    idp.person = { sub: 'dropped', groups: ['transport-signals'] }
    await attempt(browser)
    expect((await me(browser))['org']).toMatchObject({ uid: 'transport' })
    idp.person = { sub: 'dropped', groups, _claim_names: { groups: 'src1' } }
    expect(problemOf(await attempt())).toBe('no-org')
    // The session opened with the old groups ends with them.
    await new Promise((done) => setTimeout(done, 1_100))
    expect((await browser.api(`${url}/api/v1/me`)).status).toBe(401)
  })

  it('disabled here cannot sign in, and a live session ends', async () => {
    const browser = createCookieBrowser()
    idp.person = { sub: 'leaver', groups: ['transport-signals'] }
    await attempt(browser)
    await world.sql(
      `update users set disabled = true where uid = (select user_uid from identities where subject = 'leaver')`,
    )
    expect(problemOf(await attempt())).toBe('disabled')
    await new Promise((done) => setTimeout(done, 1_100))
    expect((await browser.api(`${url}/api/v1/me`)).status).toBe(401)
  })
})
