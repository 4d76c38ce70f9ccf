import { createHash } from 'node:crypto'
import { parseAccessDocument } from '@gatehouse/authz'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { freshDatabase, type TestDatabase } from '../../../test/support/postgres.ts'
import { applyAccess } from './apply/apply-access.ts'
import { createIdentityStore, type IdentityStore } from './identity-store.ts'
import { withAudit } from './audit/scope.ts'
import { listMembers } from './members.ts'
import { createPool, type Pool } from './pool.ts'
import { signIn, type VouchedIdentity } from './recognise.ts'
import {
  closeSession,
  listSessions,
  openSession,
  pruneSessions,
  revokeSession,
  revokeSessionsOf,
} from './sessions.ts'
import { createToken, listTokens, revokeToken, shortenToken } from './tokens.ts'
import { withOrg } from './transaction.ts'

let database: TestDatabase
let pool: Pool
let identities: IdentityStore

const hashOf = (secret: string): string => createHash('sha256').update(secret).digest('hex')
const inAnHour = (): number => Date.now() + 3_600_000

beforeAll(async () => {
  database = await freshDatabase()
  pool = createPool({ url: database.appUrl })
  identities = createIdentityStore({ pool })
  const team = (uid: string, idpGroups: string[]) => ({ uid, name: uid, idpGroups })
  const document = {
    apiVersion: 'gatehouse/v1',
    kind: 'Access',
    orgs: [
      {
        uid: 'health',
        name: 'Health',
        teams: [
          team('triage', ['health-triage', 'shared']),
          team('imaging', ['health-imaging']),
          team('lead', []),
        ],
        serviceAccounts: [{ uid: 'ci', name: 'CI', team: 'triage' }],
      },
      {
        uid: 'revenue',
        name: 'Revenue',
        issuers: ['https://revenue.example'],
        teams: [team('fraud', ['shared'])],
      },
    ],
  }
  await applyAccess(pool, parseAccessDocument(document))
})
afterAll(async () => {
  await identities.close()
  await pool.end()
  await database.drop()
})

function person(subject: string, groups: string[], issuer = 'https://idp.example'): VouchedIdentity {
  return { issuer, subject, name: `Name of ${subject}`, email: undefined, groups }
}

