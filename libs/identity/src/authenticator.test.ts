import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Authenticator, createAuthenticator } from './authenticator.ts'
import type { IdentityStore, Membership, UserRecord, VouchedIdentity } from './model.ts'
import { hashSecret } from './secret.ts'
import { newServiceAccountToken } from './service-account-token.ts'
import { startTestIssuer, type TestIssuer } from './testing.ts'

const cookie = 'gatehouse_session'
const health: Membership = { orgUid: 'health', teams: ['triage'] }
const transport: Membership = { orgUid: 'transport', teams: ['rail', 'bus'] }
const saToken = newServiceAccountToken()
let idp: TestIssuer
let now = Date.now()
const asked: string[] = []
let revoked = false
let sourceCidrs: string[] = []
const touched: string[] = []
let tokenExpiresAt = now + 3_600_000
let groupsSeen: VouchedIdentity[] = []

function user(uid: string, memberships: Membership[], invitations: string[] = []): UserRecord {
  return { uid, name: uid, memberships, invitations }
}

const store: IdentityStore = {
  findServiceAccountToken: async (hash) => {
    asked.push(hash)
    if (revoked || hash !== hashSecret(saToken)) return undefined
    const teams = ['rail', 'bus']
    const account = { serviceAccountUid: 'sa1', name: 'ci', orgUid: 'transport', teams }
    return { id: 't1', hash, ...account, sourceCidrs, expiresAt: tokenExpiresAt }
  },
  findSession: async (hash) => {
    const users: Record<string, [UserRecord, string | undefined]> = {
      [hashSecret('one')]: [user('ann', [health]), undefined],
      [hashSecret('two')]: [user('bob', [health, transport]), undefined],
      [hashSecret('two-in-health')]: [user('bob', [health, transport]), 'health'],
      [hashSecret('left-org')]: [user('bob', [transport]), 'health'],
      [hashSecret('invited')]: [user('dan', [health], ['transport', 'elsewhere']), 'health'],
      [hashSecret('none')]: [user('eve', []), undefined],
    }
    const found = users[hash]
    if (found === undefined) return undefined
    const [record, orgUid] = found
    return {
      id: 's1',
      hash,
      user: record,
      issuer: 'https://i',
      subject: record.uid,
      orgUid,
      expiresAt: now + 10_000,
    }
  },
  recogniseUser: async (identity) => {
    groupsSeen.push(identity)
    return user(`u-${identity.subject}`, identity.groups.includes('ml') ? [health] : [])
  },
  enterInvited: async (_uid, orgUid) => (orgUid === 'transport' ? transport : undefined),
  touch: (kind) => touched.push(kind),
}

let authenticator: Authenticator
beforeAll(async () => {
  idp = await startTestIssuer()
  const deps = {
    store,
    issuers: [idp.config],
    sessionCookieName: cookie,
    maxStaleness: 60_000,
    now: () => now,
  }
  authenticator = createAuthenticator(deps)
})
afterAll(() => idp.close())

const bearer = (token: string): string[] => ['Authorization', `Bearer ${token}`]
const basic = (scope: string): string[] => [
  'Authorization',
  `Basic ${Buffer.from(`${scope}:${saToken}`).toString('base64')}`,
]
const session = (secret: string): string[] => [
  'Cookie',
  `${cookie}=${secret}`,
  'Sec-Fetch-Site',
  'same-origin',
]
const inOrg = (org: string): string[] => ['X-Gatehouse-Org', org]
const authenticate = (...headers: string[][]): ReturnType<Authenticator['authenticate']> =>
  authenticator.authenticate(headers.flat(), '127.0.0.1')
const code = (value: string): unknown => expect.objectContaining({ code: value })

