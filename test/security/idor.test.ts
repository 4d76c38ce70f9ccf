import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type AccessApiWorld, accessRoles, startAccessApiWorld } from '../support/access-api-world.ts'

/**
 * Every route that takes an id × ids of one's own org, of another, of nothing and of no form × every role. The table of routes is the
 * API's own document, so a new route is in the matrix or fails the test.
 */

interface Operation {
  readonly method: string
  readonly path: string
  readonly permission: string
  readonly names: readonly string[]
}

/** Where the id of a resource in `health` comes from, by path. `{org}` is the org itself. */
type Ids = Readonly<Record<string, string>>

const malformed = [
  '-1',
  '..%2F..%2Fhealth',
  "x'%20or%20'1'%3D'1",
  '%5B%22crew%22%5D',
  '%7B%22uid%22%3A%22crew%22%7D',
  'a%00b',
  'x'.repeat(64),
] as const
const nowhere = ['nowhere', '9007199254740992'] as const

let world: AccessApiWorld
let operations: readonly Operation[]
let health: ReadonlyMap<string, Ids>
let before: string
/** Actions of each role. */
const held = new Map<string, ReadonlySet<string>>()

const tables = [
  'orgs (uid, name, managed, platform, issuers)',
  'tenants',
  'memberships',
  'teams',
  'team_members',
  'service_accounts',
  'service_account_tokens',
  'sessions',
  'folders',
  'dashboards',
  'dashboard_versions',
  'data_sources',
  'shards',
  'replicas',
  'roles',
  'grants',
  'guardrails',
]

/** Every row of `health`, but for when things were last used. */
async function rowsOfHealth(): Promise<string> {
  const texts: string[] = []
  for (const table of tables) {
    const [name = '', columns] = table.split(' (')
    const key = name === 'orgs' ? 'uid' : 'org_uid'
    const shown = columns === undefined ? 't.*' : `t.${columns.replace(')', '').replaceAll(', ', ', t.')}`
    const rows = await world.sql<{ row: string }>(
      `select (to_jsonb(r) - 'last_used_at' - 'last_seen_at')::text as row from (select ${shown} from ${name} t where t.${key} = 'health') r order by 1`,
    )
    texts.push(...rows.map(({ row }) => `${name} ${row}`))
  }
  return texts.join('\n')
}

async function provisioningToken(): Promise<string> {
  const answer = await world.as('health/org-admin', 'post', '/provisioning-tokens', {
    body: { name: 'T', issuer: 'https://idp.example.org', days: 7 },
  })
  return String(answer.json.uid ?? 'none')
}

/** What the audit log has of `health` that is reached by an id. */
async function auditEvent(): Promise<string> {
  await world.sql(`insert into audit_exports (uid, format, state, org_uid, filter, requested_by)
    values ('x-1', 'ndjson', 'done', 'health', '{}', 'auditor')`)
  await world.sql(`insert into audit_verification_jobs (uid, state, org_uid, requested_by)
    values ('y-1', 'done', 'health', 'auditor')`)
  await world.sql(`insert into audit_views (uid, name, is_shared, org_uid, filter, user_uid)
    values ('v-1', 'Shared', true, 'health', '{}', 'auditor')`)
  const { requestId } = await world.as('health/auditor', 'get', '/audit/events?limit=1')
  const [event] = await world.auditOf(requestId)
  return event?.id ?? ''
}

