import { createServer } from 'node:http'
import type { Principal } from '@gatehouse/authz'
import { GatehouseError } from '@gatehouse/errors'
import { createLogger } from '@gatehouse/telemetry'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { checkRoutes, createApp } from './app.ts'
import { download } from './download.ts'
import { listen, type Listening } from './listen.ts'
import { createPermissions } from './permission.ts'
import { nothing, route } from './route.ts'
import type { Ending, Trail } from './trail.ts'

const ann: Principal = {
  kind: 'user',
  uid: 'ann',
  orgUid: 'health',
  name: 'Ann',
  teams: [],
  identity: undefined,
  credential: { kind: 'bearer', id: 'b1' },
}
const recorded: { trail: Trail; ending: Ending }[] = []
let auditFails = false
let handled = 0
let server: Listening

const permissions = createPermissions({
  count: () => undefined,
  authenticate: async (rawHeaders) => {
    if (!rawHeaders.includes('Bearer ann')) throw new GatehouseError('unauthenticated', 'no credentials')
    return ann
  },
  recognise: async () => ({ user: ann, identity: { issuer: 'i', subject: 's' }, credential: ann.credential }),
  authorize: async (_principal, _action, resource) =>
    resource.uid === 'triage'
      ? { allowed: true, because: [], constraints: { alternatives: [] }, policyVersion: '1' }
      : { allowed: false, reason: 'no role of yours allows it', policyVersion: '1' },
})
const shared = { params: nothing, query: nothing, body: nothing, summary: '' }
const answer = z.strictObject({ ok: z.boolean() })
async function* pieces(isBroken: boolean): AsyncGenerator<Uint8Array> {
  for (;;) {
    yield Buffer.alloc(65_536)
    if (isBroken) throw new Error('the disk is gone')
  }
}
const routes = [
  route({
    ...shared,
    method: 'get',
    path: '/api/v1/open',
    action: 'open:read',
    permission: permissions.public,
    query: z.strictObject({ limit: z.coerce.number().optional() }),
    response: answer,
    handler: async () => ({ ok: true }),
  }),
  route({
    ...shared,
    method: 'post',
    path: '/api/v1/things',
    action: 'things:write',
    permission: permissions.principal,
    body: z.strictObject({ name: z.string() }),
    response: answer,
    handler: async () => {
      handled++
      return { ok: true }
    },
  }),
  route({
    ...shared,
    method: 'get',
    path: '/api/v1/teams/:uid',
    action: 'teams:read',
    permission: permissions.can('teams:read', async (principal, { params }) => {
      if (params['uid'] === 'absent') throw new GatehouseError('not_found', 'no such team')
      return { kind: 'team', uid: params['uid'] ?? '', orgUid: principal.orgUid }
    }),
    params: z.strictObject({ uid: z.string() }),
    response: answer,
    handler: async () => ({ ok: true }),
  }),
  ...['without-end', 'broken'].map((name) =>
    route({
      ...shared,
      method: 'get',
      path: `/api/v1/${name}`,
      action: 'files:download',
      permission: permissions.public,
      response: download('text/plain'),
      handler: async () => ({ type: 'text/plain', fileName: name, bytes: pieces(name === 'broken') }),
    }),
  ),
  route({
    ...shared,
    method: 'get',
    path: '/api/v1/leak',
    action: 'leak:read',
    permission: permissions.public,
    response: answer,
    handler: async () => Object.assign({ ok: true }, { secret: 'hunter2' }),
  }),
  route({
    ...shared,
    method: 'get',
    path: '/api/v1/crash',
    action: 'crash:read',
    permission: permissions.public,
    response: answer,
    handler: () => Promise.reject(new Error('hunter2 in a stack')),
  }),
]

