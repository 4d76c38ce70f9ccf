import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createCookieBrowser, locationOf, signInAs } from '../support/cookie-browser.ts'
import { type SignInWorld, startSignInWorld } from '../support/sign-in-world.ts'

let world: SignInWorld
let url: string
beforeAll(async () => {
  world = await startSignInWorld()
  url = world.control.url
})
afterAll(() => world.close())

const cookie = 'gatehouse_session'

describe('sign-in', () => {
  it('makes a session that shows who I am and what I may query', async () => {
    const browser = createCookieBrowser()
    const response = await signInAs(browser, url, 'ada', '?returnTo=/access')
    expect(response.status).toBe(303)
    expect(locationOf(response)).toBe(`${url}/access`)
    const me = await browser.api(`${url}/api/v1/me`)
    expect(me.status).toBe(200)
    expect(await me.json()).toMatchObject({
      kind: 'user',
      name: 'Ada Lovelace',
      issuer: { name: 'demo', title: 'Demo agency login' },
      org: { uid: 'transport', name: 'Transport Agency' },
      orgs: [{ uid: 'transport', name: 'Transport Agency' }],
      teams: [{ uid: 'signals', name: 'Signals' }],
      roles: [{ name: 'viewer', via: 'team Signals', where: 'Transport Agency' }],
      dataSources: [
        {
          uid: 'metrics',
          selectors: ['{tenant="transport",env="prod",team="signals"}'],
          words: ['series where tenant is transport, env is prod and team is signals'],
          because: [{ role: 'viewer', via: 'team Signals', grantUid: 'g-signals' }],
        },
      ],
    })
  })

  it('keeps tokens and readable secrets out of cookies, URLs and the store', async () => {
    const browser = createCookieBrowser()
    const response = await signInAs(browser, url, 'ada')
    const line = browser.setCookies.find((text) => text.startsWith(`${cookie}=`)) ?? ''
    expect(line).toMatch(/^gatehouse_session=[\w-]{43}; Max-Age=43200; Path=\/; HttpOnly; SameSite=Lax$/)
    expect(locationOf(response)).toBe(`${url}/`)
    const secret = browser.cookies.get(cookie) ?? ''
    const rows = await world.sql('select * from sessions')
    expect(JSON.stringify(rows)).not.toContain(secret)
    expect(JSON.stringify(rows)).not.toMatch(/eyJ/)
  })

  it('chooses an org for a person in two, and takes the one a request names', async () => {
    const browser = createCookieBrowser()
    await signInAs(browser, url, 'bo')
    const me = async (org?: string): Promise<unknown> =>
      (
        await browser.api(
          `${url}/api/v1/me`,
          org === undefined ? {} : { headers: { 'x-gatehouse-org': org } },
        )
      ).json()
    expect(await me()).toMatchObject({
      org: { uid: 'health' },
      orgs: [{ uid: 'health' }, { uid: 'transport' }],
    })
    expect(await me('transport')).toMatchObject({ org: { uid: 'transport' }, teams: [{ uid: 'signals' }] })
    expect(await me('revenue')).toMatchObject({ status: 403 })
  })

  it('tells a person without an org so, and makes no session', async () => {
    const browser = createCookieBrowser()
    const response = await signInAs(browser, url, 'nemo')
    expect(new URL(locationOf(response)).searchParams.get('problem')).toBe('no-org')
    expect(browser.cookies.has(cookie)).toBe(false)
  })

  it('works in two tabs at once, in either order', async () => {
    const browser = createCookieBrowser()
    const first = await browser.open(`${url}/login/demo?returnTo=/first`)
    const second = await browser.open(`${url}/login/demo?returnTo=/second`)
    const signIn = await browser.follow(locationOf(second))
    let response = await browser.open(signIn.url, { signIn: 'ada', password: 'right' })
    while (!response.url.startsWith(`${url}/login/demo/callback`))
      response = await browser.open(locationOf(response))
    expect(locationOf(response)).toBe(`${url}/second`)
    const old = browser.cookies.get(cookie)
    let other = await browser.open(locationOf(first))
    while (!other.url.startsWith(`${url}/login/demo/callback`)) other = await browser.open(locationOf(other))
    expect(locationOf(other)).toBe(`${url}/first`)
    // A new session each time; the one before is ended.
    expect(browser.cookies.get(cookie)).not.toBe(old)
    expect((await browser.api(`${url}/api/v1/me`)).status).toBe(200)
    const stolen = await fetch(`${url}/api/v1/me`, {
      headers: { cookie: `${cookie}=${old}`, 'sec-fetch-site': 'same-origin' },
    })
    expect(stolen.status).toBe(401)
  })

  it('ends at sign-out, here first and then at the identity provider', async () => {
    const browser = createCookieBrowser()
    await signInAs(browser, url, 'ada')
    const secret = browser.cookies.get(cookie)
    const out = await browser.api(`${url}/api/v1/sessions/current`, { method: 'DELETE' })
    expect(out.status).toBe(200)
    const { next } = (await out.json()) as { next: string }
    expect(next.startsWith(`${world.idp.issuer}/session/end?`)).toBe(true)
    expect(new URL(next).searchParams.get('post_logout_redirect_uri')).toBe(`${url}/signed-out`)
    expect(browser.cookies.has(cookie)).toBe(false)
    await new Promise((done) => setTimeout(done, 1_100))
    const old = await fetch(`${url}/api/v1/me`, {
      headers: { cookie: `${cookie}=${secret}`, 'sec-fetch-site': 'same-origin' },
    })
    expect(old.status).toBe(401)
    // Whoever wants to be signed out is signed out, also twice.
    const again = await browser.api(`${url}/api/v1/sessions/current`, { method: 'DELETE' })
    expect(await again.json()).toEqual({ next: '/signed-out' })
  })

  it('is not ended by another site', async () => {
    const browser = createCookieBrowser()
    await signInAs(browser, url, 'ada')
    for (const headers of [{ origin: 'https://evil.example' }, { 'sec-fetch-site': 'cross-site' }]) {
      const out = await browser.api(`${url}/api/v1/sessions/current`, { method: 'DELETE', headers })
      expect(out.status).toBe(403)
    }
    expect((await browser.api(`${url}/api/v1/me`)).status).toBe(200)
  })

  it('leaves its events, each before its answer', async () => {
    const browser = createCookieBrowser()
    await signInAs(browser, url, 'ada')
    await browser.api(`${url}/api/v1/me`)
    await fetch(`${url}/api/v1/me`)
    await browser.api(`${url}/api/v1/sessions/current`, { method: 'DELETE' })
    // Shipping to the store follows within moments.
    let codes: unknown[] = []
    for (let i = 0; i < 100 && !codes.includes('L002I'); i++) {
      await new Promise((done) => setTimeout(done, 100))
      codes = (await world.sql('select code from audit_events')).map((row) => row['code'])
    }
    for (const code of ['L005I', 'L001I', 'L001D', 'V001I', 'V003D', 'L002I']) expect(codes).toContain(code)
    // A sign-in that fails ends on the sign-in page.
    const failed = `select distinct event #>> '{outcome,httpStatus}' as status, result from audit_events where code = 'L001D'`
    expect(await world.sql(failed)).toEqual([{ status: '303', result: 'denied' }])
  })
})