describe('authenticate', () => {
  it('knows a service account by bearer and by Basic', async () => {
    const principal = {
      kind: 'service-account',
      uid: 'sa1',
      orgUid: 'transport',
      name: 'ci',
      teams: ['rail', 'bus'],
      identity: undefined,
      credential: { kind: 'token', id: 't1' },
    }
    expect(await authenticate(bearer(saToken))).toEqual(principal)
    expect(await authenticate(basic(''))).toEqual(principal)
    expect(await authenticate(basic('rail'))).toEqual({ ...principal, teams: ['rail'] })
    expect(await authenticate(basic('bus|rail'))).toEqual({ ...principal, teams: ['bus', 'rail'] })
  })
  it('narrows to own teams only', async () => {
    for (const scope of ['triage', 'rail|triage', 'rail|', '*', 'Rail'])
      await expect(authenticate(basic(scope))).rejects.toEqual(code('unauthenticated'))
  })
  it('takes the org of a service account from its token', async () => {
    expect((await authenticate(bearer(saToken), inOrg('transport'))).orgUid).toBe('transport')
    await expect(authenticate(bearer(saToken), inOrg('health'))).rejects.toEqual(code('forbidden'))
  })
  it('asks the store for no token of a wrong form, and says the same of every bad one', async () => {
    const before = asked.length
    const wrong = [`${saToken}x`, saToken.slice(0, -1), `${saToken.slice(0, -1)}*`]
    const messages = await Promise.all(
      wrong.map((t) => authenticate(bearer(t)).catch((e: Error) => e.message)),
    )
    expect(asked).toHaveLength(before)
    const unknown = await authenticate(bearer(newServiceAccountToken())).catch((e: Error) => e.message)
    expect(new Set([...messages, unknown])).toEqual(new Set(['the credentials are not valid']))
  })
  it('forgets a revoked token within a second', async () => {
    await authenticate(bearer(saToken))
    revoked = true
    now += 1_000
    await expect(authenticate(bearer(saToken))).rejects.toEqual(code('unauthenticated'))
    revoked = false
    now += 1_000
    await authenticate(bearer(saToken))
  })
  it('ends a remembered token at its expiry', async () => {
    tokenExpiresAt = now + 1_500
    now += 1_000
    await authenticate(bearer(saToken))
    now += 500
    await expect(authenticate(bearer(saToken))).rejects.toEqual(code('unauthenticated'))
    tokenExpiresAt = now + 3_600_000
    now += 1_000
  })

  it('holds a token to its networks', async () => {
    const from = (address: string | undefined): Promise<unknown> =>
      authenticator.authenticate(bearer(saToken), address)
    sourceCidrs = ['10.1.0.0/16', 'fd00::/8']
    now += 1_000
    for (const inside of ['10.1.2.3', '::ffff:10.1.2.3', 'fd00::1']) await from(inside)
    for (const outside of ['10.2.0.1', '::ffff:10.2.0.1', 'fe80::1', '::1', '', 'unix', undefined])
      await expect(from(outside)).rejects.toEqual(code('unauthenticated'))
    sourceCidrs = []
    now += 1_000
  })
  it('notes use at most once a second', async () => {
    touched.length = 0
    now += 1_000
    await authenticate(bearer(saToken))
    await authenticate(bearer(saToken))
    await authenticate(session('one'))
    expect(touched).toEqual(['token', 'session'])
  })

  it('finds the org of a session: the only one, the current one, or the one named', async () => {
    expect((await authenticate(session('one'))).orgUid).toBe('health')
    expect((await authenticate(session('two-in-health'))).orgUid).toBe('health')
    expect((await authenticate(session('two'), inOrg('transport'))).teams).toEqual(['rail', 'bus'])
    expect((await authenticate(session('two-in-health'), inOrg('transport'))).orgUid).toBe('transport')
    expect((await authenticate(session('invited'))).orgUid).toBe('health')
    expect((await authenticate(session('invited'), inOrg('transport'))).orgUid).toBe('transport')
    await expect(authenticate(session('invited'), inOrg('elsewhere'))).rejects.toMatchObject({
      code: 'forbidden',
    })
    expect((await authenticate(session('left-org'))).orgUid).toBe('transport')
  })
  it('lists only own orgs when none or a wrong one is named', async () => {
    await expect(authenticate(session('two'))).rejects.toEqual(code('bad_data'))
    await expect(authenticate(session('two'))).rejects.toThrow('health, transport')
    const other = await authenticate(session('one'), inOrg('transport')).catch((e: Error) => e.message)
    const absent = await authenticate(session('one'), inOrg('no-such')).catch((e: Error) => e.message)
    expect(other).toBe(absent)
    expect(other).not.toContain('transport')
    await expect(authenticate(session('none'))).rejects.toEqual(code('forbidden'))
  })
  it('refuses unknown sessions', async () => {
    await expect(authenticate(session('unknown'))).rejects.toEqual(code('unauthenticated'))
  })

  it('knows a person by an access token: the key is (issuer, subject)', async () => {
    groupsSeen = []
    const principal = await authenticate(bearer(await idp.sign({ email: 'root@example.org' })))
    expect(principal).toMatchObject({
      kind: 'user',
      uid: 'u-alice',
      orgUid: 'health',
      identity: { issuer: idp.config.issuer, subject: 'alice' },
      credential: { kind: 'bearer' },
    })
    expect(principal.credential.id).toMatch(/^[0-9a-f]{16}$/)
    expect(groupsSeen).toHaveLength(1)
  })
  it('gives no org to a token without the groups claim', async () => {
    const token = await idp.sign({ groups: undefined })
    await expect(authenticate(bearer(token))).rejects.toEqual(code('forbidden'))
  })
  it('ends a remembered access token at its expiry', async () => {
    const token = await idp.sign({ exp: Math.floor(Date.now() / 1_000) - 4 })
    // Within the tolerance of 5 s, so accepted; but past its expiry it is verified anew on each use, not remembered.
    now = Date.now()
    await authenticate(bearer(token))
    const late = await idp.sign({ exp: Math.floor(Date.now() / 1_000) - 6 })
    await expect(authenticate(bearer(late))).rejects.toEqual(code('unauthenticated'))
  })
})

describe('recognise', () => {
  it('shows all memberships, also none', async () => {
    expect((await authenticator.recognise(session('two'))).user.memberships).toEqual([health, transport])
    expect((await authenticator.recognise(session('none'))).user.memberships).toEqual([])
  })
  it('is for people', async () => {
    await expect(authenticator.recognise(bearer(saToken))).rejects.toEqual(code('forbidden'))
  })
})
