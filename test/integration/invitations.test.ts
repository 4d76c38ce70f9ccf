import { SignJWT } from 'jose'
import { hashServiceAccountToken, newServiceAccountToken } from '@gatehouse/identity'
import { createPool, createToken, type Pool, withOrg } from '@gatehouse/store'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createCookieBrowser, locationOf } from '../support/cookie-browser.ts'
import { type HostileIdp, startHostileIdp } from '../support/hostile-idp.ts'
import { type SignInWorld, startSignInWorld } from '../support/sign-in-world.ts'

interface Seen {
  readonly uid: string
  readonly createdAt: string
}

interface Me {
  readonly org: { readonly uid: string }
  readonly orgs: readonly { readonly uid: string }[]
}

// One org's administrator names somebody of another org: it must tell nothing of that person and change nothing for them.

let idp: HostileIdp
let world: SignInWorld
let pool: Pool
const tokens = new Map<string, string>()

const access = (shard: string): string => {
  const org = (uid: string, teams = '', grants = ''): string => `
  - uid: ${uid}
    name: ${uid}
    tenants: [${uid}]${teams}
    serviceAccounts: [{ uid: boss, name: Boss }]
    dataSources: [{ uid: metrics, name: M, shards: [{ name: s, tenants: [${uid}], replicas: [{ name: r, url: '${shard}' }] }] }]
    grants: [{ serviceAccount: boss, role: org-admin }${grants}]`
  return `apiVersion: gatehouse/v1\nkind: Access\norgs:${org('health')}${org(
    'transport',
    '\n    teams: [{ uid: signals, name: S, idpGroups: [transport-signals] }]',
    ', { team: signals, role: viewer }',
  )}\n`
}

async function tokenOf(org: string): Promise<string> {
  const token = newServiceAccountToken()
  const hash = hashServiceAccountToken(token) ?? ''
  const expiresAt = Date.now() + 3_600_000
  const made = { serviceAccountUid: 'boss', name: 't', prefix: token.slice(0, 16), hash, expiresAt }
  await withOrg(pool, org, (tx) => createToken(tx, made))
  return token
}

beforeAll(async () => {
  idp = await startHostileIdp()
  const clientSecret = { value: 'web-secret' }
  world = await startSignInWorld({
    access,
    issuers: [{ issuer: idp.issuer, clientSecret, name: 'one', clientId: 'gatehouse' }],
  })
  await world.sql(`update orgs set managed = 'api'`)
  pool = createPool({ url: world.config.database.url ?? '' })
  for (const org of ['health', 'transport']) tokens.set(org, await tokenOf(org))
})
afterAll(async () => {
  await pool.end()
  await world.close()
  await idp.close()
})

