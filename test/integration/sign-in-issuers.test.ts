import { signIn } from '@gatehouse/store'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type ControlWorld, startControlWorld } from '../support/control-world.ts'

/** What decides, and in which order, when several issuers, hands and provisioning speak of one person: docs/sso.md. */

const [own, shared] = ['https://own.example.org', 'https://shared.example.org'] as const
const org = (uid: string): string => `
  - uid: ${uid}
    name: ${uid}
    tenants: [${uid}]
    serviceAccounts: [{ uid: robot, name: Robot }]
    teams: [{ uid: crew, name: Crew, idpGroups: [crew] }, { uid: hand, name: Hand }, { uid: pushed, name: Pushed }]
    grants: [{ team: crew, role: viewer }, { serviceAccount: robot, role: org-admin }]`

let world: ControlWorld
beforeAll(async () => {
  world = await startControlWorld({
    access: `apiVersion: gatehouse/v1\nkind: Access\norgs:${org('health')}${org('transport')}\n`,
    // Nothing listens there, from the start.
    issuers: [{ name: 'down', issuer: 'http://127.0.0.1:9', clientId: 'gatehouse' }],
  })
  await world.sql(`update orgs set issuers = array['${own}'] where uid = 'transport'`)
})
afterAll(() => world.close())

const enter = (issuer: string, subject: string, groups: readonly string[], email?: string) =>
  signIn(world.pool, { issuer, subject, name: subject, email, groups })
const placesOf = (user: Awaited<ReturnType<typeof enter>>) =>
  user?.memberships.map(({ orgUid, teams }) => `${orgUid}: ${teams.join(' ')}`)

describe('who somebody is and where, over several issuers', () => {
  it('is issuer and subject: neither the same subject nor the same email makes one person of two', async () => {
    const users = [
      await enter(own, 'ada', ['crew'], 'ada@example.org'),
      await enter(shared, 'ada', ['crew'], 'ada@example.org'),
      await enter(own, 'Ada', ['crew'], 'ada@example.org'),
    ]
    expect(new Set(users.map((user) => user?.uid)).size).toBe(3)
    expect((await enter(own, 'ada', ['crew'], 'new@example.org'))?.uid).toBe(users[0]?.uid)
  })

  it('is not an org that does not take the issuer, though its groups have the same names', async () => {
    expect(placesOf(await enter(own, 'bo', ['crew']))).toEqual(['health: crew', 'transport: crew'])
    expect(placesOf(await enter(shared, 'bo', ['crew']))).toEqual(['health: crew'])
  })

  it('is no role by a group’s name', async () => {
    expect(placesOf(await enter(own, 'cy', ['org-admin', 'hand', 'viewer']))).toEqual([])
  })

  it('stays what hands and provisioning made it, and adds up with the groups, which alone follow the sign-in', async () => {
    const user = await enter(own, 'dee', ['crew'])
    const put = (team: string, source: string) =>
      world.sql(
        `insert into team_members (org_uid, team_uid, user_uid, source) values ('health', $1, $2, $3)`,
        [team, user?.uid, source],
      )
    await world.sql(`update memberships set source = 'manual' where org_uid = 'health' and user_uid = $1`, [
      user?.uid,
    ])
    await put('hand', 'manual')
    await put('pushed', 'scim')
    expect(placesOf(await enter(own, 'dee', ['crew']))).toEqual([
      'health: crew hand pushed',
      'transport: crew',
    ])
    expect(placesOf(await enter(own, 'dee', []))).toEqual(['health: hand pushed'])
  })

  it('is nobody where the user is disabled, whatever the groups say', async () => {
    const user = await enter(own, 'eve', ['crew'])
    await world.sql('update users set disabled = true where uid = $1', [user?.uid])
    expect(await enter(own, 'eve', ['crew'])).toBeUndefined()
  })
})

describe('an identity provider that is down from the start', () => {
  it('keeps no machine from working on either plane, and is named on the sign-in page', async () => {
    const token = await world.token('health', 'robot')
    const headers = { authorization: `Bearer ${token}` }
    expect((await world.call('get', '/api/v1/teams', { token })).status).toBe(200)
    const asked = await fetch(`${world.gateway.url}/prom/all/api/v1/status/buildinfo`, { headers })
    // Recognised and let in; the org has no data source.
    expect(asked.status).toBe(404)
    const issuers = await (await fetch(`${world.control.url}/api/v1/issuers`)).json()
    expect(issuers).toMatchObject({ issuers: [{ name: 'down', isAvailable: false }] })
    for (const { url } of [world.gateway, world.control])
      expect((await fetch(`${url}/-/ready`)).status).toBe(200)
  })
})
