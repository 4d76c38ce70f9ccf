import { startControl } from '@gatehouse/control'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type AccessApiWorld, startAccessApiWorld } from '../support/access-api-world.ts'

let world: AccessApiWorld
beforeAll(async () => {
  world = await startAccessApiWorld()
})
afterAll(() => world.close())

const admin = 'health/org-admin'

async function etagOf(path: string, who = admin): Promise<Record<string, string>> {
  const { status, headers } = await world.as(who, 'get', path)
  expect([path, status]).toEqual([path, 200])
  return { 'if-match': headers.get('etag') ?? '' }
}

describe('access settings over HTTP', () => {
  it('change together with their event, and only from what is there now', async () => {
    const made = await world.as(admin, 'post', '/teams', { body: { uid: 'night', name: 'Night' } })
    expect([made.status, made.json]).toEqual([201, { uid: 'night', name: 'Night', idpGroups: [] }])
    const headers = await etagOf('/teams/night')
    const body = { name: 'Night shift', idpGroups: [] }
    expect((await world.as(admin, 'put', '/teams/night', { body })).status).toBe(400)
    const changed = await world.as(admin, 'put', '/teams/night', { body, headers })
    expect([changed.status, changed.json.name]).toEqual([200, 'Night shift'])
    expect((await world.as(admin, 'put', '/teams/night', { body, headers })).status).toBe(412)
    const gone = await world.as(admin, 'delete', '/teams/night', { headers: await etagOf('/teams/night') })
    for (const [answer, code] of [
      [made, 'A007I'],
      [changed, 'A008I'],
      [gone, 'A009I'],
    ] as const) {
      const events = await world.auditOf(answer.requestId)
      expect(events.map((event) => event.code)).toEqual([code])
      expect(events[0]).toMatchObject({ orgUid: 'health', resource: { kind: 'teams', uid: 'night' } })
    }
  })

  it('take what If-Match says as HTTP means it: any, one of a list, never a weak one', async () => {
    await world.as(admin, 'post', '/teams', { body: { uid: 'tagged', name: 'Tagged' } })
    const put = async (name: string, tagsOf: (etag: string) => string): Promise<number> => {
      const { 'if-match': etag = '' } = await etagOf('/teams/tagged')
      const headers = { 'if-match': tagsOf(etag) }
      return (await world.as(admin, 'put', '/teams/tagged', { body: { name }, headers })).status
    }
    expect(await put('A', () => '*')).toBe(200)
    expect(await put('B', (etag) => `"old", ${etag}`)).toBe(200)
    expect(await put('C', () => '"old", "older"')).toBe(412)
    expect(await put('D', (etag) => `W/${etag}`)).toBe(412)
    expect(await put('E', (etag) => etag.slice(1))).toBe(400)
    expect((await world.as(admin, 'get', '/teams/tagged')).json.name).toBe('B')
  })

  it('are made once for one idempotency key, also by requests of one moment', async () => {
    const body = { uid: 'at-once', name: 'At once' }
    const headers = { 'idempotency-key': 'at-once' }
    const all = await Promise.all(
      Array.from({ length: 12 }, () => world.as(admin, 'post', '/teams', { body, headers })),
    )
    const first = { status: 201, json: { ...body, idpGroups: [] } }
    expect(all.map(({ status, json }) => ({ status, json }))).toEqual(Array(12).fill(first))
    const events = (await Promise.all(all.map(({ requestId }) => world.auditOf(requestId)))).flat()
    expect(events.filter(({ code }) => code === 'A007I')).toHaveLength(1)
  })

  it('count in decimal digits', async () => {
    const of = async (limit: string) => (await world.as(admin, 'get', `/teams?limit=${limit}`)).status
    expect(await Promise.all(['10', '0x10', '1e1', '', '1.5', '0', '1001'].map(of))).toEqual([
      200,
      ...Array(6).fill(400),
    ])
  })

  it('of several changes based on the same state take one', async () => {
    await world.as(admin, 'post', '/teams', { body: { uid: 'raced', name: 'Raced' } })
    const headers = await etagOf('/teams/raced')
    const all = await Promise.all(
      Array.from({ length: 12 }, (_, index) =>
        world.as(admin, 'put', '/teams/raced', { body: { name: `Raced ${index}` }, headers }),
      ),
    )
    expect(all.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, ...Array(11).fill(412)])
  })

  it('are made once for one idempotency key, whatever is repeated', async () => {
    const grant = { subject: { kind: 'team', uid: 'crew' }, role: 'viewer', where: { kind: 'org' } }
    const headers = { 'idempotency-key': 'one' }
    const first = await world.as(admin, 'post', '/grants', { body: grant, headers })
    const second = await world.as(admin, 'post', '/grants', { body: grant, headers })
    expect([first.status, second.status, second.json]).toEqual([201, 201, first.json])
    const other = await world.as(admin, 'post', '/grants', { body: { ...grant, role: 'editor' }, headers })
    expect(other.status).toBe(409)
    const list = await world.as(admin, 'get', '/grants?subject=crew')
    expect(list.json.items).toEqual([first.json])
    expect((await world.auditOf(second.requestId)).map(({ code }) => code)).toEqual(['V001I'])
  })

  it('give nobody more than the giver holds', async () => {
    const robot = { kind: 'service-account', uid: 'robot' }
    const own = { kind: 'service-account', uid: 'org-admin' }
    for (const role of ['operator', 'fairness-reviewer']) {
      const held = role === 'fairness-reviewer'
      const body = { subject: robot, role, where: { kind: 'org' } }
      expect([role, (await world.as(admin, 'post', '/grants', { body })).status]).toEqual([
        role,
        held ? 201 : 403,
      ])
    }
    const toOneself = { subject: own, role: 'operator', where: { kind: 'org' } }
    expect((await world.as(admin, 'post', '/grants', { body: toOneself })).status).toBe(403)
    const role = { name: 'mighty', version: 1, permissions: ['datasources:write'] }
    expect((await world.as(admin, 'post', '/roles', { body: role })).status).toBe(403)
    const unknown = { name: 'mighty', version: 1, permissions: ['everything:do'] }
    expect((await world.as(admin, 'post', '/roles', { body: unknown })).status).toBe(400)
  })

  it('hand no team, account or token of the stronger to the weaker', async () => {
    const grant = { subject: { kind: 'team', uid: 'spare' }, role: 'org-admin', where: { kind: 'org' } }
    const made = await world.as(admin, 'post', '/grants', { body: grant })
    const lead = 'health/team-lead'
    const people = await world.as(admin, 'get', '/users')
    const [person] = people.json.items
    const add = `/teams/spare/members/${person.uid}`
    expect((await world.as(lead, 'put', add)).status).toBe(403)
    const account = { name: 'Spy', teamUid: 'spare' }
    expect((await world.as(lead, 'post', '/service-accounts', { body: account })).status).toBe(403)
    const token = { body: { name: 'Mine' } }
    expect((await world.as(lead, 'post', '/service-accounts/robot/tokens', token)).status).toBe(403)
    expect((await world.as(admin, 'delete', `/grants/${made.json.uid}`)).status).toBe(200)
    expect((await world.as(lead, 'put', add)).status).toBe(200)
    expect((await world.as(lead, 'delete', add)).status).toBe(200)
  })

  it('never use a deleted org’s uid again, so that nobody comes to its audit log or to what is cached of it', async () => {
    const administrator = { issuer: 'https://idp.example.org', subject: 'boss' }
    const body = { uid: 'gone', name: 'Gone', tenants: ['gone'], administrator }
    const operator = 'platform/operator'
    expect((await world.as(operator, 'post', '/orgs', { body })).status).toBe(201)
    const boss = await world.person('gone', 'boss', [])
    expect((await world.call('get', '/api/v1/me', { cookie: boss.cookie })).status).toBe(200)
    const headers = await etagOf('/orgs/gone', operator)
    expect((await world.as(operator, 'delete', '/orgs/gone', { headers })).status).toBe(200)
    await expect
      .poll(async () => (await world.call('get', '/api/v1/me', { cookie: boss.cookie })).status, {
        timeout: 3_000,
      })
      .toBe(401)
    const again = await world.as(operator, 'post', '/orgs', { body })
    expect([again.status, again.json.detail]).toEqual([409, expect.stringMatching(/never used again/)])
    await expect(
      world.apply(
        'apiVersion: gatehouse/v1\nkind: Access\norgs: [{ uid: gone, name: Gone, tenants: [gone] }]',
      ),
    ).rejects.toThrow(/never used again/)
  })

  it('name a resource alike in events of what was done and of what was denied', async () => {
    const denied = await world.as('health/viewer', 'delete', '/service-accounts/robot', {
      headers: { 'if-match': '"1"' },
    })
    expect(await world.auditOf(denied.requestId)).toMatchObject([
      { resource: { kind: 'service-accounts', uid: 'robot' }, outcome: { result: 'denied' } },
    ])
  })

  it('keep an administrator', async () => {
    const headers = await etagOf('/teams/crew')
    expect((await world.as(admin, 'delete', '/grants/g-admin')).json.detail).toMatch(/administrator/)
    const { json } = await world.as(admin, 'get', '/grants/g-admin')
    const removed = await world.as(admin, 'delete', `/users/${json.subject.uid}`)
    expect([removed.status, (await world.as(admin, 'get', '/grants/g-admin')).status]).toEqual([409, 200])
    expect(headers['if-match']).not.toBe('')
  })

  it('keep an administrator whom only IdP groups make one', async () => {
    const operator = 'platform/operator'
    const founder = { issuer: 'https://idp.example.org', subject: 'founder' }
    const org = { uid: 'mapped', name: 'Mapped', tenants: ['mapped'], administrator: founder }
    expect((await world.as(operator, 'post', '/orgs', { body: org })).status).toBe(201)
    const first = await world.person('mapped', 'founder', [])
    const headersOf = (cookie: string) => ({ cookie, 'sec-fetch-site': 'same-origin' })
    const call = (cookie: string, method: string, path: string, more: object = {}) =>
      world.call(method, `/api/v1${path}`, { cookie, headers: headersOf(cookie), ...more })
    const boss = { uid: 'bosses', name: 'Bosses', idpGroups: ['mapped-bosses', 'mapped-deputies'] }
    expect((await call(first.cookie, 'post', '/teams', { body: boss })).status).toBe(201)
    const grant = { subject: { kind: 'team', uid: 'bosses' }, role: 'org-admin', where: { kind: 'org' } }
    expect((await call(first.cookie, 'post', '/grants', { body: grant })).status).toBe(201)
    const { cookie } = await world.person('mapped', 'second', ['mapped-bosses'])
    await world.sql(`delete from grants where org_uid = 'mapped' and user_uid is not null`)
    const change = async (path: string, body: object, who = '') => {
      const read = who === '' ? call(cookie, 'get', path) : world.as(who, 'get', path)
      const headers = { ...headersOf(cookie), 'if-match': (await read).headers.get('etag') ?? '' }
      return who === ''
        ? call(cookie, 'put', path, { body, headers })
        : world.as(who, 'put', path, { body, headers: { 'if-match': headers['if-match'] } })
    }
    for (const idpGroups of [[], ['others'], ['mapped-deputies']]) {
      const { status, json } = await change('/teams/bosses', { name: 'Bosses', idpGroups })
      expect([idpGroups, status, json.detail]).toEqual([
        idpGroups,
        409,
        expect.stringMatching(/administrator/),
      ])
    }
    const elsewhere = { name: 'Mapped', tenants: ['mapped'], issuers: ['https://elsewhere.example'] }
    const refused = await change('/orgs/mapped', elsewhere, operator)
    expect([refused.status, refused.json.detail]).toEqual([409, expect.stringMatching(/administrator/)])
    const fewer = { name: 'Bosses', idpGroups: ['mapped-bosses'] }
    expect((await change('/teams/bosses', fewer)).status).toBe(200)
    const gone = await world.as(operator, 'delete', '/orgs/mapped', {
      headers: await etagOf('/orgs/mapped', operator),
    })
    expect(gone.status).toBe(200)
  })

  it('show a token once, rotate it with an overlap and revoke it', async () => {
    const path = '/service-accounts/robot/tokens'
    const headers = { 'idempotency-key': 'token' }
    const body = { name: 'CI', days: 7, sourceCidrs: ['127.0.0.0/8'] }
    const made = await world.as(admin, 'post', path, { body, headers })
    expect(made.json.token).toMatch(/^gatehouse_sa_/)
    const again = await world.as(admin, 'post', path, { body, headers })
    expect([again.status, again.json.token]).toEqual([409, undefined])
    const list = await world.as(admin, 'get', path)
    expect(JSON.stringify(list.json)).not.toContain(made.json.token)
    expect((await world.as(admin, 'post', path, { body: { name: 'x', days: 91 } })).status).toBe(400)
    const rotated = await world.as(admin, 'post', `${path}/${made.json.uid}/rotate`, { body: {} })
    expect(rotated.status).toBe(201)
    const me = (token: string) => world.call('get', '/api/v1/data-sources', { token })
    expect([(await me(made.json.token)).status, (await me(rotated.json.token)).status]).toEqual([200, 200])
    expect((await world.as(admin, 'delete', `${path}/${rotated.json.uid}`)).status).toBe(200)
    await expect.poll(async () => (await me(rotated.json.token)).status, { timeout: 4_000 }).toBe(401)
    const kept = await world.sql<{ answer: unknown }>(
      `select answer from idempotency_keys where key = 'token'`,
    )
    expect(kept).toEqual([{ answer: null }])
  })

  it('of an org that files declare are refused with what to do', async () => {
    await world.sql(`update orgs set managed = 'files' where uid = 'transport'`)
    const who = 'transport/org-admin'
    const refused = await world.as(who, 'post', '/teams', { body: { uid: 'x', name: 'X' } })
    expect([refused.status, refused.json.detail]).toEqual([409, expect.stringContaining('files')])
    const robot = { name: 'Robot', teamUid: 'spare', isDisabled: true }
    const headers = await etagOf('/service-accounts/robot', who)
    const disabled = await world.as(who, 'put', '/service-accounts/robot', { body: robot, headers })
    expect([disabled.status, disabled.json.isDisabled]).toEqual([200, true])
    const org = await etagOf('/orgs/transport', 'platform/operator')
    const body = { name: 'T', tenants: ['transport'] }
    const put = await world.as('platform/operator', 'put', '/orgs/transport', { body, headers: org })
    expect(put.status).toBe(409)
    await world.sql(`update orgs set managed = 'api' where uid = 'transport'`)
  })
})