describe('people', () => {
  it('leave an event of what their groups change, in the transaction of the change', async () => {
    const eventsOf = (uid: string) =>
      withAudit(pool, { org: 'health' }, (tx) =>
        tx.rows<{ code: string; detail: unknown }>(
          `select event->>'code' as code, event->'detail' as detail from audit_events
           where event->'resource'->>'uid' = $1 order by seq`,
          [uid],
        ),
      )
    const user = await signIn(pool, person('z', ['health-triage']))
    const uid = user?.uid ?? ''
    const joined = {
      code: 'A010I',
      detail: { change: 'joined', teamsGained: ['triage'], teamsLost: [], teamsByOtherGroups: [] },
    }
    expect(await eventsOf(uid)).toEqual([joined])
    await signIn(pool, person('z', ['health-triage']))
    expect(await eventsOf(uid)).toEqual([joined])
    await signIn(pool, person('z', ['health-imaging']))
    await signIn(pool, person('z', []))
    expect((await eventsOf(uid)).slice(1)).toEqual([
      {
        code: 'A011I',
        detail: {
          change: 'changed',
          teamsGained: ['imaging'],
          teamsLost: ['triage'],
          teamsByOtherGroups: [],
        },
      },
      { code: 'A011I', detail: { change: 'left', teamsGained: [], teamsLost: [], teamsByOtherGroups: [] } },
    ])
    const admin = createPool({ url: database.adminUrl })
    await admin.query(`alter table audit_events add constraint no_room check (org_uid <> 'health') not valid`)
    await expect(signIn(pool, person('z', ['health-triage']))).rejects.toBeDefined()
    await admin.query('alter table audit_events drop constraint no_room')
    await admin.end()
    const members = await withOrg(pool, 'health', listMembers)
    expect(members.some((member) => member.uid === uid)).toBe(false)
  })

  it('keep with a team which of their groups gave it', async () => {
    const placesOf = async (uid: string | undefined) => {
      const members = await withOrg(pool, 'health', listMembers)
      return members.find((member) => member.uid === uid)?.teams
    }
    const first = await signIn(pool, person('g', ['shared', 'unknown']))
    expect(await placesOf(first?.uid)).toEqual([{ uid: 'triage', source: 'sso', groups: ['shared'] }])
    await signIn(pool, person('g', ['shared', 'health-triage']))
    const both = [{ uid: 'triage', source: 'sso', groups: ['health-triage', 'shared'] }]
    expect(await placesOf(first?.uid)).toEqual(both)
    // A token's groups are its own.
    await identities.recogniseUser(person('g', ['health-triage']))
    expect(await placesOf(first?.uid)).toEqual(both)
  })

  it('follow a change of the groups that teams take, as far as their groups are known', async () => {
    const user = await signIn(pool, person('h', ['health-imaging', 'shared']))
    const map = (teams: Readonly<Record<string, readonly string[]>>) =>
      withOrg(pool, 'health', async (tx) => {
        await tx.rows(`select set_config('app.managed_by', 'files', true)`)
        await tx.rows(
          `update teams t set idp_groups = array(select jsonb_array_elements_text(value))
           from jsonb_each($1) where t.org_uid = app_org() and t.uid = key`,
          [JSON.stringify(teams)],
        )
        const member = (await listMembers(tx)).find(({ uid }) => uid === user?.uid)
        return member?.teams.map(({ uid, groups }) => [uid, groups])
      })
    const before = { triage: ['health-triage', 'shared'], imaging: ['health-imaging'], lead: [] }
    const both = [
      ['imaging', ['health-imaging']],
      ['triage', ['shared']],
    ]
    expect(await map({ triage: ['shared', 'other'] })).toEqual(both)
    expect(await map({ triage: ['other'] })).toEqual([['imaging', ['health-imaging']]])
    // Known by the other team.
    expect(await map({ lead: ['health-imaging', 'other'] })).toEqual([
      ['imaging', ['health-imaging']],
      ['lead', ['health-imaging']],
    ])
    // From one team to the other at the same moment.
    expect(await map({ imaging: [], lead: ['other'], triage: ['health-imaging'] })).toEqual([
      ['triage', ['health-imaging']],
    ])
    await map(before)
    expect((await signIn(pool, person('h', ['health-imaging', 'shared'])))?.memberships).toEqual([
      { orgUid: 'health', teams: ['imaging', 'triage'] },
    ])
  })

  it('are out of teams and signed out once the org no longer takes people of their issuer', async () => {
    const user = await signIn(pool, person('i', ['health-imaging']))
    await openSession(pool, sessionOf('elsewhere', user?.uid ?? '', 'i'))
    const take = (issuers: readonly string[] | null) =>
      withOrg(pool, 'health', async (tx) => {
        await tx.rows(`select set_config('app.managed_by', 'files', true)`)
        await tx.rows('update orgs set issuers = $1 where uid = app_org()', [issuers])
        return (await listMembers(tx)).find(({ uid }) => uid === user?.uid)?.teams.length
      })
    expect(await take(['https://revenue.example', 'https://idp.example'])).toBe(1)
    expect(await identities.findSession(hashOf('elsewhere'))).toBeDefined()
    expect(await take(['https://revenue.example'])).toBe(0)
    expect(await identities.findSession(hashOf('elsewhere'))).toBeUndefined()
    await take(null)
  })

  it('get the teams their groups map to, in the orgs that accept their issuer', async () => {
    const shared = await signIn(pool, person('a', ['shared', 'unknown']))
    expect(shared?.memberships).toEqual([{ orgUid: 'health', teams: ['triage'] }])
    const elsewhere = await signIn(pool, person('a', ['shared'], 'https://revenue.example'))
    expect(elsewhere?.memberships).toEqual([
      { orgUid: 'health', teams: ['triage'] },
      { orgUid: 'revenue', teams: ['fraud'] },
    ])
    // The same subject of another issuer is another person.
    expect(elsewhere?.uid).not.toBe(shared?.uid)
  })

  it('lose what their groups no longer give, and keep what was given by hand', async () => {
    const first = await signIn(pool, person('b', ['health-triage', 'health-imaging']))
    await withOrg(pool, 'health', async (tx) => {
      await tx.rows(`select set_config('app.managed_by', 'files', true)`)
      await tx.rows(
        `insert into team_members (org_uid, team_uid, user_uid, source) values ('health', 'lead', $1, 'manual')`,
        [first?.uid],
      )
    })
    const second = await signIn(pool, person('b', ['health-imaging']))
    expect(second?.memberships).toEqual([{ orgUid: 'health', teams: ['imaging', 'lead'] }])
    const third = await signIn(pool, person('b', []))
    expect(third?.memberships).toEqual([{ orgUid: 'health', teams: ['lead'] }])
  })

  it('leave an org that only groups gave, with their sessions there', async () => {
    const user = await signIn(pool, person('c', ['health-triage']))
    await openSession(pool, sessionOf('left', user?.uid ?? '', 'c'))
    expect(await identities.findSession(hashOf('left'))).toBeDefined()
    expect((await signIn(pool, person('c', [])))?.memberships).toEqual([])
    expect(await identities.findSession(hashOf('left'))).toBeUndefined()
  })

  it('are recognised by a bearer token with its own groups, which changes nothing stored', async () => {
    await signIn(pool, person('d', ['health-imaging']))
    const older = await identities.recogniseUser(person('d', ['health-triage']))
    expect(older?.memberships).toEqual([{ orgUid: 'health', teams: ['triage'] }])
    const stored = await withOrg(pool, 'health', (tx) =>
      tx.rows('select team_uid from team_members where user_uid = $1', [older?.uid]),
    )
    expect(stored).toEqual([{ team_uid: 'imaging' }])
  })

  it('are made on first sight of a bearer token, once, also by fifty at the same moment', async () => {
    const all = await Promise.all(
      Array.from({ length: 50 }, () => identities.recogniseUser(person('e', ['health-triage']))),
    )
    expect(new Set(all.map((user) => user?.uid)).size).toBe(1)
    expect(all.every((user) => user?.memberships.length === 1)).toBe(true)
  })

  it('are nobody when disabled', async () => {
    const user = await signIn(pool, person('f', ['health-triage']))
    await openSession(pool, sessionOf('disabled', user?.uid ?? '', 'f'))
    const admin = createPool({ url: database.adminUrl })
    await admin.query('update users set disabled = true where uid = $1', [user?.uid])
    await admin.end()
    expect(await signIn(pool, person('f', ['health-triage']))).toBeUndefined()
    expect(await identities.recogniseUser(person('f', ['health-triage']))).toBeUndefined()
    expect(await identities.findSession(hashOf('disabled'))).toBeUndefined()
  })
})

