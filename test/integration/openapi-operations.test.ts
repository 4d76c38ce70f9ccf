import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { generateSigningKey, labelValueHash } from '@gatehouse/store'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type ControlWorld, startControlWorld } from '../support/control-world.ts'
import { type DocumentedApi, openDocumentedApi, type Sent } from '../support/documented-api.ts'
import { createRoomForEvents, type RoomForEvents } from '../support/room-for-events.ts'

/**
 * Every documented operation, called as its document says on a real control plane; what is sent and what comes back must fit the
 * document. An operation that nothing here calls fails the last test.
 */

const idp = 'https://idp.example.org'
const access = `apiVersion: gatehouse/v1
kind: Access
orgs:
  - uid: health
    name: Health
    tenants: [health]
    teams: [{ uid: crew, name: Crew, idpGroups: [crew] }, { uid: admins, name: Admins, idpGroups: [admins] }]
    folders: [{ uid: ops, title: Ops }]
    serviceAccounts: [{ uid: admin, name: Admin }, { uid: robot, name: Robot, team: crew }]
    dataSources:
      - { uid: metrics, name: Metrics, shards: [{ name: s, tenants: [health], replicas: [{ name: r, url: 'http://127.0.0.1:9' }] }] }
    roles: [{ name: revealer, version: 1, permissions: [audit:list, audit:read, audit:reveal] }]
    grants:
      - { serviceAccount: admin, role: org-admin }
      - { serviceAccount: admin, role: revealer }
      - { team: admins, role: org-admin }
      - { team: crew, role: viewer }
  - uid: platform
    name: Platform
    platform: true
    serviceAccounts: [{ uid: operator, name: Operator }]
    grants: [{ serviceAccount: operator, role: operator }]
`

const dir = mkdtempSync(join(tmpdir(), 'gatehouse-openapi-'))
const labelKey = Buffer.alloc(32, 7)
let world: ControlWorld
let api: DocumentedApi
let room: RoomForEvents
let admin: string
let operator: string
let ada: { cookie: string; uid: string }
let ann: { cookie: string; uid: string }

beforeAll(async () => {
  writeFileSync(join(dir, 'seal.pem'), generateSigningKey().privatePem)
  writeFileSync(join(dir, 'labels'), labelKey.toString('base64'))
  world = await startControlWorld({
    access,
    audit: {
      signingKeyFile: join(dir, 'seal.pem'),
      sealEvery: '1s',
      labelValues: { keyFile: join(dir, 'labels'), keep: ['tenant'] },
    },
    control: { trustProxy: ['loopback'] },
    notifications: {
      dataOwners: [{ org: 'health', webhook: { url: 'http://127.0.0.1:9/', secret: { value: 's' } } }],
    },
    issuers: [{ name: 'idp', issuer: idp, clientId: 'gatehouse' }],
  })
  room = await createRoomForEvents(world)
  api = await openDocumentedApi(world, room.both)
  admin = await world.token('health', 'admin')
  operator = await world.token('platform', 'operator')
  ada = await world.person('health', 'ada', ['admins'])
  ann = await world.person('health', 'ann', ['crew'])
})
afterAll(async () => {
  await world.close()
  rmSync(dir, { recursive: true })
})

/** Reads by POST: the question is too long for an address. */
const asks = 'changes nothing'
/** What is recorded by way of the spool, before its answer, and not in its own transaction; and why. */
const unrecorded = new Map([
  ['post /api/v1/access/explain', asks],
  ['post /api/v1/access/who', asks],
  ['post /api/v1/access/preview', asks],
  [
    'post /api/v1/sessions/current/extend',
    'only says that the session is used, as every request with it does',
  ],
  ['delete /api/v1/sessions/current', 'nobody is kept signed in because the log has no room'],
])

const asAdmin = (operation: string, sent: Sent = {}) => api.send(operation, { token: admin, ...sent })
const asOperator = (operation: string, sent: Sent = {}) => api.send(operation, { token: operator, ...sent })

/** The `If-Match` of what a GET gives. */
async function match(operation: string, sent: Sent): Promise<Sent> {
  const { headers } = await api.send(operation, sent)
  return { ...sent, headers: { 'if-match': headers.get('etag') ?? '' } }
}

