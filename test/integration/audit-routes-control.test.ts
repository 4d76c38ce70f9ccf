import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type IdorWorld, type Ids, type Operation, startIdorWorld } from '../support/idor-world.ts'

/** Every route of the control plane leaves an event, whatever becomes of the request; a change leaves it in its own transaction. */

let world: IdorWorld

beforeAll(async () => {
  world = await startIdorWorld()
}, 120_000)
afterAll(() => world.close())

function callerOf({ permission, path }: Operation): string {
  if (permission === 'provisioning-token') return 'health/provisioner'
  if (permission === 'person') return 'health/person'
  if (permission === 'system:read' || path.startsWith('/api/v1/system')) return 'platform/operator'
  return /^orgs:(create|delete)|^limits:/.test(permission) ? 'platform/operator' : 'health/org-admin'
}

const ids = (operation: Operation): Ids =>
  operation.path.startsWith('/scim/v2/ResourceTypes') || operation.path.startsWith('/scim/v2/Schemas')
    ? { id: 'User' }
    : operation.names.length === 0
      ? {}
      : world.idsOf(operation)

const fill = (path: string, values: Ids): string =>
  path.replaceAll(/\{(\w+)\}/g, (_all, name: string) => values[name] ?? '')

/** What is not told in one event of the request, with the answer's own status. */
async function untold(name: string, requestId: string, status: number): Promise<string[]> {
  const events = await world.auditOf(requestId)
  const [event] = events
  const isRight =
    events.length === 1 &&
    event !== undefined &&
    // A change is recorded before it is answered: as done, whatever the kind of success.
    (event.outcome.httpStatus === status || (status < 300 && event.outcome.httpStatus === 200)) &&
    (status < 400 ? /[IW]$/ : /[DE]$/).test(event.code)
  return isRight
    ? []
    : [`${name}: ${status}, ${events.length} events, ${event?.code} ${event?.outcome.httpStatus}`]
}

describe('every route', () => {
  it('leaves an event of a request without credentials', async () => {
    const wrong: string[] = []
    for (const { method, path, permission, names } of world.operations) {
      if (permission === 'public') continue
      const { status, requestId } = await world.call(
        method,
        fill(path, ids({ method, path, permission, names })),
      )
      if (status !== 401) wrong.push(`${method} ${path}: ${status}`)
      wrong.push(...(await untold(`${method} ${path}`, requestId, status)))
    }
    expect(wrong).toEqual([])
  }, 300_000)

  it('leaves an event of a request that it refuses for its form', async () => {
    const wrong: string[] = []
    for (const operation of world.operations) {
      const { method, path } = operation
      // SCIM ignores what it does not know.
      if (path.startsWith('/scim/')) continue
      const odd = { ...operation, path: `${path}?not_a_parameter=1` }
      const { status, requestId } = await world.ask(callerOf(operation), odd, ids(operation))
      if (status < 400 || status >= 500) wrong.push(`${method} ${path}: ${status}`)
      wrong.push(...(await untold(`${method} ${path}`, requestId, status)))
    }
    expect(wrong).toEqual([])
  }, 300_000)

  it('leaves an event of a read', async () => {
    const wrong: string[] = []
    const refused: string[] = []
    for (const operation of world.operations) {
      const { method, path } = operation
      if (method !== 'get') continue
      const range = path.endsWith('/audit/histogram')
        ? '?from=2026-01-01T00:00:00Z&to=2100-01-01T00:00:00Z'
        : ''
      const { status, requestId } = await world.ask(
        callerOf(operation),
        { ...operation, path: path + range },
        ids(operation),
      )
      if (status >= 400) refused.push(`${path}: ${status}`)
      wrong.push(...(await untold(path, requestId, status)))
    }
    expect(wrong).toEqual([])
    // Lists are answered; single things are another matter, and have tests of their own.
    expect(refused.filter((text) => !text.includes('{'))).toEqual([])
    expect(refused.filter((text) => !/: 40[0134]$/.test(text))).toEqual([])
  }, 300_000)
})

