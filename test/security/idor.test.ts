import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type IdorWorld, type Ids, type Operation, startIdorWorld } from '../support/idor-world.ts'

/**
 * Every route that takes an id × ids of one's own org, of another, of nothing and of no form × every role. The table of routes is the
 * API's own document, so a new route is in the matrix or fails the test. `docs/access-proofs.md` has the sizes.
 */

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

let world: IdorWorld
let before: string
/** Actions of each role. */
const held = new Map<string, ReadonlySet<string>>()

beforeAll(async () => {
  world = await startIdorWorld()
  const roles = await world.as('health/org-admin', 'get', '/roles?limit=1000')
  for (const { name, permissions } of roles.json.items)
    held.set(name, new Set(permissions.map(({ action }: { action: string }) => action)))
  before = await world.rowsOfHealth()
})
afterAll(() => world.close())

const withIds = (): readonly Operation[] => world.operations.filter(({ names }) => names.length > 0)
/** Ids of nothing, of the right form. */
function ofNothing({ path }: Operation, ids: Ids): Ids {
  const none = path.includes('/audit/events') ? '00000000-0000-7000-8000-000000000000' : nowhere[0]
  return Object.fromEntries(Object.keys(ids).map((name) => [name, name === 'version' ? '7' : none]))
}
const all = (ids: Ids, value: string): Ids =>
  Object.fromEntries(Object.keys(ids).map((name) => [name, value]))
/** Nothing seals or exports the log here; that has tests of its own. */
const unmade = new Set(['/api/v1/audit/events/{id}/proof', '/api/v1/audit/exports/{uid}/manifest'])
/** Roles of service accounts have permissions by their name; other callers are told apart below. */
const isRole = (caller: string): boolean => held.has(caller)
const isDecidedByRole = ({ permission }: Operation): boolean => permission.includes(':')