function sessionOf(secret: string, userUid: string, subject: string) {
  return {
    hash: hashOf(secret),
    orgUid: 'health',
    userUid,
    issuer: 'https://idp.example',
    subject,
    idpSession: `sid-${secret}`,
    address: '127.0.0.1',
    userAgent: 'test'.repeat(500),
    idleMs: 600_000,
    lifetimeMs: 3_600_000,
  }
}

describe('sessions', () => {
  let userUid = ''
  beforeAll(async () => {
    userUid = (await signIn(pool, person('s', ['health-triage'])))?.uid ?? ''
  })

  it('are found by their hash with the user as they are now', async () => {
    const id = await openSession(pool, sessionOf('one', userUid, 's'))
    const found = await identities.findSession(hashOf('one'))
    expect(found).toMatchObject({ id, orgUid: 'health', issuer: 'https://idp.example', subject: 's' })
    expect(found?.user).toEqual({
      uid: userUid,
      name: 'Name of s',
      memberships: [{ orgUid: 'health', teams: ['triage'] }],
      invitations: [],
    })
    expect(found?.expiresAt).toBeGreaterThan(Date.now() + 590_000)
    expect(found?.expiresAt).toBeLessThan(Date.now() + 610_000)
    const listed = await withOrg(pool, 'health', (tx) => listSessions(tx, userUid))
    expect(listed).toMatchObject([{ uid: id, address: '127.0.0.1' }])
    expect(listed[0]?.userAgent).toHaveLength(512)
  })

  it('end by idleness, by their lifetime, by sign-out and by revocation', async () => {
    const ends: [string, (id: string) => Promise<unknown>][] = [
      ['idle', (id) => age(id, `last_seen_at = now() - interval '11 minutes'`)],
      ['old', (id) => age(id, `expires_at = now()`)],
      ['signed-out', () => closeSession(pool, hashOf('signed-out'))],
      ['revoked', (id) => withOrg(pool, 'health', (tx) => revokeSession(tx, id))],
      ['by-sid', () => revokeSessionsOf(pool, { issuer: 'https://idp.example', idpSession: 'sid-by-sid' })],
      ['by-subject', () => revokeSessionsOf(pool, { issuer: 'https://idp.example', subject: 's' })],
    ]
    const age = (id: string, set: string) =>
      withOrg(pool, 'health', (tx) => tx.rows(`update sessions set ${set} where uid = $1`, [id]))
    for (const [secret, end] of ends) {
      const id = await openSession(pool, sessionOf(secret, userUid, 's'))
      expect(await identities.findSession(hashOf(secret)), secret).toBeDefined()
      await end(id)
      expect(await identities.findSession(hashOf(secret)), secret).toBeUndefined()
    }
    expect(await closeSession(pool, hashOf('signed-out'))).toBe(false)
  })

  it('are not ended by another issuer, or by nothing', async () => {
    await openSession(pool, sessionOf('stays', userUid, 's'))
    expect(await revokeSessionsOf(pool, { issuer: 'https://other.example', subject: 's' })).toEqual([])
    expect(await revokeSessionsOf(pool, { issuer: 'https://idp.example' })).toEqual([])
    expect(await withOrg(pool, 'revenue', (tx) => revokeSession(tx, 'any'))).toBe(false)
    expect(await identities.findSession(hashOf('stays'))).toBeDefined()
    expect(await pruneSessions(pool, Date.now() - 1_000_000)).toBe(0)
  })

  it('are opened for members only', async () => {
    await expect(openSession(pool, sessionOf('stranger', 'u-nobody', 's'))).rejects.toMatchObject({
      code: 'conflict',
    })
  })
})