describe('the platform', () => {
  it('makes orgs with their first administrator, and data sources in any org; the event is in that org', async () => {
    const operator = 'platform/operator'
    const administrator = { issuer: 'https://idp.example.org', subject: 'rev' }
    const org = { uid: 'revenue', name: 'Revenue', tenants: ['revenue'], administrator }
    const once = { 'idempotency-key': 'revenue' }
    const made = await world.as(operator, 'post', '/orgs', { body: org, headers: once })
    expect([made.status, made.json.tenants]).toEqual([201, ['revenue']])
    const again = await world.as(operator, 'post', '/orgs', { body: org, headers: once })
    expect([again.status, again.json]).toEqual([201, made.json])
    const second = { ...org, uid: 'second', tenants: ['second'] }
    const refused = await world.as(operator, 'post', '/orgs', { body: second, headers: once })
    expect([refused.status, refused.json.detail]).toEqual([
      409,
      'this Idempotency-Key was used for another request',
    ])
    expect((await world.as(operator, 'get', '/orgs/second')).status).toBe(404)
    const stolen = { ...org, uid: 'thief', tenants: ['health'] }
    const taken = await world.as(operator, 'post', '/orgs', { body: stolen })
    expect([taken.status, taken.json.detail]).toEqual([
      409,
      'a tenant belongs to an org already; only access files that name both orgs move it',
    ])
    expect((await world.as(operator, 'get', '/orgs/thief')).status).toBe(404)
    const source = {
      uid: 'metrics',
      name: 'Metrics',
      shards: [{ name: 's', tenants: ['revenue'], replicas: [{ name: 'r', url: 'http://127.0.0.1:9' }] }],
    }
    const path = '/orgs/revenue/data-sources'
    const created = await world.as(operator, 'post', path, { body: source })
    expect(created.status).toBe(201)
    const [event] = await world.auditOf(created.requestId)
    expect(event).toMatchObject({ code: 'C001I', orgUid: 'revenue', actor: { kind: 'service-account' } })
    const twice = { ...source, uid: 'other', shards: [source.shards[0], { ...source.shards[0], name: 't' }] }
    expect((await world.as(operator, 'post', path, { body: twice })).status).toBe(400)
    const headers = await etagOf(`${path}/metrics`, operator)
    const { uid: _uid, ...body } = { ...source, name: 'Series' }
    const put = await world.as(operator, 'put', `${path}/metrics`, { body, headers })
    expect([put.status, put.json.name]).toEqual([200, 'Series'])
    const list = await world.as(operator, 'get', '/orgs')
    expect(list.json.items.map(({ uid }: { uid: string }) => uid)).toEqual([
      'health',
      'platform',
      'revenue',
      'transport',
    ])
    const orgEtag = await etagOf('/orgs/revenue', operator)
    expect((await world.as(operator, 'delete', '/orgs/revenue', { headers: orgEtag })).status).toBe(200)
  })

  it('is nothing to the operators of an agency', async () => {
    for (const path of ['/orgs/transport', '/orgs/nowhere', '/orgs/transport/data-sources'])
      expect([path, (await world.as('health/operator', 'get', path)).status]).toEqual([path, 404])
    const body = {
      uid: 'mine',
      name: 'Mine',
      tenants: [],
      administrator: { issuer: 'https://x.example', subject: 'x' },
    }
    expect((await world.as('health/operator', 'post', '/orgs', { body })).status).toBe(403)
    expect((await world.as('platform/viewer', 'get', '/orgs/health')).status).toBe(404)
  })
})