async function askForeign(): Promise<{ size: number; wrong: readonly string[] }> {
  let size = 0
  const wrong: string[] = []
  for (const operation of withIds()) {
    const ids = world.idsOf(operation)
    for (const caller of world.callers) {
      const who = `transport/${caller}`
      const foreign = await world.ask(who, operation, ids)
      const missing = await world.ask(who, operation, ofNothing(operation, ids))
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
  return { size, wrong }
}

/** An event tells which ids its own org's caller asked for, whosever they are. */
function ownWords(detail: unknown): unknown {
  return typeof detail === 'object' && detail !== null ? { ...detail, path: undefined } : detail
}

async function readLists(): Promise<{ size: number; wrong: readonly string[] }> {
  const secrets = ['health', 'robot', 'g-robot', 'crew', 'metrics', 'rail', 'board', 'ops', 'reader', 'eve']
  let size = 0
  const wrong: string[] = []
  for (const operation of world.operations) {
    const { method, path, names } = operation
    if (method !== 'get' || names.length > 0 || /\/(issuers|sessions\/current|v2\/(S|R)\w+)$/.test(path))
      continue
    for (const caller of world.callers) {
      const { status, json } = await world.ask(`transport/${caller}`, operation, {})
      size += 1
      const text =
        JSON.stringify(json, (name, value: unknown) => (name === 'detail' ? ownWords(value) : value)) ?? ''
      const values = text.replaceAll(/"\w+":/g, '')
      const words = new Set(values.match(/[\w-]+/g))
      const shown = secrets.filter((secret) => words.has(secret))
      if (![200, 401, 403].includes(status) || shown.length > 0)
        wrong.push(`${caller} ${path}: ${status} ${shown.join(' ')}`)
    }
  }
  return { size, wrong }
}

describe('ids of another org', () => {
  it('are real: their own org reads every one of them', async () => {
    const wrong: string[] = []
    for (const operation of withIds().filter(({ method }) => method === 'get')) {
      const who = operation.path.startsWith('/scim/') ? 'health/provisioner' : 'health/org-admin'
      const reader = operation.permission === 'datasources:write' ? 'health/operator' : who
      const { status } = await world.ask(reader, operation, world.idsOf(operation))
      const isRight = status === 200 || unmade.has(operation.path)
      if (!isRight) wrong.push(`${reader} ${operation.path}: ${status}`)
    }
    expect(wrong).toEqual([])
    for (const table of [
      'access_requests',
      'break_glass',
      'rehearsals',
      'scim_users',
      'scim_groups',
      'sessions',
    ])
      expect([table, `\n${before}`.includes(`\n${table} `)]).toEqual([table, true])
  })

  it('are as little there as ids of nothing, to every caller, on every route', async () => {
    const { size, wrong } = await askForeign()
    expect(wrong).toEqual([])
    expect(await world.rowsOfHealth()).toBe(before)
    console.log(
      `IDOR matrix: ${withIds().length} routes × ${world.callers.length} callers, ${size} calls with ids of another org or of nothing`,
    )
  })

  it('of no form are refused, to every caller, on every route', async () => {
    let size = 0
    const wrong: string[] = []
    for (const operation of withIds()) {
      const ids = world.idsOf(operation)
      for (const caller of world.callers) {
        for (const value of [...malformed, nowhere[1]]) {
          const { status } = await world.ask(`transport/${caller}`, operation, all(ids, value))
          size += 1
          if (![400, 401, 403, 404].includes(status))
            wrong.push(`${operation.method} ${operation.path} ${value}: ${status}`)
        }
      }
    }
    expect(wrong).toEqual([])
    expect(await world.rowsOfHealth()).toBe(before)
    console.log(`IDOR matrix: ${size} calls with ids of no form`)
  })

  it('are in no list of another org', async () => {
    const { size, wrong } = await readLists()
    expect(wrong).toEqual([])
    console.log(`IDOR matrix: ${size} lists`)
  })
})

describe('ids of one’s own org', () => {
  it('open to the roles that hold the permission and to no other', async () => {
    let size = 0
    const wrong: string[] = []
    for (const operation of withIds().filter(({ method }) => method === 'get')) {
      if (!isDecidedByRole(operation)) continue
      const { permission, path } = operation
      for (const role of world.callers.filter(isRole)) {
        const { status } = await world.ask(`health/${role}`, operation, world.idsOf(operation))
        size += 1
        const isHeld = held.get(role)?.has(permission) === true
        const isRight = isHeld ? status === 200 || (status === 404 && unmade.has(path)) : status === 403
        if (!isRight) wrong.push(`${role} ${path}: ${status}, holds ${permission}: ${isHeld}`)
      }
    }
    expect(wrong).toEqual([])
    console.log(`IDOR matrix: ${size} reads of one's own org`)
  })

  it('are changed by no caller without the permission', async () => {
    let size = 0
    const wrong: string[] = []
    for (const operation of withIds().filter(({ method }) => method !== 'get')) {
      const { method, permission, path } = operation
      // Whoever may not decide a request does not learn that it is there.
      const refusals = isDecidedByRole(operation) ? [403] : [401, 403, 404]
      for (const role of world.callers.filter(isRole)) {
        if (held.get(role)?.has(permission) === true) continue
        // Who holds grants:create and grants:delete decides on what people ask for; that is not a matter of the route.
        if (role === 'org-admin' && /access\/(requests|break-glass)/.test(path)) continue
        const { status } = await world.ask(`health/${role}`, operation, world.idsOf(operation))
        size += 1
        if (!refusals.includes(status)) wrong.push(`${role} ${method} ${path}: ${status}`)
      }
    }
    expect(wrong).toEqual([])
    expect(await world.rowsOfHealth()).toBe(before)
    console.log(`IDOR matrix: ${size} changes of one's own org without the permission`)
  })
})

describe('without row-level security, the second lock', () => {
  it('ids and lists of another org are as little there: the first lock holds alone', async () => {
    const tables = await world.sql<{ name: string }>(
      `select relname as name from pg_class where relrowsecurity and relname !~ '^audit' and relkind in ('r', 'p') and relnamespace = 'public'::regnamespace`,
    )
    for (const { name } of tables) await world.sql(`alter table ${name} disable row level security`)
    expect(tables.length).toBeGreaterThan(20)
    expect((await askForeign()).wrong).toEqual([])
    expect((await readLists()).wrong).toEqual([])
    expect(await world.rowsOfHealth()).toBe(before)
  })
})
