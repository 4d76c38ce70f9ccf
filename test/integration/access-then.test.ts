import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type AccessApiWorld, startAccessApiWorld } from '../support/access-api-world.ts'
import type { ControlAnswer } from '../support/control-world.ts'

let world: AccessApiWorld
let ann: { cookie: string; uid: string }

const admin = 'health/org-admin'
const metrics = { kind: 'data-source', uid: 'metrics' }
const query = { action: 'datasources:query', resource: metrics }

async function ok(answer: Promise<ControlAnswer>): Promise<ControlAnswer> {
  const got = await answer
  expect([got.status, got.json?.detail]).toEqual([expect.toSatisfy((status) => status < 300), undefined])
  return got
}

async function send(method: string, path: string, body?: unknown): Promise<ControlAnswer> {
  const headers: Record<string, string> = {}
  if (method === 'put' || method === 'delete') {
    const etag = (await world.as(admin, 'get', path)).headers.get('etag')
    if (etag !== null) headers['if-match'] = etag
  }
  return ok(world.as(admin, method, path, { ...(body === undefined ? {} : { body }), headers }))
}

/** A moment after everything so far and before everything to come. */
async function moment(): Promise<string> {
  await sleep(20)
  const at = new Date().toISOString()
  await sleep(20)
  return at
}

const explain = (more: object, who = admin) =>
  world.as(who, 'post', '/access/explain', {
    body: { ...query, principal: { kind: 'user', uid: ann.uid }, ...more },
  })
const holders = async (more: object, who = admin): Promise<readonly { uid: string }[]> =>
  (await ok(world.as(who, 'post', '/access/who?limit=1000', { body: { ...query, ...more } }))).json.items

beforeAll(async () => {
  world = await startAccessApiWorld()
  ann = await world.person('health', 'health-ann', ['health-crew'])
})
afterAll(() => world.close())

describe('who could, at a time that is past', () => {
  it('is answered by the grants of then', async () => {
    const before = await moment()
    const grant = { subject: { kind: 'team', uid: 'crew' }, role: 'viewer', where: { kind: 'org' } }
    const { json } = await send('post', '/grants', grant)
    const during = await moment()
    await ok(world.as(admin, 'delete', `/grants/${json.uid}`))
    const says = async (asked: object) => (await ok(explain(asked))).json.allowed
    expect([await says({ at: before }), await says({ at: during })]).toEqual([false, true])
    await expect.poll(() => says({ at: during, settings: 'now' }), { timeout: 5_000 }).toBe(false)
    expect(await says({})).toBe(false)
    const uids = async (at: string) => (await holders({ at })).map(({ uid }) => uid)
    expect((await uids(during)).includes(ann.uid)).toBe(true)
    expect((await uids(before)).includes(ann.uid)).toBe(false)
  })

  it('is answered by the teams, roles and accounts of then', async () => {
    const role = (permissions: readonly string[], version: number) => ({ name: 'seer', version, permissions })
    await send('post', '/roles', role(['datasources:query'], 1))
    const grant = { subject: { kind: 'team', uid: 'spare' }, role: 'seer', where: { kind: 'org' } }
    await send('post', '/grants', grant)
    await ok(world.as(admin, 'put', `/teams/spare/members/${ann.uid}`))
    const inTeam = await moment()
    await ok(world.as(admin, 'delete', `/teams/spare/members/${ann.uid}`))
    const outside = await moment()
    await ok(world.as(admin, 'put', `/teams/spare/members/${ann.uid}`))
    const { name: _name, ...less } = role(['datasources:read'], 2)
    await send('put', '/roles/seer', less)
    const lessRole = await moment()
    const said: unknown[] = []
    for (const at of [inTeam, outside, lessRole]) {
      const { json } = await ok(explain({ at }))
      said.push([json.allowed, json.firstFailing])
    }
    expect(said).toEqual([
      [true, null],
      [false, 'subject'],
      [false, 'permission'],
    ])
    await world.sql('update users set disabled = true where uid = $1', [ann.uid])
    const disabled = await moment()
    await world.sql('update users set disabled = false where uid = $1', [ann.uid])
    expect((await ok(explain({ at: disabled }))).json.firstFailing).toBe('account')
  })

  it('is refused for times nobody can know of', async () => {
    const { status, json } = await explain({ at: '2020-01-01T00:00:00Z' })
    expect([status, json.detail]).toEqual([400, expect.stringMatching(/known since/)])
  })

  it('is of no other org, and nobody changes it', async () => {
    await expect(world.pool.query('delete from policy_history')).rejects.toMatchObject({ code: '42501' })
    expect((await world.pool.query('select 1 from policy_history')).rows).toEqual([])
  })
})