interface Noun {
  readonly path: string
  readonly make: object
  readonly change: object
  readonly key?: string
}

/** List, create, read, change, delete: the same of many nouns. */
async function liveThrough(
  { path, make, change, key = 'uid' }: Noun,
  base: Sent = { token: admin },
): Promise<void> {
  const made = await api.send(`post ${path}`, {
    ...base,
    body: make,
    headers: { 'idempotency-key': `make-${path}` },
  })
  await api.send(`get ${path}`, { ...base, query: { limit: '2' } })
  const one = `${path}/{${key}}`
  const at = { ...base, params: { ...base.params, [key]: String(made.json[key]) } }
  await api.send(`put ${one}`, { ...(await match(`get ${one}`, at)), body: change })
  await api.send(`delete ${one}`, await match(`get ${one}`, at))
}

describe('documented operations over access settings', () => {
  const grant = { subject: { kind: 'team', uid: 'crew' }, role: 'viewer', where: { kind: 'org' } }

  it('of teams and their members, roles, guardrails, folders', async () => {
    await liveThrough({
      path: '/api/v1/teams',
      make: { uid: 'night', name: 'Night', idpGroups: ['night'] },
      change: { name: 'Night shift', idpGroups: [] },
    })
    const member = { params: { uid: 'crew', user: ada.uid } }
    await asAdmin('put /api/v1/teams/{uid}/members/{user}', member)
    await asAdmin('get /api/v1/teams/{uid}/members', { params: { uid: 'crew' } })
    await asAdmin('delete /api/v1/teams/{uid}/members/{user}', member)
    const permissions = ['datasources:query', { action: 'folders:read', scope: 'folders:uid:ops' }]
    await liveThrough({
      path: '/api/v1/roles',
      key: 'name',
      make: { name: 'reader', version: 1, permissions },
      change: { version: 2, description: 'Reads', permissions: ['datasources:query'] },
    })
    await liveThrough({
      path: '/api/v1/guardrails',
      make: { selector: '{secret="yes"}', reason: 'Secret' },
      change: { selector: '{secret=~"yes|maybe"}', reason: 'Secret' },
    })
    const folder = await asAdmin('post /api/v1/folders', { body: { uid: 'top', title: 'Top' } })
    const inner = await asAdmin('post /api/v1/folders/{uid}/folders', {
      params: { uid: folder.json.uid },
      body: { title: 'Inner' },
    })
    await asAdmin('get /api/v1/folders')
    const at = { params: { uid: String(inner.json.uid) } }
    await asAdmin('get /api/v1/folders/{uid}', at)
    const moving = await match('get /api/v1/folders/{uid}', { token: admin, ...at })
    await api.send('put /api/v1/folders/{uid}', { ...moving, body: { title: 'Moved', parentUid: null } })
    await api.send(
      'delete /api/v1/folders/{uid}',
      await match('get /api/v1/folders/{uid}', { token: admin, ...at }),
    )
  })

  it('of people, grants, explanations, previews and rehearsals', async () => {
    const invited = await asAdmin('post /api/v1/users', { body: { issuer: idp, subject: 'invited' } })
    await asAdmin('get /api/v1/users', { query: { search: 'inv' } })
    const at = { params: { uid: String(invited.json.uid) } }
    await asAdmin('get /api/v1/users/{uid}', at)
    await asAdmin('get /api/v1/users/{uid}/access', { params: { uid: ann.uid } })
    await asAdmin('get /api/v1/service-accounts/{uid}/access', { params: { uid: 'robot' } })
    await asAdmin('delete /api/v1/users/{uid}', at)
    const made = await asAdmin('post /api/v1/grants', {
      body: { ...grant, constraints: ['{env="prod"}'], expiresAt: '2126-01-01T00:00:00Z', reason: 'Why not' },
    })
    await asAdmin('get /api/v1/grants', { query: { kind: 'team', subject: 'crew', place: 'org' } })
    await asAdmin('get /api/v1/grants/{uid}', { params: { uid: made.json.uid } })
    const question = { action: 'datasources:query', resource: { kind: 'data-source', uid: 'metrics' } }
    for (const principal of [
      undefined,
      { kind: 'user', uid: ann.uid },
      { kind: 'service-account', uid: 'robot' },
    ])
      await asAdmin('post /api/v1/access/explain', {
        body: { ...question, selector: '{env="prod"}', ...(principal === undefined ? {} : { principal }) },
      })
    await asAdmin('post /api/v1/access/who', {
      body: { ...question, at: '2126-01-01T00:00:00Z' },
      query: { limit: '1' },
    })
    await asAdmin('post /api/v1/access/preview', {
      body: { grants: [{ ...grant, role: 'editor' }], revokeGrants: [made.json.uid] },
    })
    await asAdmin('delete /api/v1/grants/{uid}', { params: { uid: made.json.uid } })
    const document = {
      apiVersion: 'gatehouse/v1',
      kind: 'Access',
      orgs: [{ uid: 'health', name: 'Health', tenants: ['health'] }],
    }
    const rehearsal = await asAdmin('post /api/v1/access/rehearsals', { body: { document, days: 1 } })
    const { uid } = rehearsal.json
    const read = () => asAdmin('get /api/v1/access/rehearsals/{uid}', { params: { uid } })
    for (let i = 0; i < 100 && (await read()).json.state === 'running'; i += 1)
      await new Promise((r) => setTimeout(r, 50))
    await asAdmin('get /api/v1/access/rehearsals')
    await asAdmin('post /api/v1/access/rehearsals/{uid}/attach', {
      params: { uid },
      body: { change: 'a ticket' },
    })
  })

  it('of service accounts and tokens', async () => {
    await liveThrough({
      path: '/api/v1/service-accounts',
      make: { name: 'CI', teamUid: null },
      change: { name: 'CI', teamUid: 'crew', isDisabled: true },
    })
    const path = '/api/v1/service-accounts/{uid}/tokens'
    const params = { uid: 'robot' }
    const made = await asAdmin(`post ${path}`, {
      params,
      body: { name: 'T', sourceCidrs: ['10.0.0.0/8', 'fd00::/8'] },
    })
    await asAdmin(`get ${path}`, { params })
    await asAdmin('get /api/v1/tokens', { query: { expiresWithin: '45' } })
    const token = { ...params, token: String(made.json.uid) }
    await asAdmin(`post ${path}/{token}/rotate`, { params: token, body: { overlapSeconds: 5 } })
    await asAdmin(`delete ${path}/{token}`, { params: token })
  })

  it('of orgs and data sources', async () => {
    const make = {
      uid: 'new',
      name: 'New',
      tenants: ['new'],
      administrator: { issuer: idp, subject: 'boss' },
    }
    await asOperator('post /api/v1/orgs', { body: make })
    await asOperator('get /api/v1/orgs')
    await asOperator('get /api/v1/system/status')
    await api.refuse('get /api/v1/system/status', 403, { token: admin })
    const at = { token: operator, params: { org: 'new' } }
    await api.send('put /api/v1/orgs/{org}', {
      ...(await match('get /api/v1/orgs/{org}', at)),
      body: { name: 'Newer', tenants: ['new', 'newer'], issuers: [idp] },
    })
    const shards = [{ name: 's', tenants: ['new'], replicas: [{ name: 'r', url: 'http://127.0.0.1:9' }] }]
    await liveThrough(
      {
        path: '/api/v1/orgs/{org}/data-sources',
        make: { uid: 'm', name: 'M', shards },
        change: { name: 'N', shards },
      },
      at,
    )
    await api.send('delete /api/v1/orgs/{org}', await match('get /api/v1/orgs/{org}', at))
    await asAdmin('get /api/v1/data-sources')
    await asAdmin('get /api/v1/data-sources/{uid}', { params: { uid: 'metrics' } })
  })
})

