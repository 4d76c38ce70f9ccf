import { signIn } from '@gatehouse/store'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type ControlWorld, startControlWorld } from '../support/control-world.ts'

/** What decides, and in which order, when several issuers, hands and provisioning speak of one person: docs/sso.md. */

const [own, shared] = ['https://own.example.org', 'https://shared.example.org'] as const
const org = (uid: string): string => `
  - uid: ${uid}
    name: ${uid}
    tenants: [${uid}]
    teams: [{ uid: crew, name: Crew, idpGroups: [crew] }, { uid: hand, name: Hand }, { uid: pushed, name: Pushed }]
    grants: [{ team: crew, role: viewer }]`

let world: ControlWorld
beforeAll(async () => {
  world = await startControlWorld({
    access: `apiVersion: gatehouse/v1\nkind: Access\norgs:${org('health')}${org('transport')}\n`,
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
