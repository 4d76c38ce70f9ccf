import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type AccessApiWorld, startAccessApiWorld } from '../support/access-api-world.ts'

let world: AccessApiWorld
let ann: string
beforeAll(async () => {
  world = await startAccessApiWorld()
  ann = (await world.person('health', 'health-ann', ['health-crew'])).uid
})
afterAll(() => world.close())

const admin = 'health/org-admin'
const preview = (body: object, who = admin) => world.as(who, 'post', '/access/preview', { body })
const toCrew = { subject: { kind: 'team', uid: 'crew' }, role: 'viewer', where: { kind: 'org' } }

describe('a change of access, before anybody makes it', () => {
  it('names whom it gives what, says what the asker could not grant, and changes nothing', async () => {
    const grants = [{ ...toCrew, constraints: ['{env="prod"}'] }]
    const { status, json } = await preview({ grants })
    expect(status).toBe(200)
    expect(json.items.map(({ kind, uid }: { kind: string; uid: string }) => `${kind} ${uid}`)).toEqual([
      'team crew',
      `user ${ann}`,
    ])
    expect(json.items[1].series).toMatchObject([
      {
        dataSource: 'metrics',
        change: 'gained',
        before: { selectors: [] },
        after: { selectors: [expect.stringContaining('env="prod"')] },
      },
    ])
    expect(json.items[1].gained).toContain('datasources:query')
    expect(json.counts).toEqual({ accounts: 1, gained: 1, lost: 0, widened: 0, narrowed: 0, changed: 0 })
    expect(json.notHeld).toEqual([])
    expect((await preview({ grants: [{ ...toCrew, role: 'operator' }] })).json.notHeld).toContain(
      'orgs:write',
    )
    expect((await world.as(admin, 'get', '/grants?subject=crew')).json.items).toEqual([])
  })

  it('agrees with what making it does', async () => {
    const foretold = await preview({ grants: [toCrew] })
    const before = await world.as(admin, 'get', `/users/${ann}/access`)
    const made = await world.as(admin, 'post', '/grants', { body: toCrew })
    const path = `/users/${ann}/access`
    await expect
      .poll(async () => (await world.as(admin, 'get', path)).json.permissions.length, { timeout: 5_000 })
      .toBeGreaterThan(before.json.permissions.length)
    const after = await world.as(admin, 'get', path)
    const line = foretold.json.items.find(({ uid }: { uid: string }) => uid === ann)
    expect(new Set(after.json.permissions)).toEqual(new Set([...before.json.permissions, ...line.gained]))
    expect(after.json.dataSources[0].selectors).toEqual(line.series[0].after.selectors)
    expect(after.json.grants).toEqual([made.json])
    const back = await preview({ revokeGrants: [made.json.uid] })
    expect(back.json.counts).toMatchObject({ accounts: 1, lost: 1, gained: 0 })
    expect((await world.as(admin, 'delete', `/grants/${made.json.uid}`)).status).toBe(200)
  })

  it('covers people in teams, custom roles and guardrails', async () => {
    const inSpare = { addMembers: [{ team: 'spare', user: ann }] }
    const granted = { grants: [{ ...toCrew, subject: { kind: 'team', uid: 'spare' }, role: 'temp' }] }
    const role = { name: 'temp', version: 1, permissions: ['datasources:query'] }
    const { json } = await preview({ ...inSpare, ...granted, roles: [role] })
    expect(json.items.find(({ uid }: { uid: string }) => uid === ann).gained).toEqual(['datasources:query'])
    const rail = await preview({ guardrails: [{ selector: '{env="prod"}' }] })
    expect(rail.json.counts.narrowed).toBeGreaterThan(5)
  })

  it('is for those who may ask about others, and knows nothing of other orgs', async () => {
    expect((await preview({}, 'health/viewer')).status).toBe(403)
    for (const [body, status] of [
      [{ revokeGrants: ['nowhere'] }, 404],
      [{ grants: [{ ...toCrew, subject: { kind: 'user', uid: 'nobody' } }] }, 404],
      [{ grants: [{ ...toCrew, where: { kind: 'folder', uid: 'nowhere' } }] }, 404],
      [{ grants: [{ ...toCrew, role: 'nothing' }] }, 400],
      [{ roles: [{ name: 'viewer', version: 2, permissions: ['datasources:query'] }] }, 409],
      [{ addMembers: [{ team: 'spare', user: 'nobody' }] }, 404],
    ] as const)
      expect([body, (await preview(body)).status]).toEqual([body, status])
    const foreign = await world.person('transport', 'transport-tim', ['transport-crew'])
    expect((await world.as(admin, 'get', `/users/${foreign.uid}/access`)).status).toBe(404)
    expect((await world.as('health/viewer', 'get', `/users/${ann}/access`)).status).toBe(403)
    expect((await world.as(admin, 'get', '/service-accounts/robot/access')).json.grants).toMatchObject([
      { uid: 'g-robot' },
    ])
  })
})

describe('why, of somebody who need not be there', () => {
  it('is for those who may ask about others', async () => {
    const body = {
      principal: { kind: 'somebody', groups: ['health-crew'] },
      action: 'datasources:query',
      resource: { kind: 'data-source', uid: 'metrics' },
    }
    expect((await world.as(admin, 'post', '/access/explain', { body })).json).toMatchObject({
      allowed: false,
    })
    expect((await world.as('health/viewer', 'post', '/access/explain', { body })).status).toBe(403)
  })
})

describe('lists', () => {
  it('find by uid or name, and grants by their place', async () => {
    const uids = async (path: string) =>
      (await world.as(admin, 'get', path)).json.items.map(({ uid }: { uid: string }) => uid)
    expect(await uids('/teams?search=SPA')).toEqual(['spare'])
    expect(await uids('/users?search=health-ann')).toEqual([ann])
    expect(await uids('/service-accounts?search=rob')).toEqual(['robot'])
    const there = { ...toCrew, where: { kind: 'folder', uid: 'ops' } }
    const made = await world.as(admin, 'post', '/grants', { body: there })
    expect(await uids('/grants?place=folder:ops')).toEqual([made.json.uid])
    expect((await uids('/grants?place=org')).length).toBeGreaterThan(5)
  })

  it('show tokens that end soon, of accounts one may see', async () => {
    const path = '/service-accounts/robot/tokens'
    const [soon, late] = [
      await world.as(admin, 'post', path, { body: { name: 'soon', days: 3 } }),
      await world.as(admin, 'post', path, { body: { name: 'late', days: 60 } }),
    ]
    const shown = async (who: string, query = '') =>
      (await world.as(who, 'get', `/tokens${query}`)).json.items.map(({ uid }: { uid: string }) => uid)
    expect(await shown(admin, '?expiresWithin=7')).toContain(soon.json.uid)
    expect(await shown(admin, '?expiresWithin=7')).not.toContain(late.json.uid)
    expect(await shown(admin)).toContain(late.json.uid)
    expect(await shown('health/viewer')).toEqual([])
  })
})