describe('why and who', () => {
  const metrics = { kind: 'data-source', uid: 'metrics' }
  const query = { action: 'datasources:query', resource: metrics }

  it('explain to an administrator by which grant, and what fails first', async () => {
    const yes = await world.as(admin, 'post', '/access/explain', {
      body: { ...query, principal: { kind: 'service-account', uid: 'viewer' } },
    })
    expect(yes.json).toMatchObject({
      allowed: true,
      constraints: { selectors: [expect.stringContaining('tenant="health"')] },
    })
    expect(yes.json.paths[0]).toMatchObject({ role: { name: 'viewer' }, fails: null })
    const no = await world.as(admin, 'post', '/access/explain', {
      body: { ...query, principal: { kind: 'service-account', uid: 'auditor' } },
    })
    expect(no.json).toMatchObject({ allowed: false, firstFailing: 'permission' })
    expect((await world.auditOf(no.requestId)).map(({ code }) => code)).toEqual(['V006I'])
  })

  it('tell others only of themselves, and not what is there', async () => {
    const body = { ...query, principal: { kind: 'service-account', uid: 'editor' } }
    expect((await world.as('health/viewer', 'post', '/access/explain', { body })).status).toBe(403)
    const ask = (uid: string, more = {}) =>
      world.as('health/operator', 'post', '/access/explain', {
        body: { action: 'folders:read', resource: { kind: 'folder', uid }, ...more },
      })
    const [there, none] = [await ask('ops'), await ask('nothing')]
    expect(there.json).toEqual(none.json)
    // Nor by the settings of then, when there have been others since.
    const at = new Date().toISOString()
    await world.as(admin, 'post', '/teams', { body: { uid: 'since-then', name: 'Since then' } })
    await expect
      .poll(async () => (await ask('nothing')).json.policyVersion, { timeout: 4_000 })
      .not.toBe(none.json.policyVersion)
    expect((await ask('ops', { at })).json).toEqual((await ask('nothing', { at })).json)
    expect(there.json).toMatchObject({ allowed: false, reason: 'not in your scope', paths: [] })
  })

  it('take any selector of PromQL as a question, also one for series without a label', async () => {
    for (const selector of ['up{env=""}', '{tenant="health",env=~".*"}']) {
      const body = { ...query, selector }
      const { status, json } = await world.as(admin, 'post', '/access/who?limit=1000', { body })
      expect([selector, status]).toEqual([selector, 200])
      expect(json.items.map(({ uid }: { uid: string }) => uid)).toContain('viewer')
      const own = await world.as('health/viewer', 'post', '/access/explain', { body })
      expect([selector, own.status, own.json.allowed]).toEqual([selector, 200, true])
    }
    const grant = { subject: { kind: 'team', uid: 'crew' }, role: 'viewer', where: { kind: 'org' } }
    const loose = await world.as(admin, 'post', '/grants', { body: { ...grant, constraints: ['{env=""}'] } })
    expect(loose.status).toBe(400)
  })

  it('list everybody who may read a selector', async () => {
    const body = { ...query, selector: '{tenant="health"}' }
    const { json } = await world.as(admin, 'post', '/access/who?limit=1000', { body })
    const uids = json.items.map(({ uid }: { uid: string }) => uid)
    expect(uids).toContain('viewer')
    expect(uids).not.toContain('operator')
    expect(uids).not.toContain('auditor')
    const foreign = { ...query, selector: '{tenant="transport"}' }
    const none = await world.as(admin, 'post', '/access/who', { body: foreign })
    expect(none.json.items).toEqual([])
    expect((await world.as('health/viewer', 'post', '/access/who', { body })).status).toBe(403)
  })
})