describe('documented operations over dashboards', () => {
  it('of versions, capability, approval and share links', async () => {
    const content = { title: 'Board', panels: [{ title: 'P', targets: [{ expr: 'up' }] }] }
    const made = await asAdmin('post /api/v1/dashboards', { body: { uid: 'board', content } })
    await asAdmin('post /api/v1/folders/{uid}/dashboards', { params: { uid: 'ops' }, body: { content } })
    await asAdmin('get /api/v1/dashboards', { query: { limit: '1' } })
    const at = { params: { uid: String(made.json.uid) } }
    const path = '/api/v1/dashboards/{uid}'
    const changing = await match(`get ${path}`, { token: admin, ...at })
    await api.send(`put ${path}`, { ...changing, body: { content: { ...content, title: 'Other' } } })
    await api.send(`put ${path}/folder`, {
      ...(await match(`get ${path}`, { token: admin, ...at })),
      body: { folderUid: 'ops' },
    })
    await asAdmin(`get ${path}/versions`, at)
    await asAdmin(`get ${path}/versions/{version}`, { params: { ...at.params, version: '1' } })
    await asAdmin(`get ${path}/diff`, { ...at, query: { from: '1', to: '2' } })
    await asAdmin(`get ${path}/capability`, at)
    const now = await match(`get ${path}`, { token: admin, ...at })
    await api.send(`put ${path}/approval`, { ...now, body: { dataSources: ['metrics'] } })
    const sharing = await match('get /api/v1/public-sharing', { token: admin })
    await api.send('put /api/v1/public-sharing', { ...sharing, body: { allowed: true } })
    const link = await asAdmin(`post ${path}/share-links`, {
      ...at,
      body: { days: 1, reason: 'A public page' },
    })
    await asAdmin(`get ${path}/share-links`, at)
    await asAdmin(`delete ${path}/share-links/{link}`, {
      params: { ...at.params, link: String(link.json.uid) },
    })
    await api.send(`delete ${path}/approval`, await match(`get ${path}`, { token: admin, ...at }))
    await api.send(`delete ${path}`, await match(`get ${path}`, { token: admin, ...at }))
  })
})