interface Change {
  readonly call: readonly [method: string, path: string]
  readonly body?: unknown
}
const content = { title: 'More', panels: [{ title: 'P', targets: [{ expr: 'up' }] }] }
const changes: readonly Change[] = [
  { call: ['post', '/dashboards'], body: { uid: 'more', content } },
  { call: ['put', '/dashboards/more'], body: { content: { ...content, title: 'Other' } } },
  { call: ['put', '/dashboards/more/folder'], body: { folderUid: 'ops' } },
  { call: ['put', '/dashboards/more/approval'], body: { dataSources: ['metrics'] } },
  { call: ['delete', '/dashboards/more/approval'] },
  { call: ['delete', '/dashboards/more'] },
  { call: ['put', '/public-sharing'], body: { allowed: false } },
  { call: ['post', '/folders'], body: { uid: 'more', title: 'More' } },
  { call: ['put', '/folders/more'], body: { title: 'Other', parentUid: null } },
  { call: ['delete', '/folders/more'] },
  { call: ['post', '/teams'], body: { uid: 'more', name: 'More' } },
  { call: ['put', '/teams/more'], body: { name: 'Other' } },
  { call: ['delete', '/teams/more'] },
  { call: ['post', '/roles'], body: { name: 'more', version: 1, permissions: ['datasources:read'] } },
  { call: ['delete', '/roles/more'] },
  { call: ['post', '/service-accounts'], body: { uid: 'more', name: 'More' } },
  { call: ['post', '/service-accounts/more/tokens'], body: { name: 'T' } },
  { call: ['put', '/service-accounts/more'], body: { name: 'Other', teamUid: null, isDisabled: false } },
  {
    call: ['post', '/grants'],
    body: {
      subject: { kind: 'service-account', uid: 'more' },
      role: 'viewer',
      where: { kind: 'org' },
    },
  },
  { call: ['delete', '/grants/g-robot'] },
  { call: ['delete', '/service-accounts/more'] },
  { call: ['post', '/guardrails'], body: { uid: 'more', selector: '{a="b"}', reason: 'Because' } },
  { call: ['put', '/guardrails/more'], body: { selector: '{a="c"}', reason: 'Because' } },
  { call: ['delete', '/guardrails/more'] },
  { call: ['post', '/users'], body: { issuer: 'https://idp.example.org', subject: 'new' } },
  { call: ['post', '/provisioning-tokens'], body: { name: 'More', issuer: 'idp', days: 7 } },
  { call: ['post', '/audit/views'], body: { name: 'More', filter: {} } },
]

async function etagOf(path: string): Promise<Record<string, string>> {
  const { headers } = await world.as('health/org-admin', 'get', path.replace(/\/(folder|approval)$/, ''))
  return { 'if-match': headers.get('etag') ?? '"1"' }
}

describe('a change', () => {
  it('is not made where its event cannot be written, and leaves one where it can', async () => {
    const wrong: string[] = []
    await world.sql(`create function refuse_audit() returns trigger language plpgsql as $$
      begin if new.writer = 'store' then raise exception 'no room' using errcode = '53100'; end if; return new; end $$`)
    for (const { call, body } of changes) {
      const [method, path] = call
      const name = `${method} ${path}`
      const headers = method === 'post' ? {} : await etagOf(path)
      const options = body === undefined ? { headers } : { headers, body }
      await world.sql(
        `create trigger refuse before insert on audit_events for each row execute function refuse_audit()`,
      )
      const before = await world.rowsOfHealth()
      const refused = await world.as('health/org-admin', method, path, options)
      if (refused.status < 500 || (await world.rowsOfHealth()) !== before)
        wrong.push(`${name} without its event: ${refused.status}`)
      await world.sql('drop trigger refuse on audit_events')
      wrong.push(...(await untold(name, refused.requestId, refused.status)))
      const done = await world.as('health/org-admin', method, path, options)
      if (done.status >= 300) wrong.push(`${name}: ${done.status} ${JSON.stringify(done.json)}`)
      wrong.push(...(await untold(name, done.requestId, done.status)))
      const [row] = await world.sql<{ writer: string }>(
        `select writer from audit_events where event ->> 'requestId' = $1`,
        [done.requestId],
      )
      if (row?.writer !== 'store') wrong.push(`${name}: by ${row?.writer}`)
    }
    expect(wrong).toEqual([])
  }, 300_000)
})
