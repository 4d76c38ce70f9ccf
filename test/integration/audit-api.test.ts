import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { eventProofSchema, verifyEventProof } from '@gatehouse/audit'
import {
  generateSigningKey,
  labelValueHash,
  loadPublicKey,
  sha256,
  verifyExportFile,
  verifySignature,
} from '@gatehouse/store'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type ControlAnswer, type ControlWorld, startControlWorld } from '../support/control-world.ts'

const accounts = ['auditor', 'operator', 'viewer', 'revealer', 'reader'] as const
const org = (uid: string): string => `
  - uid: ${uid}
    name: Agency ${uid}
    tenants: [${uid}]
    serviceAccounts:${accounts.map((account) => `\n      - { uid: ${account}, name: "${account} of ${uid}" }`).join('')}
    roles: [{ name: revealer, version: 1, permissions: [audit:list, audit:read, audit:reveal] }]
    dataSources:
      - { uid: metrics, name: Metrics, shards: [{ name: s, tenants: [${uid}], replicas: [{ name: r, url: 'http://127.0.0.1:9' }] }] }
    grants:
      - { serviceAccount: auditor, role: auditor }
      - { serviceAccount: operator, role: operator }
      - { serviceAccount: viewer, role: viewer }
      - { serviceAccount: reader, role: viewer }
      - { serviceAccount: revealer, role: revealer }`
const access = `apiVersion: gatehouse/v1\nkind: Access\norgs:${org('health')}${org('transport')}
  - uid: platform
    name: Platform
    platform: true
    serviceAccounts: [{ uid: auditor, name: Auditor }, { uid: operator, name: Operator }]
    grants: [{ serviceAccount: auditor, role: auditor }, { serviceAccount: operator, role: operator }]
`

const key = generateSigningKey()
const labelKey = Buffer.alloc(32, 7)
let world: ControlWorld
let dir: string
const tokens = new Map<string, string>()

async function as(
  who: string,
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<ControlAnswer> {
  const [orgUid = '', account = ''] = who.split('/')
  const token = tokens.get(who) ?? (await world.token(orgUid, account))
  tokens.set(who, token)
  return world.call(method, `/api/v1/audit${path}`, {
    token,
    headers,
    ...(body === undefined ? {} : { body }),
  })
}

/** Asks until the answer is as it should be, for what happens in the background. */
async function until(ask: () => Promise<ControlAnswer>, isReady: (json: ControlAnswer['json']) => boolean) {
  for (let attempt = 0; attempt < 150; attempt++) {
    const answer = await ask()
    if (answer.status === 200 && isReady(answer.json)) return answer.json
    await new Promise((done) => setTimeout(done, 100))
  }
  throw new Error('it did not become so')
}

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'gatehouse-audit-'))
  writeFileSync(join(dir, 'seal.pem'), key.privatePem)
  writeFileSync(join(dir, 'labels'), labelKey.toString('base64'))
  world = await startControlWorld({
    access,
    control: { trustProxy: ['loopback'] },
    audit: {
      signingKeyFile: join(dir, 'seal.pem'),
      sealEvery: '1s',
      sinks: [{ kind: 'webhook', name: 'siem', url: 'http://127.0.0.1:9/events' }],
      labelValues: { keyFile: join(dir, 'labels'), keep: ['tenant'], orgs: ['health'] },
    },
  })
  for (const uid of ['health', 'transport']) {
    const authorization = `Bearer ${await world.token(uid, 'viewer')}`
    for (const query of ['up{patient="Ann"}', 'sum(rate(visits_total[5m]))', 'sum(']) {
      const url = `${world.base()}/api/v1/query?query=${encodeURIComponent(query)}`
      await fetch(url, { headers: { authorization, 'x-dashboard-uid': 'wards' } })
    }
  }
  await until(
    () => as('platform/auditor', 'get', '/events?codes=Q&org=*'),
    ({ items }) => items.length === 6,
  )
})
afterAll(async () => {
  await world.close()
  rmSync(dir, { recursive: true })
})

