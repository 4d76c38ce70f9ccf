import { readFileSync } from 'node:fs'
import { listMembers, readSnapshot, signIn, withOrg } from '@gatehouse/store'
import { SignJWT } from 'jose'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type ControlAnswer, type ControlWorld, startControlWorld } from '../support/control-world.ts'
import { type HostileIdp, startHostileIdp } from '../support/hostile-idp.ts'
import { callApi } from '../support/prometheus-api.ts'
import { type RecordingPrometheus, startRecordingPrometheus } from '../support/recording-prometheus.ts'

const issuer = 'https://idp.example.org'
const patchOp = 'urn:ietf:params:scim:api:messages:2.0:PatchOp'
const userUrn = 'urn:ietf:params:scim:schemas:core:2.0:User'
const enterpriseUrn = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User'
const groupUrn = 'urn:ietf:params:scim:schemas:core:2.0:Group'

let world: ControlWorld
let shard: RecordingPrometheus
let idp: HostileIdp
let admin: string
let entra: string
let okta: string
let foreign: string

const org = (uid: string, url: string): string => `
  - uid: ${uid}
    name: ${uid}
    tenants: [${uid}]
    teams:
      - { uid: signals, name: Signals, idpGroups: [sg-signals] }
      - { uid: roads, name: Roads, idpGroups: [sg-roads] }
    serviceAccounts: [{ uid: admin, name: Admin }, { uid: people, name: People }, { uid: hands, name: Hands }, { uid: brief, name: Brief }, { uid: days, name: Days }]
    dataSources:
      - { uid: metrics, name: Metrics, shards: [{ name: s, tenants: [${uid}], replicas: [{ name: r, url: "${url}" }] }] }
    roles:
      - { name: people, version: 1, permissions: ['users:read', 'users:write'] }
      - { name: hands, version: 1, permissions: ['users:read', 'users:write', 'grants:create'] }
    grants:
      - { serviceAccount: admin, role: org-admin }
      - { serviceAccount: people, role: people }
      - { serviceAccount: hands, role: hands }
      - { serviceAccount: days, role: viewer }
      - { serviceAccount: days, role: hands, expiresAt: "${new Date(Date.now() + 3 * 86_400_000).toISOString()}" }
      - { serviceAccount: brief, role: org-admin, expiresAt: "${new Date(Date.now() + 600_000).toISOString()}" }
      - { team: signals, role: viewer }`

async function newToken(orgUid: string, body: object = {}): Promise<ControlAnswer> {
  const token = await world.token(orgUid, 'admin')
  return world.call('post', '/api/v1/provisioning-tokens', {
    token,
    body: { name: 'IdP', issuer: 'idp', ...body },
  })
}

beforeAll(async () => {
  shard = await startRecordingPrometheus()
  idp = await startHostileIdp()
  world = await startControlWorld({
    access: `apiVersion: gatehouse/v1\nkind: Access\norgs:${org('health', shard.url)}${org('transport', shard.url)}\n`,
    issuers: [
      { name: 'idp', issuer, clientId: 'gatehouse' },
      { name: 'entra', issuer: idp.issuer, clientId: 'gatehouse', subjectClaim: 'oid' },
    ],
  })
  admin = await world.token('health', 'admin')
  entra = (await newToken('health')).json.token
  okta = (await newToken('health')).json.token
  foreign = (await newToken('transport')).json.token
})
afterAll(async () => {
  await world.close()
  await idp.close()
  await shard.close()
})

function scim(
  token: string,
  method: string,
  path: string,
  body?: unknown,
  type = 'application/scim+json',
): Promise<ControlAnswer> {
  return world.call(method, `/scim/v2${path}`, {
    token,
    ...(body === undefined ? {} : { body }),
    headers: body === undefined ? {} : { 'content-type': type },
  })
}
const patch = (token: string, path: string, ...operations: object[]): Promise<ControlAnswer> =>
  scim(token, 'patch', path, { schemas: [patchOp], Operations: operations })
const filter = (attribute: string, value: string): string =>
  `?filter=${encodeURIComponent(`${attribute} eq "${value}"`)}`
const codesOf = async (answer: ControlAnswer): Promise<string[]> =>
  (await world.auditOf(answer.requestId)).map(({ code }) => code)

