import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type AccessApiWorld, startAccessApiWorld } from '../support/access-api-world.ts'
import { callApi } from '../support/prometheus-api.ts'
import { type RecordingPrometheus, startRecordingPrometheus } from '../support/recording-prometheus.ts'

let world: AccessApiWorld
let shard: RecordingPrometheus
let port: string

const operator = 'platform/operator'
const idp = 'https://idp.example.org'

const sourceAt = (url: string, tenantLabel: string, more: object = {}) => ({
  uid: 'spyglass',
  name: 'Spyglass',
  tenantLabel,
  shards: [{ name: 's', tenants: ['eu'], replicas: [{ name: 'r', url }] }],
  ...more,
})

async function makeOrg(uid: string, tenants: readonly string[]): Promise<void> {
  const administrator = { issuer: idp, subject: `${uid}-boss` }
  const made = await world.as(operator, 'post', '/orgs', { body: { uid, name: uid, tenants, administrator } })
  expect([uid, made.status]).toEqual([uid, 201])
}

async function etagOf(path: string): Promise<Record<string, string>> {
  const { headers } = await world.as(operator, 'get', path)
  return { 'if-match': headers.get('etag') ?? '' }
}

const attach = (org: string, body: object) =>
  world.as(operator, 'post', `/orgs/${org}/data-sources`, { body })

async function detach(org: string, uid: string): Promise<void> {
  const path = `/orgs/${org}/data-sources/${uid}`
  expect((await world.as(operator, 'delete', path, { headers: await etagOf(path) })).status).toBe(200)
}

beforeAll(async () => {
  shard = await startRecordingPrometheus()
  port = new URL(shard.url).port
  world = await startAccessApiWorld()
  const shared = { uid: 'shared', name: 'Shared', tenantLabel: 'tenant' }
  const shards = [{ name: 's', tenants: ['health'], replicas: [{ name: 'r', url: shard.url }] }]
  expect((await attach('health', { ...shared, shards })).status).toBe(201)
  await makeOrg('spy', ['eu'])
})
afterAll(async () => {
  await world.close()
  await shard.close()
})