async function prepare(): Promise<ReadonlyMap<string, Ids>> {
  const admin = 'health/org-admin'
  const { uid: user } = await world.person('health', 'health-ann', ['health-crew'])
  const session = await world.sql<{ uid: string }>(`select uid from sessions where org_uid = 'health'`)
  const content = { title: 'Board', panels: [{ title: 'P', targets: [{ expr: 'up' }] }] }
  await world.as(admin, 'post', '/dashboards', { body: { uid: 'board', content } })
  const token = await world.as(admin, 'post', '/service-accounts/robot/tokens', { body: { name: 'T' } })
  const uids = (uid: string, rest: Ids = {}): Ids => ({ uid, ...rest })
  return new Map<string, Ids>([
    ['dashboards', uids('board', { version: '1', link: 'link' })],
    ['folders', uids('ops')],
    ['orgs', uids('metrics', { org: 'health' })],
    ['teams', uids('crew', { user })],
    ['users', uids(user)],
    ['roles', { name: 'reader' }],
    ['grants', uids('g-robot')],
    ['data-sources', uids('metrics')],
    ['service-accounts', uids('robot', { token: String(token.json.uid) })],
    ['sessions', uids(String(session[0]?.uid))],
    ['me', uids(String(session[0]?.uid))],
    ['guardrails', uids('rail')],
    // SCIM knows only its own tokens, so that every role is a stranger there.
    ['scim', { id: user }],
    ['provisioning-tokens', uids(await provisioningToken())],
    ['audit/events', { id: await auditEvent() }],
    ['audit/exports', uids('x-1')],
    ['audit/verifications', uids('y-1')],
    ['audit/views', uids('v-1')],
    // Made by nobody here; their own tests look at other orgs' ones.
    ['access', uids('request')],
  ])
}

beforeAll(async () => {
  world = await startAccessApiWorld()
  const { json } = await world.call('get', '/api/v1/openapi.json')
  operations = Object.entries<Record<string, Record<string, string>>>(json.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({
      method,
      path: path.replace('/api/v1', ''),
      permission: operation['x-gatehouse-permission'] ?? '',
      names: [...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name),
    })),
  )
  health = await prepare()
  const roles = await world.as('health/org-admin', 'get', '/roles?limit=1000')
  for (const { name, permissions } of roles.json.items)
    held.set(name, new Set(permissions.map(({ action }: { action: string }) => action)))
  // The other agency has none of these under its own name, so whatever it reaches of them is `health`'s.
  await world.sql(`delete from orgs where uid = 'transport'`)
  await world.apply(`apiVersion: gatehouse/v1
kind: Access
orgs:
  - uid: transport
    name: Transport
    tenants: [transport]
    serviceAccounts:${accessRoles.map((role) => `\n      - { uid: ${role}, name: ${role} }`).join('')}
    grants:${accessRoles.map((role) => `\n      - { serviceAccount: ${role}, role: ${role} }`).join('')}
`)
  await world.sql(`update orgs set managed = 'api'`)
  // Tokens of the tests are rows, too: make them all first.
  for (const role of accessRoles) await world.as(`health/${role}`, 'get', '/me')
  before = await rowsOfHealth()
})
afterAll(() => world.close())

function idsOf({ path, names }: Operation): Ids {
  const [, noun = '', part = ''] = path.split('/')
  const ids = health.get(noun) ?? health.get(`${noun}/${part}`)
  if (ids === undefined || names.some((name) => ids[name] === undefined))
    throw new Error(`the matrix knows no id for ${path}`)
  return ids
}

/** A well-formed id of nothing. */
function ofNothing({ path }: Operation, name: string): string {
  if (path.startsWith('/audit/events')) return '00000000-0000-7000-8000-000000000000'
  return name === 'version' ? '7' : nowhere[0]
}

function fill(path: string, ids: Ids): string {
  return path.replaceAll(/\{(\w+)\}/g, (_all, name: string) => ids[name] ?? '')
}

function call(who: string, { method, path }: Operation, ids: Ids) {
  const query = path.endsWith('/diff') ? '?from=1&to=1' : ''
  const headers = { 'if-match': '"1"' }
  const options = method === 'get' ? {} : { body: {}, headers }
  return world.as(who, method, fill(path, ids) + query, options)
}

const withIds = (): readonly Operation[] => operations.filter(({ names }) => names.length > 0)

/** Nothing seals the log here; what needs a seal has tests of its own. */
const unmade = new Set(['/audit/events/{id}/proof', '/audit/exports/{uid}/manifest'])

