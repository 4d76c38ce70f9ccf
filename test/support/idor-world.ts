import { type AccessApiWorld, accessRoles, startAccessApiWorld } from './access-api-world.ts'
import type { ControlAnswer, ControlCall } from './control-world.ts'

/** A documented operation, by its path with placeholders. */
export interface Operation {
  readonly method: string
  /** `/api/v1/teams/{uid}`. */
  readonly path: string
  readonly permission: string
  readonly names: readonly string[]
}

/** What stands in a path's placeholders. */
export type Ids = Readonly<Record<string, string>>

/** Two agencies, one of which has something of every kind; the other has nothing but people, service accounts and their roles. */
export interface IdorWorld extends AccessApiWorld {
  readonly operations: readonly Operation[]
  /** Ids of real things of `health`, for every operation that has placeholders. @throws Error for an operation it knows none for. */
  idsOf(operation: Operation): Ids
  /** Callers of an org: a service account of every role, an administrator in a browser, and a provisioning token. */
  readonly callers: readonly string[]
  /** Calls an operation as `transport/viewer`, with these ids. */
  ask(who: string, operation: Operation, ids: Ids): Promise<ControlAnswer>
  /** Every row of `health` in every table that has an org, but for when things were last used. */
  rowsOfHealth(): Promise<string>
}

const idp = 'https://idp.example.org'
const scimUser = {
  schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'],
  userName: 'eve',
  externalId: 'eve',
}
const scimGroup = { schemas: ['urn:ietf:params:scim:schemas:core:2.0:Group'], displayName: 'health-crew' }
const patchOp = {
  schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
  Operations: [{ op: 'replace', path: 'displayName', value: 'Mallory' }],
}

/** Bodies that get past the parser where the resource is looked up after it. */
const bodies: Readonly<Record<string, object>> = {
  'post /api/v1/access/break-glass/{uid}/review': { note: 'Looked at' },
  'post /api/v1/access/rehearsals/{uid}/attach': { change: 'TICKET-1' },
  'put /api/v1/guardrails/{uid}': { selector: '{secret="no"}', reason: 'Mallory' },
  'put /api/v1/audit/views/{uid}': { name: 'Mallory', filter: {}, isShared: true },
  'put /scim/v2/Users/{id}': scimUser,
  'put /scim/v2/Groups/{id}': scimGroup,
  'patch /scim/v2/Users/{id}': patchOp,
  'patch /scim/v2/Groups/{id}': patchOp,
}

const queries = {
  '/diff': '?from=1&to=1',
  '/histogram': '?from=2026-01-01T00:00:00Z&to=2100-01-01T00:00:00Z',
}

async function expectOk(answer: Promise<ControlAnswer>): Promise<ControlAnswer> {
  const got = await answer
  if (got.status >= 300) throw new Error(`preparing: ${got.status} ${JSON.stringify(got.json)}`)
  return got
}

/** What the audit log has of `health` that is reached by an id; nothing seals or exports it here. */
async function auditThings(world: AccessApiWorld): Promise<readonly (readonly [string, Ids])[]> {
  await world.sql(`insert into audit_exports (uid, format, state, org_uid, filter, requested_by)
    values ('x-1', 'ndjson', 'done', 'health', '{}', 'auditor')`)
  await world.sql(`insert into audit_verification_jobs (uid, state, org_uid, requested_by)
    values ('y-1', 'done', 'health', 'auditor')`)
  await world.sql(`insert into audit_views (uid, name, is_shared, org_uid, filter, user_uid)
    values ('v-1', 'Shared', true, 'health', '{}', 'auditor')`)
  const { requestId } = await world.as('health/auditor', 'get', '/audit/events?limit=1')
  const [event] = await world.auditOf(requestId)
  return [
    ['/api/v1/audit/events', { id: event?.id ?? '' }],
    ['/api/v1/audit/exports', { uid: 'x-1' }],
    ['/api/v1/audit/verifications', { uid: 'y-1' }],
    ['/api/v1/audit/views', { uid: 'v-1' }],
  ]
}