const ids = ({ json }: ControlAnswer): string[] =>
  json.items.map((i: { event: { id: string } }) => i.event.id)

describe('searching', () => {
  it('finds one’s own org’s events by every filter, page by page', async () => {
    const all = await as('health/auditor', 'get', '/events?codes=Q')
    expect(all.json.items.map((i: { org: string }) => i.org)).toEqual(['health', 'health', 'health'])
    expect(all.json.items[0]).toMatchObject({
      title: expect.any(String),
      class: 'query',
      isRedacted: false,
      identity: { uid: 'viewer', name: 'viewer of health' },
      event: { request: { query: expect.any(String) } },
    })
    const first = await as('health/auditor', 'get', '/events?codes=Q&limit=2')
    const next = await as('health/auditor', 'get', `/events?codes=Q&limit=2&cursor=${first.json.next}`)
    expect([...ids(first), ...ids(next)]).toEqual(ids(all))
    expect(next.json.next).toBeNull()
    const oldest = await as('health/auditor', 'get', '/events?codes=Q&order=oldest')
    expect(ids(oldest)).toEqual(ids(all).toReversed())
  })

  const now = Date.now()
  const past = new Date(now - 3_600_000).toISOString()
  const future = new Date(now + 3_600_000).toISOString()
  it.each([
    [`from=${past}&to=${future}&codes=Q`, 3],
    [`from=${future}`, 0],
    ['actor=viewer&codes=Q', 3],
    ['actor=nobody', 0],
    ['action=datasources:query&codes=Q', 3],
    ['results=denied,failed&codes=Q', 3],
    ['results=allowed&codes=Q', 0],
    ['classes=query&codes=Q', 3],
    ['classes=identity', 0],
    ['metric=visits_total', 1],
    ['dashboard=wards', 3],
    ['address=127.0.0.1&codes=Q', 3],
    ['address=192.0.2.1', 0],
    ['text=visits_total%20rate&codes=Q', 1],
    ['text=viewer%20of&codes=Q', 3],
    ['minDurationMs=1000000', 0],
    ['minBytes=1000000', 0],
    ['dataSource=metrics&metric=visits_total', 1],
    ['token=nothing', 0],
  ])('takes %s', async (query, count) => {
    const { status, json } = await as('health/auditor', 'get', `/events?${query}`)
    expect([status, json.items?.length]).toEqual([200, count])
  })

  it('finds by token', async () => {
    const all = await as('health/auditor', 'get', '/events?codes=Q')
    const token = all.json.items[0].event.actor.credential.id
    expect((await as('health/auditor', 'get', `/events?token=${token}&codes=Q`)).json.items).toHaveLength(3)
  })

  it.each([
    'limit=0',
    'limit=501',
    'results=maybe',
    'codes=%27',
    'from=yesterday',
    'cursor=x',
    'x=1',
    'order=random',
    'text=',
  ])('refuses %s', async (query) => {
    expect((await as('health/auditor', 'get', `/events?${query}`)).status).toBe(400)
  })

  it('counts over time', async () => {
    const range = `from=${encodeURIComponent(past)}&to=${encodeURIComponent(future)}`
    const sum = (bars: { events: number }[]): number => bars.reduce((all, { events }) => all + events, 0)
    const narrowed = await as('health/auditor', 'get', `/histogram?${range}&codes=Q`)
    expect(sum(narrowed.json.bars)).toBe(3)
    const counted = await as(
      'health/auditor',
      'get',
      `/histogram?${range}&results=failed,denied&classes=query`,
    )
    expect(sum(counted.json.bars)).toBeGreaterThanOrEqual(3)
    expect((await as('health/auditor', 'get', '/histogram')).status).toBe(400)
  })
})

