import { createHmac } from 'node:crypto'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import type { AuditEvent } from '@gatehouse/audit'
import { parseAccessDocument } from '@gatehouse/authz'
import { applyAccess } from '@gatehouse/store'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { createAuthority } from '../support/certificates.ts'
import { type ControlAnswer, type ControlWorld, startControlWorld } from '../support/control-world.ts'
import { type MailServer, startMailServer } from '../support/mail-server.ts'
import { callApi } from '../support/prometheus-api.ts'
import { type RecordingPrometheus, startRecordingPrometheus } from '../support/recording-prometheus.ts'

interface Posted {
  readonly headers: IncomingMessage['headers']
  readonly body: string
}

const authority = createAuthority()
const account = { user: 'gatehouse', password: 'correct horse' }
const usual = getCACertificates('default')
let world: ControlWorld
let shard: RecordingPrometheus
let mail: MailServer
let webhook: Server
let access: string
const posted: Posted[] = []
let failing = 0
const people = new Map<string, { cookie: string; uid: string }>()

async function startWebhook(): Promise<Server> {
  const server = createServer((message, res) => {
    const chunks: Buffer[] = []
    message.on('data', (chunk: Buffer) => chunks.push(chunk))
    message.on('end', () => {
      posted.push({ headers: message.headers, body: Buffer.concat(chunks).toString() })
      failing -= 1
      res.writeHead(failing >= 0 ? 503 : 204).end()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return server
}

beforeAll(async () => {
  shard = await startRecordingPrometheus()
  setDefaultCACertificates([...usual, authority.cert])
  mail = await startMailServer({ certificate: authority.issue(['127.0.0.1']), account })
  webhook = await startWebhook()
  const org = (uid: string): string => `
  - uid: ${uid}
    name: ${uid}
    tenants: [${uid}]
    teams: [${['admins', 'leads', 'engineers', 'oncall', 'auditors'].map((team) => `{ uid: ${team}, name: ${team}, idpGroups: [${uid}-${team}] }`).join(', ')}]
    folders: [{ uid: ops, title: Ops }]
    serviceAccounts: [{ uid: robot, name: Robot }]
    dataSources:
      - { uid: metrics, name: Metrics, shards: [{ name: s, tenants: [${uid}], replicas: [{ name: r, url: "${shard.url}" }] }] }
    roles: [{ name: lead, version: 1, permissions: ['datasources:query', 'datasources:read', 'grants:create'] }]
    grants:
      - { team: admins, role: org-admin }
      - { team: leads, role: lead, on: { dataSource: metrics }, constraints: ['{team="signals"}'] }
      - { team: oncall, role: on-call }
      - { team: auditors, role: auditor }`
  access = `apiVersion: gatehouse/v1\nkind: Access\norgs:${org('health')}${org('transport')}\n`
  const url = `http://127.0.0.1:${(webhook.address() as AddressInfo).port}/hook`
  world = await startControlWorld({
    access,
    notifications: {
      smtp: {
        host: '127.0.0.1',
        port: mail.port,
        from: 'gatehouse@example.org',
        username: account.user,
        password: { value: account.password },
      },
      dataOwners: [
        { org: 'health', emails: ['owner@example.org'], webhook: { url, secret: { value: 'shared' } } },
      ],
    },
  })
  for (const [who, team] of [
    ['ada', 'admins'],
    ['ben', 'admins'],
    ['leo', 'leads'],
    ['eve', 'engineers'],
    ['oli', 'oncall'],
    ['aud', 'auditors'],
  ] as const)
    people.set(who, await world.person('health', who, [`health-${team}`]))
  people.set('tom', await world.person('transport', 'tom', ['transport-admins']))
  people.set('tim', await world.person('transport', 'tim', ['transport-oncall']))
})
afterAll(async () => {
  setDefaultCACertificates(usual)
  await world.close()
  await shard.close()
  await mail.close()
  await new Promise((resolve) => webhook.close(resolve))
})

const uidOf = (who: string): string => people.get(who)?.uid ?? ''
function call(who: string, method: string, path: string, body?: unknown): Promise<ControlAnswer> {
  const cookie = people.get(who)?.cookie ?? ''
  return world.call(method, `/api/v1/access${path}`, { cookie, ...(body === undefined ? {} : { body }) })
}
async function query(who: string): Promise<number> {
  const headers = { cookie: people.get(who)?.cookie ?? '', 'sec-fetch-site': 'same-origin' }
  return (await callApi(world.base(), 'query', { headers, parameters: { query: 'up' } })).status
}
const settle = (ms = 1_600): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))
async function until(check: () => boolean | Promise<boolean>, withinMs = 15_000): Promise<void> {
  const started = performance.now()
  while (!(await check())) {
    if (performance.now() - started > withinMs) throw new Error(`not within ${withinMs} ms`)
    await settle(50)
  }
}

const source = { kind: 'data-source', uid: 'metrics' }
const asking = { role: 'viewer', where: source, hours: 2, reason: 'the model drifts' }
async function ask(who = 'eve', change: object = {}): Promise<string> {
  const { status, json } = await call(who, 'post', '/requests', { ...asking, ...change })
  expect([status, json.status]).toEqual([201, 'pending'])
  return json.uid
}
const inList = async (who: string, uid: string): Promise<{ mayDecide: boolean } | undefined> => {
  const { json } = await call(who, 'get', '/requests')
  return json.items.find((item: { uid: string }) => item.uid === uid)
}

/** Events of the org with any of these codes. */
async function eventsOf(...codes: string[]): Promise<AuditEvent[]> {
  const rows = await world.sql<{ event: AuditEvent }>(
    `select event from audit_events where org_uid = 'health' and code = any ($1) order by at`,
    [codes],
  )
  return rows.map(({ event }) => event)
}

async function undelivered(): Promise<number> {
  const rows = await world.sql<{ n: number }>(
    'select count(*)::int as n from notices where delivered_at is null',
  )
  return rows[0]?.n ?? 0
}

describe('a refusal', () => {
  const refused = async (headers: Record<string, string>): Promise<string> => {
    const answer = await callApi(world.base(), 'query', { headers, parameters: { query: 'up' } })
    expect([answer.status, Buffer.byteLength(answer.text) < 1_024]).toEqual([403, true])
    expect(answer.text.startsWith('{"error":"not allowed: ')).toBe(true)
    return answer.json.error
  }

  it('says where people ask for access, in words that work', async () => {
    const cookie = people.get('eve')?.cookie ?? ''
    const text = await refused({ cookie, 'sec-fetch-site': 'same-origin' })
    const link = new URL(/to ask for access: (\S+)$/.exec(text)?.[1] ?? '')
    expect(link.pathname).toBe('/access/ask')
    const [kind, uid] = link.searchParams.get('on')?.split(':') ?? []
    const role = link.searchParams.get('role') ?? ''
    const request = await ask('eve', { role, where: { kind, uid } })
    expect((await call('ada', 'post', `/requests/${request}/approve`, {})).status).toBe(200)
    await until(async () => (await query('eve')) === 200, 2_000)
    await world.sql(`delete from grants where origin = 'request'`)
    await until(async () => (await query('eve')) === 403, 2_000)
  })

  it('tells automation whom to ask', async () => {
    const token = await world.token('health', 'robot')
    expect(await refused({ authorization: `Bearer ${token}` })).toMatch(/; an admin of the org can grant it$/)
  })
})

describe('asking for access', () => {
  it('is granted for a time by who holds it, and works', async () => {
    expect(await query('eve')).toBe(403)
    const uid = await ask()
    const approved = await call('ada', 'post', `/requests/${uid}/approve`, { note: 'until the fix' })
    expect(approved.json).toMatchObject({
      status: 'approved',
      decidedBy: uidOf('ada'),
      note: 'until the fix',
    })
    await settle()
    expect(await query('eve')).toBe(200)
    const [event] = await world.auditOf(approved.requestId)
    expect(event).toMatchObject({
      code: 'A024I',
      detail: { grantUid: approved.json.grantUid, userUid: uidOf('eve') },
    })
    const [grant] = await world.sql<{ seconds: number }>(
      `select extract(epoch from expires_at - now())::int as seconds from grants where uid = $1 and origin = 'request'`,
      [approved.json.grantUid],
    )
    expect(Math.abs((grant?.seconds ?? 0) - 7_200)).toBeLessThan(60)
    await applyAccess(world.pool, parseAccessDocument(parse(access)), { adopt: true })
    await settle()
    expect(await query('eve')).toBe(200)
    await world.sql(`delete from grants where origin = 'request'`)
  })

  it('ends within two seconds of its time, and the log says so', async () => {
    const uid = await ask('eve', { hours: 4 / 3_600 })
    const { json } = await call('ada', 'post', `/requests/${uid}/approve`, {})
    const approvedAt = Date.now()
    await until(async () => (await query('eve')) === 200, 2_000)
    await until(async () => (await query('eve')) === 403)
    expect(Date.now() - approvedAt).toBeLessThan(6_000)
    await until(async () => (await eventsOf('A021W')).length > 0)
    expect(await eventsOf('A021W')).toMatchObject([
      {
        resource: { kind: 'grants', uid: json.grantUid },
        detail: { subject: { kind: 'user', uid: uidOf('eve') }, role: 'viewer', origin: 'request' },
      },
    ])
    await world.sql(`delete from grants where origin = 'request'`)
  })

  it('also of an org whose access is declared in files', async () => {
    await world.sql(`update orgs set managed = 'files'`)
    const uid = await ask()
    expect((await call('ada', 'post', `/requests/${uid}/approve`, { hours: 1 })).status).toBe(200)
    await world.sql(`update orgs set managed = 'api'`)
    await world.sql(`delete from grants where origin = 'request'`)
  })

  it('is never granted by oneself, nor beyond what the giver holds', async () => {
    const own = await ask('ada')
    expect((await call('ada', 'post', `/requests/${own}/approve`, {})).status).toBe(403)
    expect((await call('ben', 'post', `/requests/${own}/approve`, {})).status).toBe(200)
    const uid = await ask('eve', { role: 'lead' })
    const wide = await call('leo', 'post', `/requests/${uid}/approve`, {})
    expect([wide.status, wide.json.detail]).toEqual([
      403,
      expect.stringContaining('cannot grant what you do not hold'),
    ])
    const narrow = await call('leo', 'post', `/requests/${uid}/approve`, {
      constraints: ['{team="signals",env="prod"}'],
    })
    expect(narrow.status).toBe(200)
    const admin = await ask('eve', { role: 'org-admin', where: { kind: 'org', uid: 'health' } })
    expect((await call('leo', 'post', `/requests/${admin}/approve`, {})).status).toBe(404)
    await world.sql(`delete from grants where origin = 'request'`)
  })

  it('is seen by who asked and who may decide, and by nobody of another org', async () => {
    const uid = await ask()
    expect((await inList('eve', uid))?.mayDecide).toBe(false)
    expect((await inList('ada', uid))?.mayDecide).toBe(true)
    expect((await inList('leo', uid))?.mayDecide).toBe(true)
    for (const who of ['aud', 'oli', 'tom']) {
      expect(await inList(who, uid)).toBeUndefined()
      for (const path of ['approve', 'deny'])
        expect((await call(who, 'post', `/requests/${uid}/${path}`, {})).status).toBe(404)
      expect((await call(who, 'delete', `/requests/${uid}`)).status).toBe(404)
    }
  })

  it('is decided once, also when two decide at once', async () => {
    const uid = await ask()
    const answers = await Promise.all(
      ['ada', 'ben', 'ada', 'ben'].map((who, i) =>
        call(who, 'post', `/requests/${uid}/${i % 2 === 0 ? 'approve' : 'deny'}`, {}),
      ),
    )
    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 409, 409, 409])
    const other = await ask()
    expect((await call('eve', 'delete', `/requests/${other}`)).json.status).toBe('withdrawn')
    expect((await call('ada', 'post', `/requests/${other}/approve`, {})).status).toBe(409)
    await world.sql(`delete from grants where origin = 'request'`)
  })

  it('tells nothing about what exists; what does not exist cannot be granted', async () => {
    const uid = await ask('eve', { where: { kind: 'folder', uid: 'nowhere' } })
    expect((await call('ada', 'post', `/requests/${uid}/approve`, {})).status).toBe(404)
    const role = await ask('eve', { role: 'no-such-role' })
    expect((await call('ada', 'post', `/requests/${role}/approve`, {})).status).toBe(409)
  })

  it.each([
    { hours: 0 },
    { hours: 5_000 },
    { reason: '' },
    { where: { kind: 'team', uid: 'x' } },
    { role: 'x y' },
    { more: 1 },
  ])('with %j is refused', async (change) => {
    expect((await call('eve', 'post', '/requests', { ...asking, ...change })).status).toBe(400)
  })
})