describe('a server that an org reaches', () => {
  it.each([
    ['as it is called there', 'http://127.0.0.1:'],
    ['in another spelling', 'http://0x7F.1:0'],
    ['by another protocol', 'https://127.0.0.1:'],
    ['by a name', 'http://LocalHost:'],
    ['as IPv6', 'http://[::ffff:7f00:1]:'],
  ])('is reached by no other through another tenant label: %s', async (_how, start) => {
    const { status, json } = await attach('spy', sourceAt(`${start}${port}`, 'region'))
    expect([status, json.detail]).toEqual([
      409,
      expect.stringMatching(/another org reaches .* through another/),
    ])
    expect(json.detail).not.toMatch(/health/)
  })

  it('nor below another path, nor as engine or Alertmanager', async () => {
    const elsewhere = 'http://127.0.0.1:9/none'
    for (const body of [
      sourceAt(`${shard.url}/other/path`, 'region'),
      sourceAt(elsewhere, 'region', { engineUrl: shard.url }),
      sourceAt(elsewhere, 'region', { alertmanagerUrl: shard.url }),
    ])
      expect((await attach('spy', body)).status).toBe(409)
  })

  it('is shared through the same label, and that label stays', async () => {
    expect((await attach('spy', sourceAt(shard.url, 'tenant'))).status).toBe(201)
    const path = '/orgs/spy/data-sources/spyglass'
    const { uid: _uid, ...body } = sourceAt(shard.url, 'region')
    const put = await world.as(operator, 'put', path, { body, headers: await etagOf(path) })
    expect(put.status).toBe(409)
    expect((await world.as(operator, 'get', path)).json.tenantLabel).toBe('tenant')
    await detach('spy', 'spyglass')
  })

  it('is attached by one of two orgs that try at once through two labels', async () => {
    const fresh = await startRecordingPrometheus()
    await makeOrg('left', [])
    await makeOrg('right', [])
    const both = await Promise.all([
      attach('left', { ...sourceAt(fresh.url, 'one'), uid: 'raced' }),
      attach('right', { ...sourceAt(fresh.url, 'two'), uid: 'raced' }),
    ])
    await fresh.close()
    expect(both.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([201, 409])
  })

  it('is not opened by detaching it first, nor by going over another label', async () => {
    const own = await startRecordingPrometheus()
    const { shards } = sourceAt(own.url, '')
    expect((await attach('health', { uid: 'own', name: 'Own', shards })).status).toBe(201)
    const path = '/orgs/health/data-sources/own'
    const body = { name: 'Own', tenantLabel: 'region', shards }
    expect((await world.as(operator, 'put', path, { body, headers: await etagOf(path) })).status).toBe(200)
    await detach('health', 'own')
    await own.close()
    for (const label of ['region', 'elsewhere'])
      expect([label, (await attach('spy', sourceAt(own.url, label))).status]).toEqual([label, 409])
  })

  it('gives nothing where a conflict got into the database all the same', async () => {
    expect((await attach('spy', sourceAt('http://127.0.0.1:9', 'tenant'))).status).toBe(201)
    const token = await world.token('health', 'viewer')
    const ask = async () => callApi(world.base(), 'query', { token, parameters: { query: 'up' } })
    expect((await ask()).text).not.toMatch(/another tenant label/)
    await world.sql('alter table data_sources disable trigger claimed')
    await world.sql(`update data_sources set tenant_label = 'region' where org_uid = 'spy'`)
    await world.sql('alter table data_sources enable trigger claimed')
    await world.sql(`update data_sources set name = name || '!' where org_uid = 'health'`)
    await expect
      .poll(async () => (await ask()).text, { timeout: 10_000 })
      .toMatch(/another org reaches a server of this data source through another tenant label/)
    expect((await ask()).status).toBe(503)
    await world.sql(`delete from data_sources where org_uid = 'spy'`)
  })
})

describe('a server under another name', () => {
  const asked = async (org: string, dataSource: string) => {
    const token = await world.token(org, 'viewer')
    return callApi(world.base(dataSource), 'query', { token, parameters: { query: 'up' } })
  }
  const contested = /another org reaches a server of this data source through another tenant label/

  it('gives nothing, neither through it nor where it was first', async () => {
    expect((await attach('spy', sourceAt('http://127.0.0.1:19', 'region'))).status).toBe(201)
    for (const host of ['LOCALHOST', '[::ffff:7f00:1]', '127.1.2.3']) {
      await world.sql(`alter table replicas disable trigger claimed`)
      await world.sql(`update replicas set url = 'http://${host}:${port}' where org_uid = 'spy'`)
      await world.sql(`alter table replicas enable trigger claimed`)
      await world.sql(`update data_sources set name = name || '!' where org_uid in ('health', 'spy')`)
      await expect
        .poll(async () => [host, (await asked('health', 'shared')).status], { timeout: 10_000 })
        .toEqual([host, 503])
      expect((await asked('health', 'shared')).text).toMatch(contested)
    }
    await world.sql(`delete from data_sources where org_uid = 'spy'`)
    await world.sql(`update data_sources set name = 'Shared' where org_uid = 'health'`)
    await expect
      .poll(async () => (await asked('health', 'shared')).text, { timeout: 10_000 })
      .not.toMatch(contested)
  })
})

describe('a tenant', () => {
  it('goes from one org to another by access files only, even when its org gave it up or is gone', async () => {
    await makeOrg('heir', [])
    await makeOrg('giver', ['asset', 'legacy'])
    const put = async (org: string, tenants: readonly string[]) =>
      world.as(operator, 'put', `/orgs/${org}`, {
        body: { name: org, tenants },
        headers: await etagOf(`/orgs/${org}`),
      })
    expect((await put('heir', ['asset'])).status).toBe(409)
    expect((await put('giver', ['legacy'])).status).toBe(200)
    expect(await put('heir', ['asset'])).toMatchObject({
      status: 409,
      json: { detail: expect.stringMatching(/only access files move it/) },
    })
    expect((await put('giver', ['asset', 'legacy'])).status).toBe(200)
    const headers = await etagOf('/orgs/giver')
    expect((await world.as(operator, 'delete', '/orgs/giver', { headers })).status).toBe(200)
    expect((await put('heir', ['legacy'])).status).toBe(409)
    await world.apply(
      'apiVersion: gatehouse/v1\nkind: Access\norgs: [{ uid: museum, name: Museum, tenants: [legacy] }]',
    )
  })
})

describe('operators', () => {
  it('appoint nobody of the platform’s org: not themselves, not a colleague, not through a service account', async () => {
    for (const subject of ['olga', 'otto']) {
      await world.sql(`select recognise_user($1, $2, $1, $1, null)`, [subject, idp])
      await world.sql(
        `insert into memberships (org_uid, user_uid, source) values ('platform', $1, 'manual')`,
        [subject],
      )
    }
    await world.sql(
      `insert into grants (org_uid, uid, user_uid, role) values ('platform', 'g-olga', 'olga', 'operator')`,
    )
    const { cookie } = await world.person('platform', 'olga', [])
    const body = (subject: string) => ({
      uid: 'mine',
      name: 'Mine',
      tenants: [],
      administrator: { issuer: idp, subject },
    })
    for (const subject of ['olga', 'otto']) {
      const own = await world.call('post', '/api/v1/orgs', { cookie, body: body(subject) })
      const byAccount = await world.as(operator, 'post', '/orgs', { body: body(subject) })
      expect([subject, own.status, byAccount.status]).toEqual([subject, 403, 403])
    }
    expect((await world.as(operator, 'get', '/orgs/mine')).status).toBe(404)
  })

  it('grant nothing in an org they manage, not even to service accounts', async () => {
    const grant = {
      subject: { kind: 'service-account', uid: 'operator' },
      role: 'viewer',
      where: { kind: 'org' },
    }
    expect((await world.as(operator, 'post', '/grants', { body: grant })).status).toBe(403)
    expect((await world.as(operator, 'post', '/service-accounts', { body: { name: 'Mine' } })).status).toBe(
      403,
    )
    expect((await world.as(operator, 'post', '/orgs/health/grants', { body: grant })).status).toBe(404)
  })

  it('are named, with their org, in the log of the org they touch: its administrator and its data sources', async () => {
    const administrator = { issuer: idp, subject: 'ward-boss' }
    const body = { uid: 'ward', name: 'Ward', tenants: [], administrator }
    const made = await world.as(operator, 'post', '/orgs', { body })
    const attached = await attach('ward', {
      ...sourceAt('http://127.0.0.1:9', 'tenant'),
      shards: sourceAt('http://127.0.0.1:9', '').shards,
    })
    const boss = await world.person('ward', 'ward-boss', [])
    for (const [answer, code] of [
      [made, 'A013I'],
      [attached, 'C001I'],
    ] as const) {
      const [event] = await world.auditOf(answer.requestId)
      const seen = await world.call('get', `/api/v1/audit/events/${event?.id}`, { cookie: boss.cookie })
      expect(seen.json.event).toMatchObject({
        identity: { uid: 'operator', name: 'Operator' },
        event: { code, actor: { kind: 'service-account' }, detail: { actorOrg: 'platform' } },
      })
    }
    const [appointed] = await world.auditOf(made.requestId)
    expect(appointed?.detail).toMatchObject({ administrator: boss.uid })
  })
})