/** A person signed in at the gateway. */
async function signedIn(subject: string): Promise<{ status: () => Promise<number> }> {
  const { cookie } = await world.person('health', subject, [])
  const headers = { cookie, 'sec-fetch-site': 'same-origin' }
  return {
    status: async () =>
      (await callApi(world.base(), 'query', { headers, parameters: { query: 'up' } })).status,
  }
}
async function within(ms: number, check: () => Promise<boolean>): Promise<boolean> {
  const started = performance.now()
  while (performance.now() - started < ms) {
    if (await check()) return true
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  return false
}

interface DocumentedCall {
  readonly what: string
  readonly method: string
  readonly path: string
  readonly body?: unknown
  readonly status: number
  /** What the answer shows, among others. */
  readonly shows?: object
  /** The name under which later calls say the id of the answer, in braces. */
  readonly keep?: string
}

describe('the calls that the providers document', () => {
  it.each(['entra-id', 'okta'])('of %s are answered, from the first to the last', async (provider) => {
    const file = new URL(`scim-calls/${provider}.json`, import.meta.url)
    const { calls } = JSON.parse(readFileSync(file, 'utf8')) as { calls: DocumentedCall[] }
    const kept = new Map<string, string>()
    const filled = (text: string): string =>
      [...kept].reduce((done, [name, id]) => done.replaceAll(`{${name}}`, id), text)
    for (const { what, method, path, body, status, shows, keep } of calls) {
      const [resource = '', query] = filled(path).split('?')
      const sent = body === undefined ? undefined : JSON.parse(filled(JSON.stringify(body)))
      const url = query === undefined ? resource : `${resource}?${new URLSearchParams(query).toString()}`
      const answer = await scim(okta, method.toLowerCase(), url, sent)
      expect(answer.status, `${what}: ${JSON.stringify(answer.json)}`).toBe(status)
      if (shows !== undefined)
        expect(answer.json, what).toMatchObject(JSON.parse(filled(JSON.stringify(shows))))
      if (keep !== undefined) kept.set(keep, answer.json.id)
    }
  })
})

describe('as Entra ID calls it', () => {
  const attributes = {
    schemas: [userUrn, enterpriseUrn],
    externalId: 'entra-adele',
    userName: 'Adele.Vance@example.org',
    active: true,
    displayName: 'Adele Vance',
    emails: [{ primary: true, type: 'work', value: 'Adele.Vance@example.org' }],
    name: { formatted: 'Adele Vance', familyName: 'Vance', givenName: 'Adele' },
    [enterpriseUrn]: { department: 'Signals' },
    meta: { resourceType: 'User' },
  }
  let id = ''
  let groupId = ''

  it('joins: asks whether the user is there, makes it, and finds it again', async () => {
    const test = await scim(entra, 'get', `/Users${filter('userName', '7a1c-not-there')}`)
    expect([test.status, test.json.totalResults, test.json.Resources]).toEqual([200, 0, []])
    expect(test.headers.get('content-type')).toContain('application/scim+json')
    expect((await scim(entra, 'get', `/Users${filter('externalId', 'entra-adele')}`)).json.totalResults).toBe(
      0,
    )
    const made = await scim(entra, 'post', '/Users', attributes)
    id = made.json.id
    expect([made.status, made.headers.get('location')]).toEqual([
      201,
      `${world.control.url}/scim/v2/Users/${id}`,
    ])
    const { meta: _meta, ...sent } = attributes
    expect(made.json).toMatchObject({ ...sent, groups: [], meta: { resourceType: 'User' } })
    expect(await codesOf(made)).toEqual(['A010I'])
    const again = await scim(entra, 'get', `/Users${filter('userName', 'adele.vance@EXAMPLE.org')}`)
    expect(again.json.Resources[0].id).toBe(id)
    expect((await scim(entra, 'get', `/Users/${id}`)).json).toEqual(again.json.Resources[0])
    const twice = await scim(entra, 'post', '/Users', attributes)
    expect([twice.status, twice.json.scimType, twice.json.status]).toEqual([409, 'uniqueness', '409'])
  })

  it('puts the user into a group, and they may what the team may within two seconds', async () => {
    const none = await scim(
      entra,
      'get',
      `/Groups?excludedAttributes=members&filter=${encodeURIComponent('displayName eq "sg-signals"')}`,
    )
    expect(none.json.totalResults).toBe(0)
    const made = await scim(entra, 'post', '/Groups', {
      schemas: [groupUrn, 'http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group'],
      externalId: 'entra-signals',
      displayName: 'sg-signals',
      meta: { resourceType: 'Group' },
    })
    groupId = made.json.id
    expect([made.status, made.json.members]).toEqual([201, []])
    const person = await signedIn('entra-adele')
    expect(await person.status()).toBe(403)
    const added = await patch(entra, `/Groups/${groupId}`, {
      op: 'Add',
      path: 'members',
      value: [{ value: id }],
    })
    expect([added.status, added.json.members]).toEqual([200, [{ value: id, display: attributes.userName }]])
    expect(await within(2_000, async () => (await person.status()) === 200)).toBe(true)
    const [event] = await world.auditOf(added.requestId)
    expect(event).toMatchObject({ code: 'A008I', detail: { added: [id], removed: [] } })
    const without = await scim(entra, 'get', `/Groups/${groupId}?excludedAttributes=members`)
    expect([without.json.displayName, 'members' in without.json]).toEqual(['sg-signals', false])
    const held = `?filter=${encodeURIComponent(`id eq "${groupId}" and members eq "${id}"`)}`
    expect((await scim(entra, 'get', `/Groups${held}`)).json.totalResults).toBe(1)
    expect((await scim(entra, 'get', `/Users/${id}`)).json.groups).toEqual([
      { value: groupId, display: 'sg-signals' },
    ])
  })

  it('changes attributes by path, with and without a filter, and in one value', async () => {
    const changed = await patch(
      entra,
      `/Users/${id}`,
      { op: 'Replace', path: 'emails[type eq "work"].value', value: 'adele@example.org' },
      { op: 'Replace', path: 'name.familyName', value: 'Vance-Hill' },
      { op: 'Add', path: `${enterpriseUrn}:department`, value: 'Roads' },
      { op: 'Replace', value: { displayName: 'Adele Vance-Hill', 'name.givenName': 'Adele M.' } },
      { op: 'Remove', path: 'name.formatted' },
    )
    expect(changed.json).toMatchObject({
      displayName: 'Adele Vance-Hill',
      emails: [{ primary: true, type: 'work', value: 'adele@example.org' }],
      name: { familyName: 'Vance-Hill', givenName: 'Adele M.' },
      [enterpriseUrn]: { department: 'Roads' },
    })
    expect(changed.json.name.formatted).toBeUndefined()
    const [event] = await world.auditOf(changed.requestId)
    expect(event).toMatchObject({
      code: 'A011I',
      detail: { changed: ['displayName', 'emails', 'name', enterpriseUrn].toSorted() },
    })
    expect(JSON.stringify(event)).not.toContain('Vance')
  })

  it('moves: out of one group and into another', async () => {
    const person = await signedIn('entra-adele')
    expect(await within(2_000, async () => (await person.status()) === 200)).toBe(true)
    const removed = await patch(entra, `/Groups/${groupId}`, {
      op: 'Remove',
      path: 'members',
      value: [{ value: id }],
    })
    expect(removed.json.members).toEqual([])
    expect(await within(2_000, async () => (await person.status()) === 403)).toBe(true)
    await patch(entra, `/Groups/${groupId}`, { op: 'Add', path: 'members', value: [{ value: id }] })
    expect(await within(2_000, async () => (await person.status()) === 200)).toBe(true)
    const renamed = await patch(entra, `/Groups/${groupId}`, {
      op: 'Replace',
      path: 'displayName',
      value: 'sg-other',
    })
    expect(renamed.json.displayName).toBe('sg-other')
    expect(await within(2_000, async () => (await person.status()) === 403)).toBe(true)
    await patch(entra, `/Groups/${groupId}`, { op: 'Replace', path: 'displayName', value: 'sg-signals' })
    expect(await within(2_000, async () => (await person.status()) === 200)).toBe(true)
  })

  it('leaves: active "False" signs out within two seconds, "True" brings back, delete removes', async () => {
    const person = await signedIn('entra-adele')
    expect(await within(2_000, async () => (await person.status()) === 200)).toBe(true)
    const off = await patch(entra, `/Users/${id}`, { op: 'Replace', path: 'active', value: 'False' })
    expect([off.status, off.json.active]).toEqual([200, false])
    expect(await codesOf(off)).toEqual(['A012I'])
    expect(await within(2_000, async () => (await person.status()) === 401)).toBe(true)
    const on = await patch(entra, `/Users/${id}`, { op: 'Replace', path: 'active', value: 'True' })
    expect(on.json.active).toBe(true)
    const back = await signedIn('entra-adele')
    expect(await within(2_000, async () => (await back.status()) === 200)).toBe(true)
    const gone = await scim(entra, 'delete', `/Users/${id}`)
    expect([gone.status, gone.json]).toEqual([204, undefined])
    expect(await within(2_000, async () => (await back.status()) === 401)).toBe(true)
    expect((await scim(entra, 'get', `/Users/${id}`)).status).toBe(404)
    expect((await scim(entra, 'delete', `/Users/${id}`)).status).toBe(404)
    const empty = await scim(entra, 'get', `/Groups/${groupId}`)
    expect(empty.json.members).toEqual([])
    expect((await scim(entra, 'delete', `/Groups/${groupId}`)).status).toBe(204)
  })
})

/** Status of a query with a token of these claims, in one org if named. */
async function status(claims: Record<string, unknown>, orgUid?: string): Promise<number> {
  const now = Math.floor(Date.now() / 1_000)
  const token = await new SignJWT({ iss: idp.issuer, aud: 'gatehouse', iat: now, exp: now + 60, ...claims })
    .setProtectedHeader({ alg: 'RS256', kid: 'k1', typ: 'at+jwt' })
    .sign(idp.keys.privateKey)
  const headers = orgUid === undefined ? {} : { 'x-gatehouse-org': orgUid }
  return (await callApi(world.base(), 'query', { token, headers, parameters: { query: 'up' } })).status
}

describe('who is provisioned and who signs in', () => {
  // As Entra ID makes them: `sub` differs from application to application, `oid` is the same in all.
  const objectId = '3d2f1c9e-6a54-4c0e-9b1f-2f6f3c1f8a77'
  it('are the same person where the object id is pushed and the tokens’ `sub` is another', async () => {
    const { token } = (await newToken('health', { issuer: 'entra' })).json
    const person = { sub: 'pairwise-of-this-app', oid: objectId }
    expect(await status(person)).not.toBe(200)
    const made = await scim(token, 'post', '/Users', { userName: 'mia@example.org', externalId: objectId })
    const group = await scim(token, 'post', '/Groups', {
      displayName: 'sg-roads',
      members: [{ value: made.json.id }],
    })
    const renamed = await patch(token, `/Groups/${group.json.id}`, {
      op: 'Replace',
      path: 'displayName',
      value: 'sg-signals',
    })
    expect(renamed.status).toBe(200)
    expect(await within(2_000, async () => (await status(person)) === 200)).toBe(true)
    expect(await status({ ...person, sub: 'pairwise-of-another-app' })).toBe(200)
    // The object id in another claim is nobody; nor is anybody without one.
    expect(await status({ sub: objectId, oid: 'somebody-else' })).not.toBe(200)
    expect(await status({ sub: objectId })).toBe(401)
    const off = await patch(token, `/Users/${made.json.id}`, {
      op: 'Replace',
      path: 'active',
      value: 'False',
    })
    expect(off.status).toBe(200)
    expect(await within(2_000, async () => (await status(person)) !== 200)).toBe(true)
    for (const path of [`/Users/${made.json.id}`, `/Groups/${group.json.id}`])
      expect((await scim(token, 'delete', path)).status).toBe(204)
  })
})

describe('what was pushed', () => {
  it('is no attribute: a group cannot be named as one', async () => {
    const displayName = 'claim:idp:department=finance'
    expect((await scim(entra, 'post', '/Groups', { displayName })).status).toBe(400)
    const group = await scim(entra, 'post', '/Groups', { displayName: 'sg-plain' })
    const renamed = { op: 'Replace', path: 'displayName', value: displayName }
    expect((await patch(entra, `/Groups/${group.json.id}`, renamed)).status).toBe(400)
    expect((await scim(entra, 'delete', `/Groups/${group.json.id}`)).status).toBe(204)
  })

  it('counts, not the groups that a token still names: movers and leavers', async () => {
    const objectId = '9c1c7c52-7d4e-4a0c-8f57-2f0b7f6a1d20'
    const claims = { sub: 'a', oid: objectId, groups: ['sg-signals', 'sg-elsewhere'] }
    const { token } = (await newToken('health', { issuer: 'entra' })).json
    const vouched = { issuer: idp.issuer, subject: objectId, name: 'Noa', email: undefined }
    const teamsNow = async () =>
      (await signIn(world.pool, { ...vouched, groups: claims.groups }))?.memberships
    const isIn = [{ orgUid: 'health', teams: ['signals'] }]
    // Before anything is pushed, tokens give the team, and a sign-in keeps that.
    expect(await teamsNow()).toMatchObject([...isIn, { orgUid: 'transport' }])
    const made = await scim(token, 'post', '/Users', { userName: 'noa@example.org', externalId: objectId })
    const body = { displayName: 'sg-signals', members: [{ value: made.json.id }] }
    const group = await scim(token, 'post', '/Groups', body)
    const member = { path: 'members', value: [{ value: made.json.id }] }
    const inHealth = async () => (await status(claims, 'health')) === 200
    const teams = async () => (await teamsNow())?.filter(({ orgUid }) => orgUid === 'health')
    expect(await within(2_000, inHealth)).toBe(true)
    const places = async () => {
      const uid = (await signIn(world.pool, { ...vouched, groups: claims.groups }))?.uid
      return (await withOrg(world.pool, 'health', listMembers)).find((member) => member.uid === uid)?.teams
    }
    expect(await places()).toEqual([{ uid: 'signals', source: 'sso', groups: ['sg-signals'] }])
    await patch(token, `/Groups/${group.json.id}`, { op: 'Remove', ...member })
    expect(await within(2_000, async () => !(await inHealth()))).toBe(true)
    expect(await teams()).toEqual([{ orgUid: 'health', teams: [] }])
    await patch(token, `/Groups/${group.json.id}`, { op: 'Add', ...member })
    expect(await within(2_000, inHealth)).toBe(true)
    await patch(token, `/Users/${made.json.id}`, { op: 'Replace', path: 'active', value: 'False' })
    expect(await within(2_000, async () => !(await inHealth()))).toBe(true)
    expect(await teams()).toEqual([])
    await patch(token, `/Users/${made.json.id}`, { op: 'Replace', path: 'active', value: 'True' })
    expect(await within(2_000, inHealth)).toBe(true)
    expect((await scim(token, 'delete', `/Users/${made.json.id}`)).status).toBe(204)
    expect(await within(2_000, async () => !(await inHealth()))).toBe(true)
    expect(await teams()).toEqual([])
    // The org that nobody provisions goes by the tokens as before.
    expect(await teamsNow()).toMatchObject([{ orgUid: 'transport', teams: ['signals'] }])
    const again = await scim(token, 'post', '/Users', { userName: 'noa@example.org', externalId: objectId })
    // Somebody who belongs elsewhere is invited, and comes by going there.
    expect(await teams()).toEqual([])
    expect((await signIn(world.pool, { ...vouched, groups: claims.groups }))?.invitations).toEqual(['health'])
    const hasCome = async () => {
      await status(claims, 'health')
      return (await teams())?.length === 1
    }
    expect(await within(3_000, hasCome)).toBe(true)
    for (const path of [`/Users/${again.json.id}`, `/Groups/${group.json.id}`])
      expect((await scim(token, 'delete', path)).status).toBe(204)
  })
})

describe('as both call it', () => {
  const ids: string[] = []
  let groupId = ''

  it('in batches: members come and go a hundred at a time, in force within two seconds', async () => {
    for (let n = 0; n < 120; n += 1) {
      const name = `batch-${n}`
      ids.push((await scim(entra, 'post', '/Users', { userName: name, externalId: name })).json.id)
    }
    groupId = (await scim(entra, 'post', '/Groups', { displayName: 'sg-signals' })).json.id
    const members = (from: number, to: number) => ids.slice(from, to).map((value) => ({ $ref: null, value }))
    const last = await signedIn('batch-119')
    await patch(entra, `/Groups/${groupId}`, { op: 'Add', path: 'members', value: members(0, 100) })
    const added = await patch(
      entra,
      `/Groups/${groupId}`,
      ...members(100, 120).map((value) => ({ op: 'Add', path: 'members', value: [value] })),
    )
    expect(added.json.members).toHaveLength(120)
    expect(await within(2_000, async () => (await last.status()) === 200)).toBe(true)
    const [event] = await world.auditOf(added.requestId)
    expect(event?.detail?.['added']).toHaveLength(20)
    // The same again changes nothing.
    const again = await patch(entra, `/Groups/${groupId}`, {
      op: 'Add',
      path: 'members',
      value: members(0, 100),
    })
    expect(again.json.members).toHaveLength(120)
    const removed = await patch(
      entra,
      `/Groups/${groupId}`,
      { op: 'Remove', path: 'members', value: members(0, 60) },
      ...ids.slice(60).map((id) => ({ op: 'remove', path: `members[value eq "${id}"]` })),
    )
    expect(removed.json.members).toEqual([])
    expect(await within(2_000, async () => (await last.status()) === 403)).toBe(true)
  })

  it('asks whether a reference is set, by a filter on two attributes', async () => {
    const [manager, person] = ids
    const set = await patch(entra, `/Users/${person}`, {
      op: 'Add',
      path: `${enterpriseUrn}:manager`,
      value: [{ $ref: null, value: manager }],
    })
    expect(set.status).toBe(200)
    const held = async (value: string | undefined): Promise<number> => {
      const asked = encodeURIComponent(`id eq "${person}" and manager eq "${value}"`)
      return (await scim(entra, 'get', `/Users?filter=${asked}&attributes=id`)).json.totalResults
    }
    expect([await held(manager), await held(person)]).toEqual([1, 0])
    await patch(entra, `/Users/${person}`, {
      op: 'Replace',
      path: `${enterpriseUrn}:manager`,
      value: manager,
    })
    expect(await held(manager)).toBe(1)
    await patch(entra, `/Users/${person}`, { op: 'Remove', path: `${enterpriseUrn}:manager` })
    expect(await held(manager)).toBe(0)
  })

  it('asks what is supported, as a whole and one by one', async () => {
    const config = await scim(okta, 'get', '/ServiceProviderConfig')
    expect(config.json).toMatchObject({
      patch: { supported: true },
      filter: { supported: true, maxResults: 200 },
    })
    for (const [path, id] of [
      ['/ResourceTypes', 'User'],
      ['/ResourceTypes', 'Group'],
      ['/Schemas', userUrn],
      ['/Schemas', groupUrn],
    ] as const) {
      const all = await scim(okta, 'get', path)
      const one = await scim(okta, 'get', `${path}/${id}`)
      expect([one.status, one.json.id]).toEqual([200, id])
      expect(all.json.Resources.map((item: { id: string }) => item.id)).toContain(id)
    }
    expect((await scim(okta, 'get', '/Schemas/urn:none')).status).toBe(404)
  })

  it('takes them out again', async () => {
    for (const id of ids) expect((await scim(entra, 'delete', `/Users/${id}`)).status).toBe(204)
    expect((await scim(entra, 'delete', `/Groups/${groupId}`)).status).toBe(204)
  })
})

describe('as Okta calls it', () => {
  let id = ''
  let groupId = ''
  const user = {
    schemas: [userUrn],
    userName: 'bob@example.org',
    name: { givenName: 'Bob', familyName: 'Okta' },
    emails: [{ primary: true, value: 'bob@example.org', type: 'work' }],
    displayName: 'Bob Okta',
    locale: 'en-US',
    externalId: '00u-bob',
    groups: [],
    password: '1mz050nq',
    active: true,
  }

  it('asks what is there, makes the user, and replaces it', async () => {
    const pageOne = await scim(okta, 'get', '/Users?startIndex=1&count=2')
    expect(pageOne.json).toMatchObject({ startIndex: 1, itemsPerPage: 0, totalResults: 0 })
    expect(
      (await scim(okta, 'get', `/Users${filter('userName', 'bob@example.org')}&startIndex=1&count=100`)).json
        .totalResults,
    ).toBe(0)
    const made = await scim(okta, 'post', '/Users', user, 'application/json')
    id = made.json.id
    expect([made.status, made.json.active]).toEqual([201, true])
    expect(JSON.stringify(made.json)).not.toContain('1mz050nq')
    const read = await scim(okta, 'get', `/Users/${id}`)
    const replaced = await scim(okta, 'put', `/Users/${id}`, { ...read.json, displayName: 'Robert Okta' })
    expect([replaced.status, replaced.json.displayName]).toEqual([200, 'Robert Okta'])
  })

  it('pushes a group with its members, changes and replaces them', async () => {
    const made = await scim(okta, 'post', '/Groups', {
      schemas: [groupUrn],
      displayName: 'sg-signals',
      members: [{ value: id, display: 'bob@example.org' }],
    })
    groupId = made.json.id
    expect([made.status, made.json.members.length]).toEqual([201, 1])
    const person = await signedIn('00u-bob')
    expect(await within(2_000, async () => (await person.status()) === 200)).toBe(true)
    const named = await patch(okta, `/Groups/${groupId}`, {
      op: 'replace',
      value: { id: groupId, displayName: 'sg-signals' },
    })
    expect(named.status).toBe(200)
    const removed = await patch(okta, `/Groups/${groupId}`, {
      op: 'remove',
      path: `members[value eq "${id}"]`,
    })
    expect(removed.json.members).toEqual([])
    expect(await within(2_000, async () => (await person.status()) === 403)).toBe(true)
    const set = await patch(okta, `/Groups/${groupId}`, {
      op: 'replace',
      path: 'members',
      value: [{ value: id }],
    })
    expect(set.json.members).toHaveLength(1)
    expect(await within(2_000, async () => (await person.status()) === 200)).toBe(true)
    const put = await scim(okta, 'put', `/Groups/${groupId}`, {
      schemas: [groupUrn],
      displayName: 'sg-roads',
      members: [],
    })
    expect([put.json.displayName, put.json.members]).toEqual(['sg-roads', []])
    await patch(
      okta,
      `/Groups/${groupId}`,
      { op: 'add', path: 'members', value: [{ value: id }] },
      { op: 'remove', path: 'members' },
    )
    expect((await scim(okta, 'get', `/Groups/${groupId}`)).json.members).toEqual([])
  })

  it('deactivates and reactivates', async () => {
    const off = await patch(okta, `/Users/${id}`, { op: 'replace', value: { active: false } })
    expect(off.json.active).toBe(false)
    // Whoever gets past authentication, by whatever credential, is refused by the policy itself.
    const member = async (): Promise<boolean | undefined> =>
      (await withOrg(world.pool, 'health', readSnapshot)).policy.members.find(({ uid }) => uid === id)
        ?.isDisabled
    expect(await member()).toBe(true)
    const list = await scim(okta, 'get', `/Users${filter('userName', 'bob@example.org')}`)
    expect(list.json.Resources[0].active).toBe(false)
    const on = await scim(okta, 'put', `/Users/${id}`, { ...user, active: true })
    expect(on.json.active).toBe(true)
    expect(await member()).toBe(false)
  })

  it('reads lists page by page', async () => {
    for (const n of [1, 2, 3, 4])
      await scim(okta, 'post', '/Users', {
        schemas: [userUrn],
        userName: `page-${n}`,
        externalId: `page-${n}`,
      })
    const names: string[] = []
    for (let startIndex = 1; ; startIndex += 2) {
      const { json } = await scim(okta, 'get', `/Users?startIndex=${startIndex}&count=2`)
      expect(json).toMatchObject({ totalResults: 5, startIndex })
      if (json.itemsPerPage === 0) break
      names.push(...json.Resources.map(({ userName }: { userName: string }) => userName))
    }
    expect(names).toEqual(['bob@example.org', 'page-1', 'page-2', 'page-3', 'page-4'])
    expect((await scim(okta, 'get', '/Users?count=0')).json).toMatchObject({
      totalResults: 5,
      itemsPerPage: 0,
    })
    expect((await scim(okta, 'get', '/Users?startIndex=-3&count=-1')).json).toMatchObject({
      startIndex: 1,
      itemsPerPage: 0,
    })
  })
})

describe('what a provisioning token may', () => {
  it('is one org: another’s users and groups are not there', async () => {
    const mine = await scim(okta, 'post', '/Users', { userName: 'secret', externalId: 'secret' })
    const group = await scim(okta, 'post', '/Groups', { displayName: 'secret' })
    for (const [method, path, body] of [
      ['get', `/Users/${mine.json.id}`, undefined],
      ['put', `/Users/${mine.json.id}`, { userName: 'x', externalId: 'secret' }],
      ['patch', `/Users/${mine.json.id}`, { Operations: [{ op: 'replace', value: { active: false } }] }],
      ['delete', `/Users/${mine.json.id}`, undefined],
      ['get', `/Groups/${group.json.id}`, undefined],
      ['put', `/Groups/${group.json.id}`, { displayName: 'x' }],
      ['patch', `/Groups/${group.json.id}`, { Operations: [{ op: 'remove', path: 'members' }] }],
      ['delete', `/Groups/${group.json.id}`, undefined],
    ] as const)
      expect((await scim(foreign, method, path, body)).status, `${method} ${path}`).toBe(404)
    expect((await scim(foreign, 'get', '/Users')).json.totalResults).toBe(0)
    const own = await scim(foreign, 'post', '/Groups', {
      displayName: 'sg-signals',
      members: [{ value: mine.json.id }],
    })
    expect(own.status).toBe(400)
    const same = await scim(foreign, 'post', '/Users', {
      userName: 'secret',
      externalId: 'secret',
      displayName: 'Changed',
    })
    expect([same.status, same.json.id]).toEqual([201, mine.json.id])
    const [row] = await world.sql<{ name: string }>(`select name from users where uid = $1`, [mine.json.id])
    expect(row?.name).toBe('secret')
  })

  it('is provisioning only, and only with the token', async () => {
    expect((await world.call('get', '/api/v1/me', { token: okta })).status).toBe(401)
    expect((await callApi(world.base(), 'query', { token: okta, parameters: { query: 'up' } })).status).toBe(
      401,
    )
    for (const token of [admin, 'gatehouse_scim_x', `${okta.slice(0, -1)}_`, ''])
      expect((await scim(token, 'get', '/Users')).status).toBe(401)
    const denied = await scim(admin, 'get', '/Users')
    expect(denied.json).toEqual({
      schemas: ['urn:ietf:params:scim:api:messages:2.0:Error'],
      status: '401',
      detail: expect.any(String),
    })
  })

  it('ends when it is revoked', async () => {
    const made = await newToken('health', { days: 1 })
    expect(made.status).toBe(201)
    const { token, uid } = made.json
    expect((await scim(token, 'get', '/ServiceProviderConfig')).json.patch.supported).toBe(true)
    expect((await scim(token, 'get', '/ResourceTypes')).json.totalResults).toBe(2)
    expect((await scim(token, 'get', '/Schemas')).json.totalResults).toBe(2)
    const list = await world.call('get', '/api/v1/provisioning-tokens', { token: admin })
    expect(list.json.items.map((item: { uid: string }) => item.uid)).toContain(uid)
    expect(JSON.stringify(list.json)).not.toContain(token)
    expect((await world.call('delete', `/api/v1/provisioning-tokens/${uid}`, { token: admin })).status).toBe(
      200,
    )
    expect((await scim(token, 'get', '/Users')).status).toBe(401)
    expect(await codesOf(made)).toEqual(['T001I'])
  })

  it('is made by who may grant, for an issuer that is configured', async () => {
    const people = await world.token('health', 'people')
    const body = { name: 'x', issuer: 'idp' }
    expect((await world.call('post', '/api/v1/provisioning-tokens', { token: people, body })).status).toBe(
      403,
    )
    // Groups give a viewer's permissions, for good: not to be handed out by who has fewer, or has them for a while.
    for (const account of ['hands', 'brief']) {
      const token = await world.token('health', account)
      const refused = await world.call('post', '/api/v1/provisioning-tokens', { token, body })
      expect([account, refused.status, refused.json.detail]).toEqual([
        account,
        403,
        expect.stringContaining('you cannot grant what you do not hold: '),
      ])
    }
    // Nor for longer than one may oneself, whatever the groups give.
    const days = await world.token('health', 'days')
    const askFor = (number: number) =>
      world.call('post', '/api/v1/provisioning-tokens', { token: days, body: { ...body, days: number } })
    expect((await askFor(4)).json.detail).toBe(
      'you cannot grant what you do not hold: users:write, grants:create',
    )
    expect((await askFor(2)).status).toBe(201)
    expect((await newToken('health', { issuer: 'unknown' })).status).toBe(400)
    expect((await newToken('health', { days: 366 })).status).toBe(400)
  })
})

describe('what cannot be read is refused', () => {
  it.each([
    ['userName sw "b"'],
    ['userName eq "a" or userName eq "b"'],
    ['userName eq a'],
    ['userName'],
    ['userName eq "a" and'],
    ['userName eq "a" and userName eq "b"'],
    ['password eq "x"'],
    ['not (userName eq "a")'],
  ])('the filter %s', async (text) => {
    const { status, json } = await scim(okta, 'get', `/Users?filter=${encodeURIComponent(text)}`)
    expect([status, json.Resources]).toEqual([400, undefined])
  })

  it.each([
    ['no user name', { externalId: 'x' }],
    ['no identity', { userName: 'x' }],
    ['a NUL', { userName: 'x', externalId: 'a\u0000' }],
    ['a NUL in an attribute', { userName: 'nul', externalId: 'nul', title: '\u0000' }],
    ['too much', { userName: 'big', externalId: 'big', title: 'x'.repeat(20_000) }],
    ['another kind', { userName: 1, externalId: 'x' }],
    ['a list', []],
  ])('a user with %s', async (_name, body) => {
    expect((await scim(okta, 'post', '/Users', body)).status).toBe(400)
  })

  it.each([
    [{ op: 'move', path: 'active', value: true }],
    [{ op: 'replace', path: 'a b c', value: 1 }],
    [{ op: 'replace', path: '__proto__.x', value: 1 }],
    [{ op: 'replace', path: 'active', value: 'perhaps' }],
    [{ op: 'remove' }],
    [{ op: 'replace', value: [1] }],
    [{ op: 'replace', path: 'userName', value: '' }],
    [{ op: 'replace', path: 'externalId', value: 'somebody-else' }],
  ])('the operation %j', async (operation) => {
    const found = await scim(okta, 'get', `/Users${filter('userName', 'bob@example.org')}`)
    const { id } = found.json.Resources[0]
    expect((await patch(okta, `/Users/${id}`, operation)).status).toBe(400)
    expect((await scim(okta, 'get', `/Users/${id}`)).json.externalId).toBe('00u-bob')
  })

  it('a form, and an unknown resource', async () => {
    expect(
      (await scim(okta, 'post', '/Users', 'userName=x', 'application/x-www-form-urlencoded')).status,
    ).toBe(415)
    expect((await scim(okta, 'get', '/Devices')).status).toBe(404)
    expect((await scim(okta, 'post', '/Bulk', {})).status).toBe(404)
  })
})