describe('break-glass access', () => {
  const opening = { where: source, hours: 1, reason: 'pager: predictions stopped' }

  it('is opened with a reason, told at once by mail and webhook, and retried until it is taken', async () => {
    // Those of the requests above are still on their way.
    await until(async () => (await undelivered()) === 0)
    posted.length = 0
    mail.mails.length = 0
    failing = 1
    mail.failNext(1)
    expect(await query('oli')).toBe(403)
    const opened = await call('oli', 'post', '/break-glass', opening)
    expect([opened.status, opened.json.openedBy]).toEqual([201, uidOf('oli')])
    await until(() => mail.mails.length === 1 && posted.length === 2)
    expect(mail.mails[0]).toMatchObject({
      from: 'gatehouse@example.org',
      to: 'owner@example.org',
      isEncrypted: true,
      user: 'gatehouse',
    })
    expect(mail.mails[0]?.text).toContain('Subject: Break-glass access opened: data-source metrics of health')
    expect(mail.mails[0]?.text).toContain('pager: predictions stopped')
    const [first, second] = posted
    expect(second?.body).toBe(first?.body)
    expect([first, second].map((post) => post?.headers['x-gatehouse-attempt'])).toEqual(['1', '2'])
    const signature = createHmac('sha256', 'shared')
      .update(second?.body ?? '')
      .digest('hex')
    expect(second?.headers['x-gatehouse-signature']).toBe(`sha256=${signature}`)
    expect(JSON.parse(second?.body ?? '')).toMatchObject({
      kind: 'break-glass-opened',
      facts: { uid: opened.json.uid },
    })
    await until(async () => (await undelivered()) === 0)
    const [event] = await world.auditOf(opened.requestId)
    expect(event).toMatchObject({ code: 'X001I', detail: { reason: opening.reason } })
    const told = await eventsOf('X005I', 'X005E')
    const outcomes = told.map(
      ({ code, detail }) => `${code} ${String(detail?.['channel'])} ${String(detail?.['attempts'])}`,
    )
    expect(new Set(outcomes)).toEqual(
      new Set(['X005E email 1', 'X005E webhook 1', 'X005I email 2', 'X005I webhook 2']),
    )
    // The log says that the data owner was told, not under which address.
    expect(JSON.stringify(told)).not.toContain('owner@example.org')
    const [listed] = (await call('aud', 'get', '/break-glass')).json.items
    expect(listed.notices).toMatchObject([
      { attempts: 2, lastError: null, nextAttemptAt: null, deliveredAt: expect.any(String) },
      { attempts: 2, lastError: null, nextAttemptAt: null, deliveredAt: expect.any(String) },
    ])
  })

  it('shows a notice that is not delivered, why, and when it is tried again', async () => {
    failing = 1_000
    mail.failNext(1_000)
    const { json } = await call('oli', 'post', '/break-glass', opening)
    const noticesOf = async () =>
      (await call('aud', 'get', '/break-glass')).json.items.find(
        (item: { uid: string }) => item.uid === json.uid,
      ).notices
    await until(async () => (await noticesOf()).every((n: { lastError: unknown }) => n.lastError !== null))
    const byChannel = new Map((await noticesOf()).map((n: { channel: string }) => [n.channel, n]))
    expect(byChannel.get('email')).toMatchObject({
      deliveredAt: null,
      lastError: expect.stringContaining('451'),
      nextAttemptAt: expect.any(String),
    })
    expect(byChannel.get('webhook')).toMatchObject({ lastError: 'the webhook answered 503' })
    failing = 0
    mail.failNext(0)
    await until(async () =>
      (await noticesOf()).every((n: { deliveredAt: unknown }) => n.deliveredAt !== null),
    )
    await call('oli', 'post', `/break-glass/${json.uid}/close`)
    await call('ada', 'post', `/break-glass/${json.uid}/review`, { note: 'a test of the notices' })
  })

  it('reads, within the guardrails and tenants, and its uses are counted', async () => {
    await settle(500)
    expect(await query('oli')).toBe(200)
    await until(async () => (await call('aud', 'get', '/break-glass')).json.items[0]?.requests === 1)
    const [{ uid, grantUid }] = (await call('aud', 'get', '/break-glass')).json.items
    await until(async () => (await eventsOf('X003W')).length > 0)
    expect(await eventsOf('X003W')).toMatchObject([
      {
        resource: { kind: 'break-glass', uid },
        actor: { kind: 'system' },
        detail: { openedBy: uidOf('oli'), grantUid, requests: 1, total: 1 },
      },
    ])
  })

  it('is listed until somebody else reviewed it', async () => {
    const [{ uid }] = (await call('aud', 'get', '/break-glass')).json.items
    for (const [who, status] of [
      ['oli', 403],
      ['aud', 403],
      ['tom', 404],
    ] as const)
      expect((await call(who, 'post', `/break-glass/${uid}/review`, { note: 'fine' })).status, who).toBe(
        status,
      )
    expect((await call('ada', 'post', `/break-glass/${uid}/review`, { note: '' })).status).toBe(400)
    const reviewed = await call('ada', 'post', `/break-glass/${uid}/review`, { note: 'fine' })
    expect([reviewed.status, reviewed.json.reviewedBy]).toEqual([200, uidOf('ada')])
    expect((await call('ben', 'post', `/break-glass/${uid}/review`, { note: 'again' })).status).toBe(409)
    expect((await call('aud', 'get', '/break-glass')).json.items).toEqual([])
    expect((await call('aud', 'get', '/break-glass?reviewed=all')).json.items).toHaveLength(2)
    expect((await call('eve', 'get', '/break-glass')).status).toBe(403)
    const own = await call('ada', 'post', '/break-glass', opening)
    expect((await call('ada', 'post', `/break-glass/${own.json.uid}/review`, { note: 'x' })).status).toBe(403)
  })

  it('is reviewed by nobody whom its opener made an administrator, however far around', async () => {
    const grants = (who: string, method: string, path: string, body?: unknown): Promise<ControlAnswer> =>
      world.call(method, `/api/v1${path}`, {
        cookie: people.get(who)?.cookie ?? '',
        ...(body === undefined ? {} : { body }),
      })
    const opened = (await call('ada', 'post', '/break-glass', opening)).json
    const review = async (who: string): Promise<number> =>
      (await call(who, 'post', `/break-glass/${opened.uid}/review`, { note: 'fine' })).status
    const give = async (by: string, to: object): Promise<string> => {
      const body = { subject: to, role: 'org-admin', where: { kind: 'org' } }
      const { status, json } = await grants(by, 'post', '/grants', body)
      expect(status, JSON.stringify(json)).toBe(201)
      expect(json.state).toBe('in force')
      return json.uid
    }
    // By a grant, by a team, and by somebody who was made one.
    const own = await give('ada', { kind: 'user', uid: uidOf('eve') })
    expect((await grants('ada', 'put', `/teams/admins/members/${uidOf('leo')}`)).status).toBeLessThan(300)
    await settle()
    const passedOn = await give('eve', { kind: 'user', uid: uidOf('aud') })
    const robot = await give('ada', { kind: 'service-account', uid: 'robot' })
    await settle()
    for (const who of ['eve', 'leo', 'aud']) expect(await review(who), who).toBe(403)
    const byRobot = await world.call('post', `/api/v1/access/break-glass/${opened.uid}/review`, {
      token: await world.token('health', 'robot'),
      body: { note: 'fine' },
    })
    expect(byRobot.status).toBe(403)
    expect(await review('ben')).toBe(200)
    for (const uid of [own, passedOn, robot]) await grants('ada', 'delete', `/grants/${uid}`)
    await grants('ada', 'delete', `/teams/admins/members/${uidOf('leo')}`)
    await call('ada', 'post', `/break-glass/${opened.uid}/close`)
    await settle()
  })

  it('is closed by who opened it or who revokes grants, and then reads nothing', async () => {
    const { json } = await call('oli', 'post', '/break-glass', opening)
    expect((await call('tom', 'post', `/break-glass/${json.uid}/close`)).status).toBe(404)
    expect((await call('leo', 'post', `/break-glass/${json.uid}/close`)).status).toBe(404)
    for (const { uid } of (await call('aud', 'get', '/break-glass?reviewed=all')).json.items)
      await call('ada', 'post', `/break-glass/${uid}/close`)
    expect((await call('oli', 'post', `/break-glass/${json.uid}/close`)).status).toBe(409)
    await settle()
    expect(await query('oli')).toBe(403)
  })

  it('is refused without the permission, a real reason, a place, or somebody to tell', async () => {
    for (const [who, change, status] of [
      ['eve', {}, 403],
      ['leo', {}, 403],
      ['oli', { reason: 'because' }, 400],
      ['oli', { hours: 9 }, 400],
      ['oli', { where: { kind: 'data-source', uid: 'nothing' } }, 404],
      ['oli', { where: { kind: 'org', uid: 'transport' } }, 404],
      ['tim', {}, 409],
    ] as const)
      expect((await call(who, 'post', '/break-glass', { ...opening, ...change })).status, who).toBe(status)
    expect(await query('tim')).toBe(403)
  })

  it('ends by itself, which is noted once', async () => {
    const { status, json } = await call('oli', 'post', '/break-glass', { ...opening, hours: 3 / 3_600 })
    expect(status).toBe(201)
    await settle(1_200)
    expect(await query('oli')).toBe(200)
    await settle(2_500)
    expect(await query('oli')).toBe(403)
    await until(async () => (await eventsOf('X002W')).length > 0)
    await settle(6_000)
    expect(await eventsOf('X002W')).toMatchObject([
      { resource: { kind: 'break-glass', uid: json.uid }, detail: { grantUid: json.grantUid } },
    ])
  })
})