/** Makes what the access file cannot: what people ask for, sign in with, share and rehearse. */
async function makeThings(world: AccessApiWorld): Promise<ReadonlyMap<string, Ids>> {
  const admin = 'health/org-admin'
  const as = (method: string, path: string, body?: unknown, headers = {}) =>
    expectOk(world.as(admin, method, path, { ...(body === undefined ? {} : { body }), headers }))
  const ann = await world.person('health', 'health-ann', ['health-crew'])
  const boss = await world.person('health', 'health-admin', [])
  const byAnn = (path: string, body: unknown) =>
    expectOk(world.call('post', `/api/v1${path}`, { cookie: ann.cookie, body }))
  const [session] = await world.sql<{ uid: string }>(`select uid from sessions where user_uid = '${ann.uid}'`)
  const content = { title: 'Board', panels: [{ title: 'P', targets: [{ expr: 'up' }] }] }
  const board = await as('post', '/dashboards', { uid: 'board', content })
  const match = { 'if-match': board.headers.get('etag') ?? '"1"' }
  await as('put', '/dashboards/board/approval', { dataSources: ['metrics'] }, match)
  const sharing = await as('get', '/public-sharing')
  const unshared = { 'if-match': sharing.headers.get('etag') ?? '' }
  await as('put', '/public-sharing', { allowed: true }, unshared)
  const link = await as('post', '/dashboards/board/share-links', { days: 1, reason: 'Shared' })
  const token = await as('post', '/service-accounts/robot/tokens', { name: 'T' })
  const where = { kind: 'data-source', uid: 'metrics' }
  const request = await byAnn('/access/requests', { role: 'viewer', where, hours: 1, reason: 'Please' })
  const glass = await expectOk(
    world.call('post', '/api/v1/access/break-glass', {
      cookie: boss.cookie,
      body: { where, hours: 1, reason: 'It is on fire' },
    }),
  )
  const document = {
    apiVersion: 'gatehouse/v1',
    kind: 'Access',
    orgs: [{ uid: 'health', name: 'H', tenants: ['health'] }],
  }
  const rehearsal = await as('post', '/access/rehearsals', { document, days: 1 })
  const provisioning = await as('post', '/provisioning-tokens', { name: 'T', issuer: 'idp', days: 7 })
  const scim = (path: string, body: unknown) =>
    expectOk(
      world.call('post', `/scim/v2/${path}`, {
        token: String(provisioning.json.token),
        body,
        headers: { 'content-type': 'application/scim+json' },
      }),
    )
  const user = await scim('Users', scimUser)
  const group = await scim('Groups', scimGroup)
  const uid = (value: unknown, rest: Ids = {}): Ids => ({ uid: String(value), ...rest })
  return new Map<string, Ids>([
    ['/api/v1/dashboards', uid('board', { version: '1', link: String(link.json.uid) })],
    ['/api/v1/folders', uid('ops')],
    ['/api/v1/orgs', uid('metrics', { org: 'health' })],
    ['/api/v1/teams', uid('crew', { user: ann.uid })],
    ['/api/v1/users', uid(ann.uid)],
    ['/api/v1/roles', { name: 'reader' }],
    ['/api/v1/grants', uid('g-robot')],
    ['/api/v1/data-sources', uid('metrics')],
    ['/api/v1/service-accounts', uid('robot', { token: String(token.json.uid) })],
    ['/api/v1/sessions', uid(session?.uid)],
    ['/api/v1/me/sessions', uid(session?.uid)],
    ['/api/v1/guardrails', uid('rail')],
    ['/api/v1/provisioning-tokens', uid(provisioning.json.uid)],
    ['/api/v1/access/requests', uid(request.json.uid)],
    ['/api/v1/access/break-glass', uid(glass.json.uid)],
    ['/api/v1/access/rehearsals', uid(rehearsal.json.uid)],
    ['/scim/v2/Users', { id: String(user.json.id) }],
    ['/scim/v2/Groups', { id: String(group.json.id) }],
    ...(await auditThings(world)),
  ])
}

/** The other agency has nothing under the same names, so whatever it reaches is `health`'s. */
async function emptyTransport(world: AccessApiWorld): Promise<void> {
  await world.sql(`delete from orgs where uid = 'transport'`)
  await world.sql('delete from retired_orgs')
  await world.apply(`apiVersion: gatehouse/v1
kind: Access
orgs:
  - uid: transport
    name: Transport
    tenants: [transport]
    serviceAccounts:${accessRoles.map((role) => `\n      - { uid: ${role}, name: ${role} }`).join('')}
    teams: [{ uid: bosses, name: Bosses, idpGroups: [transport-bosses] }]
    grants:${accessRoles.map((role) => `\n      - { serviceAccount: ${role}, role: ${role} }`).join('')}
      - { team: bosses, role: org-admin }
`)
  await world.sql(`update orgs set managed = 'api'`)
}