beforeAll(async () => {
  const app = createApp({
    externalUrl: 'http://127.0.0.1:1',
    trustProxy: [],
    logger: createLogger({ name: 'test', level: 'silent' }),
    record: async (trail, ending) => {
      if (auditFails) throw new Error('disk full')
      recorded.push({ trail, ending })
    },
    attribute: async ({ rawHeaders }, trail) => {
      if (rawHeaders.includes('Bearer ann')) trail.orgUid = ann.orgUid
    },
  })
  app.mount(routes)
  app.finish()
  server = await listen(createServer(app.express), '127.0.0.1:0', { graceMs: 1_000 })
})
afterAll(() => server.close())
beforeEach(() => {
  recorded.length = 0
  auditFails = false
  handled = 0
})

const ask = (path: string, init: RequestInit = {}): Promise<Response> => fetch(server.url + path, init)
const asAnn = { authorization: 'Bearer ann' }
const post = (headers: Record<string, string>, body: string): Promise<Response> =>
  ask('/api/v1/things', { method: 'POST', headers: { ...asAnn, ...headers }, body })
const json = { 'content-type': 'application/json' }

describe('routes', () => {
  it('answer, with security headers and a record', async () => {
    const response = await ask('/api/v1/open', { headers: { 'x-request-id': 'abcdefgh' } })
    expect(response.status).toBe(200)
    expect(await response.json()).toEqual({ ok: true })
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'cache-control': 'no-store',
      'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      'x-request-id': 'abcdefgh',
    })
    expect(response.headers.has('x-powered-by')).toBe(false)
    expect(recorded).toMatchObject([
      {
        trail: { route: '/api/v1/open', action: 'open:read', requestId: 'abcdefgh' },
        ending: { status: 200 },
      },
    ])
  })

  const refused: [string, () => Promise<Response>, number, string][] = [
    ['an unknown path', () => ask('/api/v1/none'), 404, 'not_found'],
    ['another spelling', () => ask('/API/v1/open'), 404, 'not_found'],
    ['a trailing slash', () => ask('/api/v1/open/'), 404, 'not_found'],
    ['another method', () => ask('/api/v1/open', { method: 'DELETE' }), 405, 'method_not_allowed'],
    ['an unknown parameter', () => ask('/api/v1/open?x=1'), 400, 'bad_data'],
    ['__proto__ as a parameter', () => ask('/api/v1/open?__proto__=1'), 400, 'bad_data'],
    ['a parameter twice', () => ask('/api/v1/open?limit=1&limit=2'), 400, 'bad_data'],
    ['a broken path', () => ask('/api/v1/teams/%zz', { headers: asAnn }), 400, 'bad_data'],
    ['nobody', () => ask('/api/v1/teams/triage'), 401, 'unauthenticated'],
    [
      'nobody, before saying what is wrong with the body',
      () => ask('/api/v1/things', { method: 'POST', headers: json, body: '{}' }),
      401,
      'unauthenticated',
    ],
    ['what no role allows', () => ask('/api/v1/teams/bus', { headers: asAnn }), 403, 'forbidden'],
    ['what does not exist', () => ask('/api/v1/teams/absent', { headers: asAnn }), 404, 'not_found'],
    ['a body of another shape', () => post(json, '{"name":1}'), 400, 'bad_data'],
    ['a body with more', () => post(json, '{"name":"a","orgUid":"b"}'), 400, 'bad_data'],
    ['a broken body', () => post(json, '{'), 400, 'bad_data'],
    [
      'a form',
      () => post({ 'content-type': 'application/x-www-form-urlencoded' }, 'name=a'),
      415,
      'unsupported_media_type',
    ],
    [
      'JSON as text',
      () => post({ 'content-type': 'text/plain' }, '{"name":"a"}'),
      415,
      'unsupported_media_type',
    ],
    [
      'a compressed body',
      () => post({ ...json, 'content-encoding': 'gzip' }, '{"name":"a"}'),
      415,
      'unsupported_media_type',
    ],
    ['a long body', () => post(json, JSON.stringify({ name: 'x'.repeat(200_000) })), 413, 'too_large'],
    [
      'another origin',
      () => post({ ...json, origin: 'https://evil.example' }, '{"name":"a"}'),
      403,
      'forbidden',
    ],
    ['the origin null', () => post({ ...json, origin: 'null' }, '{"name":"a"}'), 403, 'forbidden'],
    [
      'a sibling host',
      () => post({ ...json, 'sec-fetch-site': 'same-site' }, '{"name":"a"}'),
      403,
      'forbidden',
    ],
    ['an answer that does not fit its schema', () => ask('/api/v1/leak'), 500, 'internal'],
    ['a crash', () => ask('/api/v1/crash'), 500, 'internal'],
  ]
  it.each(refused)('refuse %s', async (_, send, status, code) => {
    const response = await send()
    const text = await response.text()
    expect(response.status).toBe(status)
    expect(response.headers.get('content-type')).toBe('application/problem+json')
    expect(response.headers.get('location')).toBeNull()
    expect(JSON.parse(text)).toMatchObject({ status, code })
    expect(text).not.toContain('hunter2')
    expect(handled).toBe(0)
    expect(recorded).toMatchObject([{ ending: { status, errorCode: code } }])
  })

  it('accept our own origin, and programs that send none', async () => {
    expect((await post({ ...json, origin: 'http://127.0.0.1:1' }, '{"name":"a"}')).status).toBe(200)
    expect((await post(json, '{"name":"a"}')).status).toBe(200)
  })

  it('note caller, resource and decision for the record, also of a refusal', async () => {
    await ask('/api/v1/teams/bus', { headers: asAnn })
    expect(recorded[0]?.trail).toMatchObject({
      actor: { uid: 'ann' },
      orgUid: 'health',
      resource: { kind: 'team', uid: 'bus', orgUid: 'health' },
      decision: { allowed: false, reason: 'no role of yours allows it' },
    })
  })

  it('never ask a browser for a password', async () => {
    const response = await ask('/api/v1/teams/triage')
    expect(response.headers.get('www-authenticate')).toBe('Bearer realm="gatehouse"')
  })

  it('give no answer without a record', async () => {
    auditFails = true
    for (const path of ['/api/v1/open', '/api/v1/none', '/api/v1/teams/triage']) {
      const response = await ask(path)
      expect(response.status).toBe(503)
      expect(await response.json()).toMatchObject({ code: 'audit_unavailable' })
    }
  })
})