describe('documented operations of people', () => {
  it('who ask for access, break the glass, and look at their sessions', async () => {
    const where = { kind: 'data-source', uid: 'metrics' }
    const ask = async (): Promise<Sent['params']> => {
      const body = { role: 'viewer', where, hours: 2, reason: 'An incident' }
      const asked = await api.send('post /api/v1/access/requests', { cookie: ann.cookie, body })
      return { uid: asked.json.uid }
    }
    await api.send('get /api/v1/access/requests', { cookie: ada.cookie, query: { status: 'pending' } })
    const requests = '/api/v1/access/requests/{uid}'
    await api.send(`post ${requests}/approve`, {
      cookie: ada.cookie,
      params: (await ask()) ?? {},
      body: { hours: 1 },
    })
    await api.send(`post ${requests}/deny`, {
      cookie: ada.cookie,
      params: (await ask()) ?? {},
      body: { note: 'No' },
    })
    await api.send(`delete ${requests}`, { cookie: ann.cookie, params: (await ask()) ?? {} })
    const body = { where, hours: 1, reason: 'The shard is on fire' }
    const opened = await api.send('post /api/v1/access/break-glass', { cookie: ada.cookie, body })
    await api.send('get /api/v1/access/break-glass', { cookie: ada.cookie, query: { reviewed: 'all' } })
    const glass = { params: { uid: String(opened.json.uid) } }
    await api.send('post /api/v1/access/break-glass/{uid}/close', { cookie: ada.cookie, ...glass })
    const { cookie } = await world.person('health', 'ben', ['admins'])
    await api.send('post /api/v1/access/break-glass/{uid}/review', {
      cookie,
      ...glass,
      body: { note: 'It was right' },
    })
    const spare = await world.person('health', 'ann', ['crew'])
    const own = await api.send('get /api/v1/me/sessions', { cookie: ann.cookie })
    const [gone] = own.json.items.filter(({ isCurrent }: { isCurrent: boolean }) => !isCurrent)
    await api.send('delete /api/v1/me/sessions/{uid}', { cookie: ann.cookie, params: { uid: gone.uid } })
    expect(spare.uid).toBe(ann.uid)
    const all = await asAdmin('get /api/v1/sessions', { query: { user: ann.uid } })
    await api.send('get /api/v1/sessions/current', { cookie: ada.cookie })
    await api.send('post /api/v1/sessions/current/extend', { cookie: ada.cookie })
    await api.send('get /api/v1/me', { cookie: ada.cookie })
    await asAdmin('get /api/v1/me')
    await asAdmin('delete /api/v1/sessions/{uid}', { params: { uid: String(all.json.items[0].uid) } })
    await api.send('delete /api/v1/sessions/current', { cookie: ada.cookie })
    await api.send('get /api/v1/issuers')
  })
})