async function readOperations(world: AccessApiWorld): Promise<readonly Operation[]> {
  const { json } = await world.call('get', '/api/v1/openapi.json')
  // Names of the protocol, the same in every org.
  const isDiscovery = (path: string): boolean => /^\/scim\/v2\/(ResourceTypes|Schemas)\/\{id\}$/.test(path)
  const paths = Object.entries<Record<string, Record<string, string>>>(json.paths)
  const things = paths.filter(([path]) => !isDiscovery(path))
  return things.flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({
      method,
      path,
      permission: operation['x-gatehouse-permission'] ?? '',
      names: [...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name),
    })),
  )
}

async function rowsOf(world: AccessApiWorld, orgUid: string): Promise<string> {
  const tables = await world.sql<{ name: string; key: string }>(
    `select c.table_name as name, c.column_name as key from information_schema.columns c
     join information_schema.tables t using (table_schema, table_name)
     where c.table_schema = 'public' and t.table_type = 'BASE TABLE'
       and (c.column_name = 'org_uid' or (c.table_name = 'orgs' and c.column_name = 'uid'))
       and c.table_name !~ '^(audit_[^v]|notices)' order by 1`,
  )
  const texts: string[] = []
  for (const { name, key } of tables) {
    const rows = await world.sql<{ row: string }>(
      `select (to_jsonb(r) - 'last_used_at' - 'last_seen_at')::text as row from ${name} r where r.${key} = $1 order by 1`,
      [orgUid],
    )
    texts.push(...rows.map(({ row }) => `${name} ${row}`))
  }
  return texts.join('\n')
}

/** Signs the callers in that are no service accounts. */
async function credentialsIn(
  world: AccessApiWorld,
  orgUid: string,
): Promise<ReadonlyMap<string, ControlCall>> {
  const [subject, group] = orgUid === 'health' ? ['health-admin', 'none'] : ['tim', 'transport-bosses']
  const { cookie } = await world.person(orgUid, subject, [group])
  const body = { name: 'Matrix', issuer: 'idp', days: 7 }
  const made = await expectOk(world.as(`${orgUid}/org-admin`, 'post', '/provisioning-tokens', { body }))
  return new Map<string, ControlCall>([
    [`${orgUid}/person`, { cookie }],
    [`${orgUid}/provisioner`, { token: String(made.json.token) }],
  ])
}

export async function startIdorWorld(): Promise<IdorWorld> {
  const dataOwners = [{ org: 'health', webhook: { url: 'http://127.0.0.1:9/', secret: { value: 's' } } }]
  const world = await startAccessApiWorld({
    notifications: { dataOwners },
    issuers: [{ name: 'idp', issuer: idp, clientId: 'gatehouse' }],
  })
  const operations = await readOperations(world)
  const things = await makeThings(world)
  await emptyTransport(world)
  const credentials = new Map([
    ...(await credentialsIn(world, 'health')),
    ...(await credentialsIn(world, 'transport')),
  ])
  // Tokens of the tests are rows, too: make them all first.
  for (const role of accessRoles) await world.as(`health/${role}`, 'get', '/me')
  let calls = 0
  return {
    ...world,
    operations,
    callers: [...accessRoles, 'person', 'provisioner'],
    idsOf({ path, names }) {
      const [, ids] = [...things].find(([start]) => path === start || path.startsWith(`${start}/`)) ?? []
      if (ids === undefined || names.some((name) => ids[name] === undefined))
        throw new Error(`the matrix knows no id for ${path}`)
      return ids
    },
    ask(who, { method, path }, ids) {
      calls += 1
      const filled = path.replaceAll(/\{(\w+)\}/g, (_all, name: string) => ids[name] ?? '')
      const [, query = ''] = Object.entries(queries).find(([end]) => path.endsWith(end)) ?? []
      const body = method === 'get' ? undefined : (bodies[`${method} ${path}`] ?? {})
      const type = path.startsWith('/scim/') ? 'application/scim+json' : 'application/json'
      const headers = {
        'if-match': '"1"',
        'x-forwarded-for': `10.200.${calls >> 8}.${calls & 255}`,
        ...(body === undefined ? {} : { 'content-type': type }),
      }
      const credential = credentials.get(who)
      const sent = body === undefined ? { headers } : { headers, body }
      return credential === undefined
        ? world.as(
            who,
            method,
            filled.replace('/api/v1', '') + query,
            sent,
            filled.startsWith('/scim/') ? '' : '/api/v1',
          )
        : world.call(method, filled + query, { ...credential, ...sent })
    },
    rowsOfHealth: () => rowsOf(world, 'health'),
  }
}
