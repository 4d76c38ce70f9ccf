import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type IdorWorld, type Ids, type Operation, startIdorWorld } from '../support/idor-world.ts'

/**
 * Every route of the control plane leaves an event, whatever becomes of the request. That no change is made without its event is shown in
 * openapi-operations.test.ts, where every change is made.
 */

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
    event.outcome.httpStatus === status &&
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