describe('whose log it is', () => {
  it('is one’s own org’s, for everybody but the platform', async () => {
    const own = ids(await as('health/auditor', 'get', '/events?limit=500'))
    const [foreign] = ids(await as('transport/auditor', 'get', '/events?codes=Q'))
    expect(own).not.toContain(foreign)
    expect((await as('health/auditor', 'get', `/events/${foreign}`)).status).toBe(404)
    expect((await as('health/auditor', 'get', `/events/${foreign}/proof`)).status).toBe(404)
    for (const other of ['transport', '*', 'nowhere', 'platform']) {
      const paths = ['/events', '/views', '/status', '/verifications', '/exports']
      for (const path of paths) {
        const { status, json } = await as('health/auditor', 'get', `${path}?org=${other}`)
        expect([path, other, status, json.detail]).toEqual([path, other, 404, 'there is no such org'])
      }
    }
    expect((await as('health/auditor', 'get', '/events?org=health')).status).toBe(200)
  })

  it('is any, for auditors of the platform; what they read is in the log they read', async () => {
    const all = await as('platform/auditor', 'get', '/events?codes=Q&org=*')
    expect(new Set(all.json.items.map((i: { org: string }) => i.org))).toEqual(
      new Set(['health', 'transport']),
    )
    const { requestId, json } = await as('platform/auditor', 'get', '/events?codes=Q&org=health')
    expect(json.items).toHaveLength(3)
    expect((await as('platform/auditor', 'get', '/events?org=nowhere')).status).toBe(404)
    const [event] = await world.auditOf(requestId)
    expect(event).toMatchObject({ code: 'E001I', orgUid: 'health', detail: { filter: { codes: ['Q'] } } })
    const reads = await until(
      () => as('health/auditor', 'get', '/events?codes=E001I&actor=auditor'),
      ({ items }) => items.some((i: { event: { requestId: string } }) => i.event.requestId === requestId),
    )
    expect(JSON.stringify(reads)).toContain('"Auditor"')
  })

  it('refuses a free text without a word, which would match everything', async () => {
    for (const path of ['/events?', '/histogram?from=2026-01-01T00:00:00Z&to=2026-02-01T00:00:00Z&'])
      expect((await as('health/auditor', 'get', `${path}text=%22-%25`)).status).toBe(400)
  })

  it('tells in metrics how sinks, seals and the spool fare', async () => {
    const scrape = async (): Promise<string> => (await fetch(`${world.control.url}/metrics`)).text()
    await expect.poll(scrape, { timeout: 20_000 }).toMatch(/^gatehouse_audit_sink_failing\{sink="siem"\} 1$/m)
    const page = await scrape()
    expect(page).toMatch(/^gatehouse_audit_sink_lag_seconds\{sink="siem"\} [0-9.]+$/m)
    expect(page).toMatch(/^gatehouse_audit_sink_sent\{sink="siem"\} 0$/m)
    expect(page).toMatch(/^gatehouse_audit_checkpoint [1-9]\d*$/m)
    expect(page).toMatch(/^gatehouse_audit_unsealed_events \d+$/m)
    expect(page).toMatch(/^gatehouse_audit_spool_max_bytes [1-9]\d*$/m)
  })

  it('shows operators who did what and when, not what was asked', async () => {
    for (const who of ['health/operator', 'platform/operator']) {
      const { json } = await as(who, 'get', '/events?codes=Q&org=health')
      expect(json.items).toHaveLength(3)
      expect(json.items[0]).toMatchObject({ isRedacted: true, identity: { uid: 'viewer' } })
      expect(JSON.stringify(json)).not.toMatch(/visits_total|sum\(|Ann|h_[0-9a-f]{32}|wards|patient/)
      const { json: one } = await as(who, 'get', `/events/${json.items[0].event.id}?org=health`)
      expect(JSON.stringify(one)).not.toMatch(/visits_total|sum\(|wards|patient/)
      for (const hidden of ['text=visits_total', 'metric=visits_total', 'dashboard=wards'])
        for (const path of ['/events?', `/histogram?from=2026-01-01T00:00:00Z&to=2026-02-01T00:00:00Z&`])
          expect([hidden, (await as(who, 'get', `${path}${hidden}&org=health`)).status]).toEqual([
            hidden,
            403,
          ])
      expect((await as(who, 'get', `/events/${json.items[0].event.id}/proof`)).status).toBe(403)
      // A hash would tell whether a guess of what was asked is right.
      const { json: state } = await as(who, 'get', '/status?org=health')
      for (const { hash, prev } of [...json.items, one.event, one.before, ...state.chains])
        expect([hash, prev ?? null]).toEqual([null, null])
      expect((await as(who, 'post', '/exports', { format: 'csv' })).status).toBe(403)
    }
  })

  it('is nobody else’s', async () => {
    const [id] = ids(await as('health/auditor', 'get', '/events?codes=Q'))
    const calls: [string, string, unknown?][] = [
      ['get', '/events'],
      ['get', `/events/${id}`],
      ['get', `/events/${id}/proof`],
      ['get', '/histogram?from=2026-01-01T00:00:00Z&to=2026-02-01T00:00:00Z'],
      ['get', '/views'],
      ['get', '/status'],
      ['get', '/exports'],
      ['get', '/verifications'],
      ['post', '/exports', { format: 'csv' }],
      ['post', '/verifications', {}],
      ['post', '/views', { name: 'A', filter: {} }],
      ['post', '/reveal', { hashes: ['h_'.padEnd(34, '0')], reason: 'because of this' }],
    ]
    for (const [method, path, body] of calls) {
      const { status, requestId } = await as('health/viewer', method, path, body)
      expect([path, status]).toEqual([path, 403])
      const [event] = await world.auditOf(requestId)
      expect(event).toMatchObject({ orgUid: 'health', outcome: { result: 'denied' } })
    }
  })
})

describe('an event', () => {
  it('comes with its neighbours, and a proof that anybody can check', async () => {
    const found = await as('health/auditor', 'get', '/events?codes=Q&order=oldest')
    const id = found.json.items[1].event.id
    const { json } = await as('health/auditor', 'get', `/events/${id}`)
    expect(json.before.hash).toBe(json.event.prev)
    expect(json.after.prev).toBe(json.event.hash)
    const proof = await until(
      () => as('health/auditor', 'get', `/events/${id}/proof`),
      () => true,
    )
    const trusted = [loadPublicKey(key.publicPem)]
    const check = (value: unknown) =>
      verifyEventProof(eventProofSchema.parse(value), trusted, { sha256, verify: verifySignature })
    expect(check(proof)).toBeUndefined()
    expect(JSON.stringify(proof)).not.toContain('transport')
    proof.record.event.outcome.result = 'allowed'
    expect(check(proof)).toMatchObject({ fault: 'edited' })
  })

  it.each(['00000000-0000-4000-8000-000000000000', 'ffffffff-ffff-4fff-8fff-ffffffffffff'])(
    'that is not there is not found: %s',
    async (id) => {
      expect((await as('health/auditor', 'get', `/events/${id}`)).status).toBe(404)
    },
  )
})

describe('saved views', () => {
  it('are one’s own, or shared with the org', async () => {
    const filter = { results: ['denied'], codes: ['Q'] }
    const mine = await as('health/auditor', 'post', '/views', { name: 'Mine', filter })
    expect(mine).toMatchObject({ status: 201, json: { name: 'Mine', filter, isShared: false, isOwn: true } })
    const shared = await as('health/auditor', 'post', '/views', { name: 'Ours', filter, isShared: true })
    expect((await as('health/auditor', 'post', '/views', { name: 'Mine', filter })).status).toBe(409)
    const names = async (who: string): Promise<string[]> =>
      (await as(who, 'get', '/views')).json.items.map((view: { name: string }) => view.name)
    expect(await names('health/auditor')).toEqual(['Mine', 'Ours'])
    expect(await names('health/revealer')).toEqual(['Ours'])
    expect(await names('transport/auditor')).toEqual([])
    const { uid } = shared.json
    const change = { name: 'Ours too', filter: { text: 'ward' }, isShared: false }
    expect((await as('transport/auditor', 'put', `/views/${uid}`, change)).status).toBe(404)
    expect((await as('health/revealer', 'put', `/views/${mine.json.uid}`, change)).status).toBe(404)
    const seenBy = async (who: string) => ({
      'if-match': (await as(who, 'get', `/views/${uid}`)).headers.get('etag') ?? '',
    })
    const stale = { 'if-match': '"stale"' }
    expect((await as('health/revealer', 'put', `/views/${uid}`, change, stale)).status).toBe(412)
    const base = await seenBy('health/revealer')
    expect((await as('health/revealer', 'put', `/views/${uid}`, change, base)).json).toMatchObject({
      name: 'Ours too',
      isShared: true,
      isOwn: false,
    })
    expect(await names('health/operator')).toEqual([])
    expect((await as('transport/auditor', 'delete', `/views/${uid}`)).status).toBe(404)
    expect((await as('health/auditor', 'delete', `/views/${uid}`)).status).toBe(400)
    const gone = await as(
      'health/auditor',
      'delete',
      `/views/${uid}`,
      undefined,
      await seenBy('health/auditor'),
    )
    expect(gone.status).toBe(200)
    const events = await world.auditOf(gone.requestId)
    expect(events).toMatchObject([{ code: 'E012I', detail: { verb: 'delete', name: 'Ours too' } }])
  })
})

describe('exports', () => {
  const finished = (who: string, uid: string) =>
    until(
      () => as(who, 'get', `/exports/${uid}`),
      ({ state }) => state === 'done',
    )

  async function downloaded(who: string, uid: string): Promise<Buffer> {
    const headers = { authorization: `Bearer ${tokens.get(who)}` }
    const answer = await fetch(`${world.control.url}/api/v1/audit/exports/${uid}/content`, { headers })
    expect(answer.headers.get('content-type')).toBe('application/gzip')
    expect(answer.headers.get('content-disposition')).toMatch(
      /^attachment; filename="audit-health-[\d-]+\.\w+\.gz"$/,
    )
    return gunzipSync(Buffer.from(await answer.arrayBuffer()))
  }

  it('as NDJSON are made in the background and verify with nothing but the key', async () => {
    const asked = await as('health/auditor', 'post', '/exports', { format: 'ndjson' })
    expect(asked).toMatchObject({ status: 202, json: { state: 'queued', expiresAt: expect.any(String) } })
    const { uid } = asked.json
    await finished('health/auditor', uid)
    const file = join(dir, 'export.ndjson')
    writeFileSync(file, await downloaded('health/auditor', uid))
    const manifest = await as('health/auditor', 'get', `/exports/${uid}/manifest`)
    writeFileSync(`${file}.json`, JSON.stringify(manifest.json))
    const report = await verifyExportFile(file, `${file}.json`, [loadPublicKey(key.publicPem)])
    expect(report.findings).toEqual([])
    expect(report.events).toBeGreaterThan(3)
    for (const path of ['', '/manifest', '/content'])
      expect((await as('transport/auditor', 'get', `/exports/${uid}${path}`)).status).toBe(404)
    expect((await as('health/auditor', 'post', `/exports/${uid}/cancel`)).status).toBe(409)
    const events = await until(
      () => as('health/auditor', 'get', '/events?codes=E003I,E004I'),
      ({ items }) => items.length >= 3,
    )
    expect(new Set(events.items.map((i: { event: { code: string } }) => i.event.code))).toEqual(
      new Set(['E003I', 'E004I']),
    )
  })

  it('as CSV have a line for every match', async () => {
    const filter = { codes: ['Q'], metric: 'visits_total' }
    const { json } = await as('health/auditor', 'post', '/exports', { format: 'csv', filter })
    await finished('health/auditor', json.uid)
    const lines = (await downloaded('health/auditor', json.uid)).toString().trim().split('\n')
    expect(lines).toHaveLength(2)
    expect((await as('health/auditor', 'get', `/exports/${json.uid}/manifest`)).status).toBe(404)
  })

  it('can be cancelled, and cannot pile up', async () => {
    // As if other exports kept the process busy.
    await world.sql(
      `insert into audit_exports (uid, org_uid, format, filter, requested_by, state)
       select 'x-busy-' || n, 'health', 'csv', '{}', 'auditor', 'running' from generate_series(1, 5) n`,
    )
    expect((await as('health/auditor', 'post', '/exports', { format: 'csv' })).status).toBe(429)
    const cancelled = await as('health/auditor', 'post', '/exports/x-busy-1/cancel')
    expect(cancelled).toMatchObject({ status: 200, json: { state: 'cancelled' } })
    expect((await as('health/auditor', 'get', '/exports/x-busy-1/content')).status).toBe(409)
    expect(await world.auditOf(cancelled.requestId)).toMatchObject([{ code: 'E015I' }])
    await world.sql(`update audit_exports set state = 'cancelled' where uid like 'x-busy-%'`)
  })
})

describe('verifying', () => {
  it('happens in the background, and what it finds is an event', async () => {
    const asked = await as('health/auditor', 'post', '/verifications')
    expect(asked).toMatchObject({ status: 202, json: { org: 'health' } })
    const path = `/verifications/${asked.json.uid}`
    const done = await until(
      () => as('health/auditor', 'get', path),
      ({ state }) => state === 'done',
    )
    expect(done.report).toMatchObject({ findings: [], events: expect.any(Number) })
    expect((await as('transport/auditor', 'get', path)).status).toBe(404)
    const { json: status } = await as('health/auditor', 'get', '/status')
    expect(status).toMatchObject({
      verification: { findings: [] },
      key: { id: loadPublicKey(key.publicPem).id },
      checkpoint: { number: expect.any(Number) },
      gaps: [],
      spool: { refusing: null },
    })
    expect(new Set(status.chains.map((chain: { org: string }) => chain.org))).toEqual(new Set(['health']))
    await until(
      () => as('health/auditor', 'get', '/events?codes=E005I'),
      ({ items }) => items.length === 1,
    )
  })

  it('names the first bad event', async () => {
    const [victim] = ids(await as('transport/auditor', 'get', '/events?codes=Q&order=oldest'))
    await world.sql('alter table audit_events disable trigger append_only')
    await world.sql(
      `update audit_events set event = jsonb_set(event, '{outcome,result}', '"allowed"') where id = $1`,
      [victim],
    )
    const asked = await as('transport/auditor', 'post', '/verifications')
    const done = await until(
      () => as('transport/auditor', 'get', `/verifications/${asked.json.uid}`),
      ({ state }) => state === 'done',
    )
    expect(done.report.findings).toMatchObject([{ fault: 'edited', org: 'transport', id: victim }])
    const own = await as('health/auditor', 'post', '/verifications')
    const ownDone = await until(
      () => as('health/auditor', 'get', `/verifications/${own.json.uid}`),
      ({ state }) => state === 'done',
    )
    expect(ownDone.report.findings).toEqual([])
  })
})

describe('revealing', () => {
  it('shows label values with a reason, to who may, in one’s own org', async () => {
    const hash = labelValueHash(labelKey, 'health', 'patient', 'Ann')
    const reason = 'Complaint 17: whose record was read'
    const body = { hashes: [hash], reason }
    const answer = await as('health/revealer', 'post', '/reveal', body)
    expect(answer.json).toEqual({ values: [{ hash, label: 'patient', value: 'Ann' }] })
    expect(await world.auditOf(answer.requestId)).toMatchObject([
      { code: 'E006I', orgUid: 'health', detail: { hashes: [hash], reason } },
    ])
    expect((await as('transport/revealer', 'post', '/reveal', body)).json).toEqual({ values: [] })
    expect((await as('health/auditor', 'post', '/reveal', body)).status).toBe(403)
    expect((await as('platform/auditor', 'post', '/reveal?org=health', body)).status).toBe(404)
    expect((await as('health/revealer', 'post', '/reveal', { ...body, reason: 'why' })).status).toBe(400)
  })
})