describe('what dashboards give', () => {
  const covered = { selector: '{__name__="requests_total",env="prod"}' }

  beforeAll(async () => {
    const content = {
      title: 'Board',
      panels: [{ title: 'P', targets: [{ expr: 'rate(requests_total{env="prod"}[5m])' }] }],
    }
    const board = await send('post', '/dashboards', { uid: 'board', content })
    const headers = { 'if-match': board.headers.get('etag') ?? '"1"' }
    await ok(
      world.as(admin, 'put', '/dashboards/board/approval', { body: { dataSources: ['metrics'] }, headers }),
    )
    await send('post', '/roles', { name: 'opener', version: 1, permissions: ['dashboards:read'] })
    const grant = {
      subject: { kind: 'team', uid: 'crew' },
      role: 'opener',
      where: { kind: 'dashboard', uid: 'board' },
    }
    await send('post', '/grants', grant)
  })

  it('is in why: the dashboard and just those of its queries that read the selector', async () => {
    await expect.poll(async () => (await explain(covered)).json.dashboards.length, { timeout: 5_000 }).toBe(1)
    const { json } = await ok(explain(covered))
    expect(json.allowed).toBe(false)
    expect(json.dashboards).toEqual([
      {
        uid: 'board',
        title: 'Board',
        queries: [{ where: expect.any(String), text: 'rate(requests_total{env="prod"}[5m])' }],
        grants: [expect.any(String)],
        constraints: expect.objectContaining({ selectors: [expect.stringContaining('tenant="health"')] }),
        overlap: 'some',
      },
    ])
    expect((await ok(explain({ selector: '{__name__="secrets_total"}' }))).json.dashboards).toEqual([])
    const byOneself = await world.call('post', '/api/v1/access/explain', {
      cookie: ann.cookie,
      body: { ...query, ...covered },
    })
    expect(byOneself.json).toMatchObject({ allowed: false, paths: [], dashboards: [{ uid: 'board' }] })
  })

  it('is in who', async () => {
    const found = (await holders(covered)).find(({ uid }) => uid === ann.uid)
    expect(found).toMatchObject({
      onlyDashboards: true,
      because: [{ role: 'opener', via: 'dashboard:board', permission: 'datasources:query' }],
      overlap: 'some',
    })
    const others = await holders({ selector: '{__name__="secrets_total"}' })
    expect(others.map(({ uid }) => uid)).not.toContain(ann.uid)
  })

  it('is in what a change would do, without what the asker may not know', async () => {
    const body = { guardrails: [{ selector: '{pii="yes"}' }] }
    const annIn = async (who: string) => {
      const { json } = await ok(world.as(who, 'post', '/access/preview?limit=1000', { body }))
      return json.items.find(({ uid }: { uid: string }) => uid === ann.uid)?.series
    }
    const queries = ['datasources:query']
    const view = (selector: string) => ({
      selectors: [expect.stringContaining(selector)],
      onlyDashboards: true,
    })
    expect(await annIn(admin)).toMatchObject([
      {
        dataSource: 'metrics',
        actions: queries,
        change: 'narrowed',
        before: view('requests_total'),
        after: view('pii!="yes"'),
      },
    ])
    const hidden = {
      selectors: [],
      words: ['series of dashboards that you may not open'],
      onlyDashboards: true,
    }
    expect(await annIn('health/auditor')).toEqual([
      { dataSource: 'metrics', actions: queries, change: 'narrowed', before: hidden, after: hidden },
    ])
  })

  it('names no dashboard to somebody who may not open it', async () => {
    const auditor = 'health/auditor'
    const board = await world.as(auditor, 'get', '/dashboards/board')
    expect(board.status).toBeGreaterThanOrEqual(403)
    const { json } = await ok(explain(covered, auditor))
    expect(json.dashboards).toEqual([
      { uid: null, title: null, queries: [], grants: [], constraints: null, overlap: 'some' },
    ])
    const found = (await holders(covered, auditor)).find(({ uid }) => uid === ann.uid)
    expect(found).toMatchObject({ onlyDashboards: true, constraints: { selectors: [] } })
    expect(JSON.stringify([json.dashboards, found])).not.toMatch(/board:|Board|requests_total/)
  })
})