describe('checkRoutes', () => {
  const [good] = routes
  it('fails on a route without a permission, without an action, or declared twice', () => {
    if (good === undefined) throw new Error('no route')
    const { declaration } = good
    const without = { ...good, declaration: { ...declaration, permission: undefined as never } }
    expect(() => checkRoutes([without])).toThrow('get /api/v1/open has no permission')
    expect(() => checkRoutes([{ ...good, declaration: { ...declaration, action: '' } }])).toThrow('no action')
    expect(() => checkRoutes([good, good])).toThrow('declared twice')
  })
})

describe('a file that is not sent to its end', () => {
  const endings = () => recorded.map(({ ending }) => ending)

  it('is recorded as given up when the client leaves', async () => {
    const leaving = new AbortController()
    const response = await fetch(`${server.url}/api/v1/without-end`, { signal: leaving.signal })
    await response.body?.getReader().read()
    leaving.abort()
    await expect.poll(endings).toEqual([
      { status: 200, errorCode: undefined },
      { status: 200, errorCode: 'canceled' },
    ])
  })

  it('is recorded as failed when it breaks off, and the client sees that', async () => {
    const response = await fetch(`${server.url}/api/v1/broken`)
    await expect(response.arrayBuffer()).rejects.toThrow()
    await expect.poll(endings).toEqual([
      { status: 200, errorCode: undefined },
      { status: 200, errorCode: 'internal' },
    ])
  })
})