describe('ids of another org', () => {
  it('are as little there as ids of nothing, to every role, on every route', async () => {
    let size = 0
    const wrong: string[] = []
    for (const operation of withIds()) {
      const ids = idsOf(operation)
      const none = Object.fromEntries(Object.keys(ids).map((name) => [name, ofNothing(operation, name)]))
      for (const role of accessRoles) {
        const who = `transport/${role}`
        const foreign = await call(who, operation, ids)
        const missing = await call(who, operation, none)
        size += 2
        const name = `${who} ${operation.method} ${operation.path}`
        // Refused for the role before anything is looked up, or not found; never which of the two orgs.
        if (foreign.status !== missing.status || foreign.json?.detail !== missing.json?.detail)
          wrong.push(
            `${name}: ${foreign.status} ${foreign.json?.detail}, for nothing ${missing.status} ${missing.json?.detail}`,
          )
        if (![400, 401, 403, 404].includes(foreign.status)) wrong.push(`${name}: ${foreign.status}`)
        if (/Agency health|health-ann|127\.0\.0\.1/.test(JSON.stringify(foreign.json)))
          wrong.push(`${name} shows rows`)
      }
    }
    expect(wrong).toEqual([])
    expect(await rowsOfHealth()).toBe(before)
    console.log(
      `IDOR matrix: ${withIds().length} routes, ${size} calls with ids of another org or of nothing`,
    )
  })

  it('of no form are refused, to every role, on every route', async () => {
    let size = 0
    const wrong: string[] = []
    for (const operation of withIds()) {
      const ids = idsOf(operation)
      for (const role of accessRoles) {
        for (const value of [...malformed, nowhere[1]]) {
          const broken = Object.fromEntries(Object.keys(ids).map((name) => [name, value]))
          const { status } = await call(`transport/${role}`, operation, broken)
          size += 1
          if (![400, 401, 403, 404].includes(status))
            wrong.push(`${operation.method} ${operation.path} ${value}: ${status}`)
        }
      }
    }
    expect(wrong).toEqual([])
    expect(await rowsOfHealth()).toBe(before)
    console.log(`IDOR matrix: ${size} calls with ids of no form`)
  })

  it('of one’s own org open to the roles that hold the permission and to no other', async () => {
    let size = 0
    const wrong: string[] = []
    for (const operation of withIds().filter(({ method }) => method === 'get')) {
      const { permission, path } = operation
      if (/^\/(access|scim)\//.test(path)) continue
      for (const role of accessRoles) {
        const { status } = await call(`health/${role}`, operation, idsOf(operation))
        size += 1
        const isHeld = held.get(role)?.has(permission) === true
        const isRight = isHeld ? status === 200 || (status === 404 && unmade.has(path)) : status === 403
        if (!isRight) wrong.push(`${role} ${path}: ${status}, holds ${permission}: ${isHeld}`)
      }
    }
    expect(wrong).toEqual([])
    console.log(`IDOR matrix: ${size} reads of one's own org`)
  })

  it('of one’s own org are changed by no role that does not hold the permission', async () => {
    let size = 0
    const wrong: string[] = []
    for (const operation of withIds().filter(({ method }) => method !== 'get')) {
      const { method, permission, path } = operation
      if (!permission.includes(':') || /^\/(access|scim)\//.test(path)) continue
      for (const role of accessRoles) {
        if (held.get(role)?.has(permission) === true) continue
        const { status } = await call(`health/${role}`, operation, idsOf(operation))
        size += 1
        if (status !== 403) wrong.push(`${role} ${method} ${path}: ${status}`)
      }
    }
    expect(wrong).toEqual([])
    expect(await rowsOfHealth()).toBe(before)
    console.log(`IDOR matrix: ${size} changes of one's own org without the permission`)
  })

  it('are in no list of another org', async () => {
    const secrets = ['health', 'robot', 'g-robot', 'crew', 'metrics', 'rail', 'board', 'ops', 'reader']
    for (const { method, path, names } of operations) {
      if (method !== 'get' || names.length > 0 || /^\/(issuers|openapi|me|scim|sessions\/current)/.test(path))
        continue
      for (const role of accessRoles) {
        const range = path.endsWith('/histogram') ? '?from=2026-01-01T00:00:00Z&to=2100-01-01T00:00:00Z' : ''
        const { status, json } = await world.as(`transport/${role}`, 'get', path + range)
        expect([role, path, [200, 403].includes(status)]).toEqual([role, path, true])
        const values = JSON.stringify(json).replaceAll(/"\w+":/g, '')
        const words = new Set(values.match(/[\w-]+/g))
        expect([role, path, secrets.filter((secret) => words.has(secret))]).toEqual([role, path, []])
      }
    }
  })
})