describe('documented operations of provisioning', () => {
  it('of tokens, users and groups', async () => {
    const made = await asAdmin('post /api/v1/provisioning-tokens', { body: { name: 'IdP', issuer: 'idp' } })
    await asAdmin('get /api/v1/provisioning-tokens')
    const token = String(made.json.token)
    for (const path of ['ServiceProviderConfig', 'ResourceTypes', 'Schemas'])
      await api.send(`get /scim/v2/${path}`, { token })
    await api.send('get /scim/v2/ResourceTypes/{id}', { token, params: { id: 'User' } })
    const groupSchema = 'urn:ietf:params:scim:schemas:core:2.0:Group'
    await api.send('get /scim/v2/Schemas/{id}', { token, params: { id: groupSchema } })
    const op = (path: string, value: unknown) => ({
      schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
      Operations: [{ op: 'replace', path, value }],
    })
    const user = {
      schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'],
      userName: 'eve',
      externalId: 'eve',
      active: true,
    }
    const group = {
      schemas: ['urn:ietf:params:scim:schemas:core:2.0:Group'],
      displayName: 'crew',
      members: [],
    }
    for (const [path, resource, patch] of [
      ['/scim/v2/Users', user, op('displayName', 'Eve')],
      ['/scim/v2/Groups', group, op('displayName', 'crew')],
    ] as const) {
      const { json } = await api.send(`post ${path}`, { token, body: resource })
      await api.send(`get ${path}`, { token, query: { startIndex: '1', count: '1' } })
      const at = { token, params: { id: String(json.id) } }
      await api.send(`get ${path}/{id}`, at)
      await api.send(`put ${path}/{id}`, { ...at, body: resource })
      await api.send(`patch ${path}/{id}`, { ...at, body: patch })
      await api.send(`delete ${path}/{id}`, at)
    }
    await asAdmin('delete /api/v1/provisioning-tokens/{uid}', { params: { uid: String(made.json.uid) } })
  })
})

describe('documented operations of auditors', () => {
  const path = '/api/v1/audit'
  /** Asks until the answer is as it should be, for what happens in the background. */
  async function until(operation: string, sent: Sent, isReady: (json: Record<string, unknown>) => boolean) {
    for (let attempt = 0; attempt < 100; attempt++) {
      const { json } = await asAdmin(operation, sent)
      if (isReady(json)) return
      await new Promise((done) => setTimeout(done, 100))
    }
    throw new Error(`${operation} did not become so`)
  }

  it('of searches, views, verifications and exports', async () => {
    const found = await asAdmin(`get ${path}/events`, { query: { limit: '3', order: 'oldest' } })
    const range = { from: '2026-01-01T00:00:00Z', to: '2100-01-01T00:00:00Z' }
    await asAdmin(`get ${path}/histogram`, { query: { ...range, bars: '10' } })
    const event = { params: { id: String(found.json.items[0].event.id) } }
    await asAdmin(`get ${path}/events/{id}`, event)
    await expect
      .poll(
        () =>
          asAdmin(`get ${path}/events/{id}/proof`, event)
            .then(({ status }) => status)
            .catch(String),
        { timeout: 8_000 },
      )
      .toBe(200)
    const view = await asAdmin(`post ${path}/views`, {
      body: { name: 'Mine', filter: { results: ['denied'] } },
    })
    await asAdmin(`get ${path}/views`)
    const params = { uid: String(view.json.uid) }
    const seen = () => match(`get ${path}/views/{uid}`, { token: admin, params })
    const ours = { name: 'Ours', filter: {}, isShared: true }
    await api.send(`put ${path}/views/{uid}`, { ...(await seen()), body: ours })
    await api.send(`delete ${path}/views/{uid}`, await seen())
    await asAdmin(`get ${path}/status`)
    const job = await asAdmin(`post ${path}/verifications`)
    await asAdmin(`get ${path}/verifications`)
    await until(
      `get ${path}/verifications/{uid}`,
      { params: { uid: job.json.uid } },
      ({ state }) => state === 'done',
    )
    const asked = await asAdmin(`post ${path}/exports`, { body: { format: 'ndjson' } })
    await asAdmin(`get ${path}/exports`)
    const made = { params: { uid: String(asked.json.uid) } }
    await until(`get ${path}/exports/{uid}`, made, ({ state }) => state === 'done')
    await asAdmin(`get ${path}/exports/{uid}/manifest`, made)
    await asAdmin(`get ${path}/exports/{uid}/content`, made)
    await world.sql(
      `insert into audit_exports (uid, org_uid, format, filter, requested_by, state)
       values ('x-busy', 'health', 'csv', '{}', 'admin', 'running')`,
    )
    await asAdmin(`post ${path}/exports/{uid}/cancel`, { params: { uid: 'x-busy' } })
    const hashes = [labelValueHash(labelKey, 'health', 'patient', 'Ann')]
    await asAdmin(`post ${path}/reveal`, { body: { hashes, reason: 'A complaint of Ann' } })
  })
})