describe('texts', () => {
  it.each([
    ['a NUL character', 'a\0b'],
    ['half of a character', 'a\ud800'],
  ])('with %s are refused wherever they are', async (_what, text) => {
    for (const body of [
      { uid: 'odd', name: text },
      { uid: 'odd', name: 'Odd', idpGroups: [text] },
    ])
      expect((await world.as(admin, 'post', '/teams', { body })).status).toBe(400)
  })
})

describe('limits', () => {
  const prefix = 'gatehouse_sa_abc'
  const guess = (address: string, token = prefix + 'x'.repeat(46)) =>
    world.call('get', '/api/v1/data-sources', { token, headers: { 'x-forwarded-for': address } })

  it('stop an address that keeps guessing, and say so in the audit log', async () => {
    const statuses: number[] = []
    for (let i = 0; i < 40; i += 1) statuses.push((await guess('192.0.2.1')).status)
    expect(statuses[0]).toBe(401)
    expect(statuses).toContain(429)
    const refused = await guess('192.0.2.1')
    expect(refused.headers.get('retry-after')).not.toBeNull()
    expect((await world.auditOf(refused.requestId)).map(({ code }) => code)).toEqual(['V005D'])
  })

  it('let good credentials through from an address where others guess', async () => {
    const token = await world.token('health', 'viewer')
    for (let i = 0; i < 60; i += 1) await guess('192.0.2.9')
    expect((await guess('192.0.2.9')).status).toBe(429)
    expect((await guess('192.0.2.9', token)).status).toBe(200)
  })

  it('lock nobody out whose token starts like the one others guess at', async () => {
    const token = await world.token('health', 'viewer')
    const wrong = `${token.slice(0, 16)}${'x'.repeat(46)}`
    for (let i = 0; i < 60; i += 1) await guess(`198.51.100.${i}`, wrong)
    expect((await guess('203.0.113.7', token)).status).toBe(200)
    // Whoever joins in guessing at it has fewer tries.
    const statuses: number[] = []
    for (let i = 0; i < 10; i += 1) statuses.push((await guess('203.0.113.8', wrong)).status)
    expect(statuses).toContain(429)
  })

  it('keep each caller to a rate, whatever others ask', async () => {
    const second = await startControl({
      ...world.config,
      control: {
        ...world.config.control,
        listenAddress: '127.0.0.1:0',
        principalRate: { perSecond: 0.01, burst: 5 },
      },
      audit: { ...world.config.audit, spoolDir: `${world.config.audit.spoolDir}-second` },
    })
    const ask = async (token: string) =>
      fetch(`${second.url}/api/v1/data-sources`, { headers: { authorization: `Bearer ${token}` } })
    try {
      const [eager, calm] = [await world.token('health', 'viewer'), await world.token('health', 'editor')]
      const answers = await Promise.all(Array.from({ length: 8 }, () => ask(eager)))
      expect(answers.map(({ status }) => status).filter((status) => status === 200)).toHaveLength(5)
      const refused = await ask(eager)
      expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(50)
      const requestId = refused.headers.get('x-request-id') ?? ''
      expect(await world.auditOf(requestId)).toMatchObject([
        { code: 'V005D', actor: { kind: 'service-account' } },
      ])
      expect((await ask(calm)).status).toBe(200)
    } finally {
      await second.close()
    }
  })
})
