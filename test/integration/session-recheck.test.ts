import { setTimeout as sleep } from 'node:timers/promises'
import { startControl } from '@gatehouse/control'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type CookieBrowser, createCookieBrowser, locationOf } from '../support/cookie-browser.ts'
import { type HostileIdp, signers, startHostileIdp } from '../support/hostile-idp.ts'
import { type SignInWorld, startSignInWorld } from '../support/sign-in-world.ts'

let idp: HostileIdp
let world: SignInWorld
let url: string

beforeAll(async () => {
  idp = await startHostileIdp()
  const issuer = {
    name: 'idp',
    issuer: idp.issuer,
    clientId: 'gatehouse',
    clientSecret: { value: 'web-secret' },
  }
  const attributes = ['org.department']
  world = await startSignInWorld({
    issuers: [{ ...issuer, attributes, recheckEvery: '1s', recheckWithin: '5s' }],
  })
  url = world.control.url
})
afterAll(async () => {
  await world?.close()
  await idp?.close()
})

let subject = 0
beforeEach(() => {
  subject += 1
  idp.faults = {}
  idp.person = { sub: `person-${subject}`, name: 'Perry', groups: ['transport-signals'] }
  idp.refreshes.length = 0
})

async function signedIn(): Promise<CookieBrowser> {
  const browser = createCookieBrowser()
  const toIdp = await browser.open(`${url}/login/idp`)
  await browser.open(locationOf(await browser.open(locationOf(toIdp))))
  expect((await browser.api(`${url}/api/v1/me`)).status).toBe(200)
  return browser
}

/** Another node of the control plane, on the same database. */
function secondControl() {
  return startControl({
    ...world.config,
    control: { ...world.config.control, listenAddress: '127.0.0.1:0' },
    audit: { ...world.config.audit, spoolDir: `${world.config.audit.spoolDir}-second` },
  })
}

interface Seen {
  readonly status: number
  readonly orgs: readonly string[]
}
async function look(browser: CookieBrowser, base = url): Promise<Seen> {
  const response = await browser.api(`${base}/api/v1/me`, { headers: { 'x-gatehouse-org': 'transport' } })
  const me = (await response.json()) as { orgs?: readonly { readonly uid: string }[] }
  return { status: response.status, orgs: me.orgs?.map(({ uid }) => uid) ?? [] }
}
/** Keeps using the session until it looks as it should. */
function becomes(browser: CookieBrowser, wanted: Partial<Seen>, ms = 6_000) {
  return expect.poll(() => look(browser), { timeout: ms, interval: 200 }).toMatchObject(wanted)
}
const endings = async (): Promise<readonly string[]> =>
  (
    await world.sql(
      `select event -> 'detail' ->> 'because' as why from audit_events where event ->> 'action' = 'sessions:revoke' order by at`,
    )
  ).map(({ why }) => String(why))