describe('queries', () => {
  it('are listed, ended and refused', async () => {
    const path = '/api/v1/orgs/{org}'
    const org = { params: { org: 'health' } }
    await world.sql(
      `insert into running_queries (org_uid, uid, process, request_id, principal_uid, data_source_uid, endpoint, query, fingerprint, started_at)
       values ('health', 'q-1', 'gateway.1', 'r-1', 'robot', 'metrics', 'query', 'up', 'f', now())`,
    )
    await asAdmin(`get ${path}/running-queries`, org)
    const uid = { org: 'health', uid: 'q-1' }
    await asAdmin(`post ${path}/running-queries/{uid}/cancel`, { params: uid, body: { reason: 'Too long' } })
    await asAdmin(`get ${path}/slow-queries`, org)
    await asAdmin(`get ${path}/query-statistics`, org)
    const body = { kind: 'principal', value: 'robot', reason: 'Asks too much', minutes: 5 }
    const stop = await asAdmin(`post ${path}/query-stops`, { ...org, body })
    await asAdmin(`get ${path}/query-stops`, org)
    await asAdmin(`delete ${path}/query-stops/{uid}`, {
      params: { org: 'health', uid: String(stop.json.uid) },
    })
  })
})

describe('the document', () => {
  it('has no operation that was not called here', () => {
    expect(api.operations.filter((operation) => !api.called.has(operation))).toEqual([])
    console.log(`OpenAPI: ${api.operations.length} operations called and checked`)
  })

  it('has no change that is made without its event, or answered otherwise than its event says', () => {
    const made = room.tried.filter(({ done }) => done.changed.length > 0)
    const wrong = room.tried.filter(
      ({ operation, refused, done }) =>
        !unrecorded.has(operation) &&
        (refused.changed.length > 0 || refused.status < 500 || done.recorded.join() !== String(done.status)),
    )
    expect(wrong).toEqual([])
    // Those that need no room did without it, and what asks only changes nothing.
    const without = room.tried.filter(({ operation }) => unrecorded.has(operation))
    expect(without.filter(({ refused }) => refused.status >= 300)).toEqual([])
    expect(new Set(without.map(({ operation }) => operation))).toEqual(new Set(unrecorded.keys()))
    const asked = without.filter(({ operation }) => unrecorded.get(operation) === asks)
    expect(asked.filter(({ refused, done }) => refused.changed.length + done.changed.length > 0)).toEqual([])
    console.log(`${made.length} changes refused without their event, made with it`)
  })

  it('says how every operation refuses somebody unknown', async () => {
    const open = ['get /api/v1/issuers', 'delete /api/v1/sessions/current']
    for (const operation of api.operations.filter((one) => !open.includes(one))) {
      const names = [...operation.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name)
      const params = Object.fromEntries(names.map((name) => [name, name === 'version' ? '1' : 'x']))
      await api.refuse(operation, 401, { params })
    }
  })
})