async function as(org: string, method: string, path: string, body?: object) {
  const response = await fetch(`${world.control.url}/api/v1${path}`, {
    method,
    headers: {
      authorization: `Bearer ${tokens.get(org) ?? ''}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  const text = await response.text()
  return { status: response.status, json: text === '' ? undefined : JSON.parse(text) }
}

async function signIn(sub: string, groups: string[]) {
  idp.person = { sub, name: `Real ${sub}`, groups }
  const browser = createCookieBrowser()
  const toIdp = await browser.open(`${world.control.url}/login/one`)
  await browser.open(locationOf(await browser.open(locationOf(toIdp))))
  const me = async (headers: Record<string, string> = {}) => {
    const response = await browser.api(`${world.control.url}/api/v1/me`, { headers })
    return { status: response.status, json: (await response.json()) as Me }
  }
  return { me }
}

function bearerOf(sub: string, groups: string[]): Promise<string> {
  const now = Math.floor(Date.now() / 1_000)
  const claims = {
    iss: idp.issuer,
    aud: 'gatehouse',
    iat: now,
    exp: now + 600,
    sub,
    name: `Real ${sub}`,
    groups,
  }
  return new SignJWT(claims)
    .setProtectedHeader({ alg: 'RS256', kid: 'k1', typ: 'at+jwt' })
    .sign(idp.keys.privateKey)
}

async function meBy(jwt: string, headers: Record<string, string> = {}) {
  const response = await fetch(`${world.control.url}/api/v1/me`, {
    headers: { authorization: `Bearer ${jwt}`, ...headers },
  })
  return { status: response.status, json: (await response.json()) as Me }
}

const groups = ['transport-signals']
const inHealth = { 'x-gatehouse-org': 'health' }
const settled = () => new Promise((done) => setTimeout(done, 1_200))

describe('somebody of another org who is named', () => {
  it('is not told of, is at home where they were, and comes by naming the org themselves', async () => {
    const before = await signIn('victim', groups)
    const jwt = await bearerOf('victim', groups)
    expect((await meBy(jwt)).json.org).toMatchObject({ uid: 'transport' })

    const person = (subject: string) => ({ issuer: idp.issuer, subject, name: 'Somebody' })
    const known = await as('health', 'POST', '/users', person('victim'))
    const unknown = await as('health', 'POST', '/users', person('nobody-has-this'))
    const { uid } = known.json
    expect([known.status, { ...known.json, uid: '' }]).toEqual([201, { ...unknown.json, uid: '' }])
    expect(known.json.name).toBe('Somebody')
    await settled()

    expect((await meBy(jwt)).json.org).toMatchObject({ uid: 'transport' })
    expect((await before.me()).json.org).toMatchObject({ uid: 'transport' })
    const after = await signIn('victim', groups)
    expect((await after.me()).json.org).toMatchObject({ uid: 'transport' })
    const sessionsIn = async (org: string) =>
      (await as(org, 'GET', `/sessions?user=${uid}`)).json.items
        .toSorted((a: Seen, b: Seen) => b.createdAt.localeCompare(a.createdAt))
        .map(({ uid: id }: Seen) => id)
    const [latest, ...rest] = await sessionsIn('transport')
    expect(rest).toHaveLength(1)
    expect(await sessionsIn('health')).toEqual([])
    expect((await as('health', 'DELETE', `/sessions/${latest}`)).status).toBe(404)
    expect((await as('health', 'GET', `/users/${uid}`)).json.name).toBe('Somebody')
    expect((await as('transport', 'GET', `/users/${uid}`)).json.name).toBe('Real victim')

    // They see the invitation, and take it by going there.
    expect((await after.me()).json.orgs.map((org) => org.uid)).toEqual(['health', 'transport'])
    expect((await after.me(inHealth)).json.org).toMatchObject({ uid: 'health' })
    expect((await meBy(jwt, inHealth)).json.org).toMatchObject({ uid: 'health' })
    expect((await as('health', 'GET', `/users/${uid}`)).json.name).toBe('Real victim')
    // From here on, their sessions count in both orgs: each sees and ends them.
    expect(await sessionsIn('health')).toEqual(await sessionsIn('transport'))
    expect((await as('health', 'DELETE', `/sessions/${latest}`)).status).toBe(200)
    await settled()
    expect([(await after.me()).status, (await before.me()).status]).toEqual([401, 200])
    expect(await sessionsIn('transport')).toEqual(rest)
    const audit = await as('health', 'GET', '/users')
    expect(audit.json.items.find((one: { uid: string }) => one.uid === uid).name).toBe('Real victim')
  })

  it('goes by their groups first: an org that named them before they ever came does not catch them', async () => {
    await as('health', 'POST', '/users', { issuer: idp.issuer, subject: 'newcomer', name: 'N' })
    expect((await (await signIn('newcomer', groups)).me()).json.org).toMatchObject({ uid: 'transport' })
  })

  it('comes at once if they belong nowhere else', async () => {
    const { json } = await as('health', 'POST', '/users', { issuer: idp.issuer, subject: 'alone', name: 'A' })
    expect((await meBy(await bearerOf('alone', []))).json.org).toMatchObject({ uid: 'health' })
    expect((await as('health', 'GET', `/users/${json.uid}`)).json.name).toBe('Real alone')
  })
})