describe('a live session', () => {
  it('follows the groups its person has at the identity provider now', async () => {
    const browser = await signedIn()
    expect(await look(browser)).toEqual({ status: 200, orgs: ['transport'] })
    idp.person = { ...idp.person, groups: ['transport-signals', 'health-triage'] }
    await becomes(browser, { status: 200, orgs: ['health', 'transport'] })
    idp.person = { ...idp.person, groups: ['transport-signals'] }
    await becomes(browser, { status: 200, orgs: ['transport'] })
    // A claim that is missing means no groups, never those of before.
    idp.faults = { claims: { groups: undefined } }
    await becomes(browser, { status: 401 })
  })

  it('goes on in the other org where its person leaves the one it is kept in', async () => {
    const groups = ['transport-signals', 'health-triage']
    idp.person = { ...idp.person, groups }
    const browser = await signedIn()
    const kept = () => world.sql('select distinct org_uid from sessions where revoked_at is null')
    expect(await look(browser)).toEqual({ status: 200, orgs: ['health', 'transport'] })
    expect(await kept()).toContainEqual({ org_uid: 'health' })
    idp.person = { ...idp.person, groups: ['transport-signals'] }
    await becomes(browser, { status: 200, orgs: ['transport'] })
    expect(await kept()).toEqual([{ org_uid: 'transport' }])
    idp.person = { ...idp.person, groups: [] }
    await becomes(browser, { status: 401 })
  })

  it('follows the attributes its person has now: none of another shape, none as a group, none where the issuer is not taken', async () => {
    const group = 'claim:idp:org.department=triage'
    await world.sql(`update teams set idp_groups = array['health-triage', '${group}'] where uid = 'triage'`)
    const [here, both] = [{ orgs: ['transport'] }, { orgs: ['health', 'transport'] }]
    const ordinary = { ...idp.person }
    const attributed = (department: unknown) => ({ ...ordinary, org: { department } })
    const browser = await signedIn()
    expect(await look(browser)).toMatchObject(here)
    const steps = [
      [attributed('triage'), both],
      [attributed(['triage', 5]), here],
      [attributed(['roads', 'triage']), both],
      [{ ...ordinary, groups: ['transport-signals', group] }, here],
      [attributed('triage'), both],
      [ordinary, here],
    ] as const
    for (const [person, seen] of steps) {
      idp.person = person
      await becomes(browser, seen)
    }
    idp.person = attributed('triage')
    // At the next sign-in at once.
    expect(await look(await signedIn())).toMatchObject(both)
    await world.sql(`update orgs set issuers = array['https://elsewhere.example'] where uid = 'health'`)
    await becomes(browser, here)
    await world.sql(`update orgs set issuers = null where uid = 'health'`)
  })

  it('ends when the identity provider knows the person no more, with an event that says so', async () => {
    const browser = await signedIn()
    idp.faults = { refresh: { status: 400, body: JSON.stringify({ error: 'invalid_grant' }) } }
    await becomes(browser, { status: 401 })
    await expect
      .poll(endings, { timeout: 5_000 })
      .toContain('the identity provider no longer vouches for the person')
  })

  it('ends when the answer is about somebody else', async () => {
    const browser = await signedIn()
    idp.faults = { claims: { sub: 'somebody-else' } }
    await becomes(browser, { status: 401 }, 4_000)
  })

  it.each([
    ['is down', { refresh: { status: 503, body: 'no' } }],
    [
      'refuses the client, not the person',
      { refresh: { status: 401, body: JSON.stringify({ error: 'invalid_client' }) } },
    ],
    ['signs with a key that is not its own', { sign: signers.otherKey }],
    ['says nothing of the person', { withoutIdToken: true }],
  ] as const)(
    'lives on while its identity provider %s, and no longer than the stated bound',
    async (_, faults) => {
      const browser = await signedIn()
      idp.faults = faults
      await sleep(2_500)
      expect((await look(browser)).status).toBe(200)
      // Asked behind an answer, not before it.
      await expect.poll(() => idp.refreshes.length).toBeGreaterThan(0)
      await becomes(browser, { status: 401 }, 7_000)
    },
  )

  it('says when it ends while its identity provider does not answer, and that staying signed in does not help', async () => {
    const browser = await signedIn()
    type Ends = { readonly expiresAt: string; readonly vouchedUntil: string | null }
    const ends = async (path = '', method = 'GET'): Promise<Ends> => {
      const init = { method, headers: { origin: url } }
      return (await browser.api(`${url}/api/v1/sessions/current${path}`, init)).json() as Promise<Ends>
    }
    expect(await ends()).toMatchObject({ vouchedUntil: null })
    idp.faults = { refresh: { status: 503, body: 'no' } }
    await expect.poll(async () => (await ends()).vouchedUntil, { timeout: 4_000 }).not.toBeNull()
    const told = await ends('/extend', 'POST')
    expect(told.expiresAt).toBe(told.vouchedUntil)
    expect(Date.parse(told.expiresAt) - Date.now()).toBeLessThan(5_000)
    await sleep(Date.parse(told.expiresAt) - Date.now() - 1_000)
    expect((await look(browser)).status).toBe(200)
    await sleep(1_500)
    expect((await look(browser)).status).toBe(401)
  })

  it('is asked about at the userinfo endpoint where a refresh gives no ID token', async () => {
    const browser = await signedIn()
    idp.person = { ...idp.person, groups: ['transport-signals', 'health-triage'] }
    idp.faults = { withoutIdToken: true, discovery: { userinfo_endpoint: `${idp.issuer}/userinfo` } }
    // Metadata are read once an hour: a second process reads the new ones.
    const other = await secondControl()
    try {
      await expect
        .poll(
          async () => {
            return (await look(browser, other.url)).orgs
          },
          { timeout: 6_000, interval: 200 },
        )
        .toEqual(['health', 'transport'])
    } finally {
      await other.close()
    }
  })

  it('sends each refresh token once, however many requests and processes use the session', async () => {
    const browser = await signedIn()
    idp.faults = { refreshDelayMs: 400 }
    const other = await secondControl()
    try {
      for (let i = 0; i < 30; i += 1) {
        const statuses = await Promise.all(
          [url, other.url, url, other.url].map(
            async (base) => (await browser.api(`${base}/api/v1/me`)).status,
          ),
        )
        expect(statuses).toEqual([200, 200, 200, 200])
        await sleep(100)
      }
      expect(idp.refreshes.length).toBeGreaterThan(1)
      expect(new Set(idp.refreshes).size).toBe(idp.refreshes.length)
      // Two nodes write chains of their own.
      const writers = await world.sql(`select distinct writer from audit_events where writer like 'control%'`)
      expect(writers.length).toBe(2)
    } finally {
      await other.close()
    }
  })

  it('keeps nothing in the database that its identity provider would take', async () => {
    await signedIn()
    const rows = JSON.stringify(await world.sql('select * from sessions'))
    expect(rows).toContain('"sealed":"')
    expect(rows).not.toContain('refresh-')
    for (const { sealed } of await world.sql('select sealed from sessions where sealed is not null'))
      expect(Buffer.from(String(sealed), 'base64url').toString('latin1')).not.toContain('refresh-')
  })
})

describe('signing out', () => {
  it('names the session to the identity provider, so that it need not ask', async () => {
    const issuer = {
      name: 'idp',
      issuer: idp.issuer,
      clientId: 'gatehouse',
      clientSecret: { value: 'web-secret' },
    }
    idp.faults = { discovery: { end_session_endpoint: `${idp.issuer}/end` } }
    const own = await startSignInWorld({ issuers: [issuer] })
    try {
      const browser = createCookieBrowser()
      const toIdp = await browser.open(`${own.control.url}/login/idp`)
      await browser.open(locationOf(await browser.open(locationOf(toIdp))))
      const answer = await browser.api(`${own.control.url}/api/v1/sessions/current`, { method: 'DELETE' })
      const { next: where } = (await answer.json()) as { next: string }
      const next = new URL(where)
      expect(next.origin + next.pathname).toBe(`${idp.issuer}/end`)
      expect(next.searchParams.get('post_logout_redirect_uri')).toBe(`${own.control.url}/signed-out`)
      const [, claims = ''] = (next.searchParams.get('id_token_hint') ?? '').split('.')
      expect(JSON.parse(Buffer.from(claims, 'base64url').toString()).sub).toBe(idp.person.sub)
    } finally {
      await own.close()
    }
  })
})