describe('service-account tokens', () => {
  const newToken = (secret: string) => ({
    serviceAccountUid: 'ci',
    name: `Token ${secret}`,
    prefix: 'gatehouse_sa_abc',
    hash: hashOf(secret),
    expiresAt: inAnHour(),
  })

  it('are found by their hash until revoked or expired, with the account’s team', async () => {
    const token = await withOrg(pool, 'health', (tx) =>
      createToken(tx, { ...newToken('x'), sourceCidrs: ['10.0.0.0/8'] }),
    )
    expect(await identities.findServiceAccountToken(hashOf('x'))).toEqual({
      id: token.uid,
      hash: hashOf('x'),
      serviceAccountUid: 'ci',
      name: 'CI',
      orgUid: 'health',
      teams: ['triage'],
      sourceCidrs: ['10.0.0.0/8'],
      expiresAt: token.expiresAt,
    })
    expect(await withOrg(pool, 'revenue', (tx) => revokeToken(tx, token.uid))).toBe(false)
    expect(await withOrg(pool, 'health', (tx) => revokeToken(tx, token.uid))).toBe(true)
    expect(await identities.findServiceAccountToken(hashOf('x'))).toBeUndefined()
    await expect(withOrg(pool, 'health', (tx) => createToken(tx, newToken('x')))).rejects.toMatchObject({
      code: 'conflict',
    })
    await withOrg(pool, 'health', (tx) => createToken(tx, { ...newToken('late'), expiresAt: Date.now() - 1 }))
    expect(await identities.findServiceAccountToken(hashOf('late'))).toBeUndefined()
  })

  it('end with their account', async () => {
    await withOrg(pool, 'health', (tx) => createToken(tx, newToken('y')))
    await withOrg(pool, 'health', (tx) => tx.rows(`update service_accounts set disabled = true`))
    expect(await identities.findServiceAccountToken(hashOf('y'))).toBeUndefined()
    await withOrg(pool, 'health', (tx) => tx.rows(`update service_accounts set disabled = false`))
    expect(await identities.findServiceAccountToken(hashOf('y'))).toBeDefined()
  })

  it('stored again keep their uid', async () => {
    const first = await withOrg(pool, 'health', (tx) => createToken(tx, newToken('z')))
    const again = await withOrg(pool, 'health', (tx) => createToken(tx, newToken('z')))
    expect(again.uid).toBe(first.uid)
  })

  it('show when they were last used, and never the secret', async () => {
    await withOrg(pool, 'health', (tx) => createToken(tx, newToken('used')))
    const own = createIdentityStore({ pool })
    own.touch('token', hashOf('used'))
    await own.close()
    const listed = (await withOrg(pool, 'health', (tx) => listTokens(tx, 'ci'))).find(
      ({ name }) => name === 'Token used',
    )
    expect(listed?.lastUsedAt).toBeGreaterThan(Date.now() - 10_000)
    expect(JSON.stringify(listed)).not.toContain(hashOf('used'))
  })

  it('end earlier for a rotation, never later', async () => {
    const end = Date.now() + 60_000
    const token = await withOrg(pool, 'health', (tx) => createToken(tx, newToken('rotated')))
    expect(await withOrg(pool, 'health', (tx) => shortenToken(tx, token.uid, end))).toBe(true)
    expect((await identities.findServiceAccountToken(hashOf('rotated')))?.expiresAt).toBe(end)
    await withOrg(pool, 'health', (tx) => shortenToken(tx, token.uid, end + 1_000_000))
    expect((await identities.findServiceAccountToken(hashOf('rotated')))?.expiresAt).toBe(end)
    expect(await withOrg(pool, 'revenue', (tx) => shortenToken(tx, token.uid, 0))).toBe(false)
    await withOrg(pool, 'health', (tx) => shortenToken(tx, token.uid, 1_000_000))
    expect(await withOrg(pool, 'health', (tx) => shortenToken(tx, token.uid, end))).toBe(false)
  })

  it('name a service account of the org', async () => {
    await expect(withOrg(pool, 'revenue', (tx) => createToken(tx, newToken('other')))).rejects.toMatchObject({
      code: 'conflict',
    })
  })
})
