import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { ensureTools, type Server, startAlertmanager, temporaryDir, toolPath } from '@gatehouse/local'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type GatewayWorld, startGatewayWorld } from '../support/gateway-world.ts'

const run = promisify(execFile)
let alertmanager: Server
let world: GatewayWorld
const dir = temporaryDir()
const tokens = new Map<string, string>()

const access = (url: string): string => {
  const source = `
      - uid: metrics
        name: Metrics
        alertmanagerUrl: "${url}"
        shards: [{ name: one, tenants: [a, b, c], replicas: [{ name: r, url: "http://127.0.0.1:9" }] }]`
  return `apiVersion: gatehouse/v1
kind: Access
orgs:
  - uid: org-a
    name: A
    tenants: [a]
    teams: [{ uid: ops, name: Ops }]
    serviceAccounts: [{ uid: lead, name: Lead, team: ops }, { uid: x, name: X }, { uid: reader, name: Reader }, { uid: nobody, name: N }]
    dataSources:${source}
      - uid: bare
        name: Bare
        shards: [{ name: one, tenants: [a], replicas: [{ name: r, url: "http://127.0.0.1:9" }] }]
    roles:
      - { name: silencer, version: 1, description: Silences, permissions: ['alert.silences:read', 'alert.silences:write', 'alert.instances:read'] }
    grants:
      - { serviceAccount: lead, role: silencer }
      - { serviceAccount: x, role: silencer, constraints: ['{team="x"}'] }
      - { serviceAccount: reader, role: viewer }
  - uid: org-bc
    name: BC
    tenants: [b, c]
    teams: [{ uid: ops, name: Ops }]
    serviceAccounts: [{ uid: lead, name: Lead, team: ops }]
    dataSources:${source}
    roles:
      - { name: silencer, version: 1, description: Silences, permissions: ['alert.silences:read', 'alert.silences:write', 'alert.instances:read'] }
    grants:
      - { serviceAccount: lead, role: silencer }
`
}

const matcher = (name: string, value: string, isEqual = true, isRegex = false) => ({
  name,
  value,
  isEqual,
  isRegex,
})
const inHours = (hours: number) => new Date(Date.now() + hours * 3_600_000).toISOString()
const silence = (matchers: object[], more: object = {}) => ({
  matchers,
  startsAt: new Date().toISOString(),
  endsAt: inHours(2),
  comment: 'planned work',
  createdBy: 'somebody else',
  ...more,
})

// oxlint-disable-next-line typescript/no-explicit-any -- tests look at any member and compare
async function raw(method: string, path: string, body?: object): Promise<{ status: number; json: any }> {
  const headers = { 'content-type': 'application/json' }
  const init = { method, ...(body === undefined ? {} : { body: JSON.stringify(body), headers }) }
  const response = await fetch(`${alertmanager.url}/api/v2${path}`, init)
  const text = await response.text()
  return { status: response.status, json: text === '' ? null : JSON.parse(text) }
}

async function call(who: string, method: string, path: string, body?: unknown) {
  const response = await fetch(`${world.gateway.url}/alertmanager/metrics/api/v2${path}`, {
    method,
    headers: {
      authorization: `Bearer ${tokens.get(who)}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  const text = await response.text()
  const requestId = response.headers.get('x-request-id') ?? ''
  // oxlint-disable-next-line typescript/no-explicit-any -- tests look at any member and compare
  return { status: response.status, text, requestId, json: JSON.parse(text) as any }
}

beforeAll(async () => {
  await ensureTools(['alertmanager'])
  const config = {
    route: { receiver: 'nobody', group_by: ['tenant'], group_wait: '1s' },
    receivers: [{ name: 'nobody' }, { name: 'hunter2' }],
    inhibit_rules: [],
  }
  alertmanager = await startAlertmanager({ dataDir: join(dir.path, 'am'), config })
  world = await startGatewayWorld({ access: access(alertmanager.url) })
  for (const [org, account] of [
    ['org-a', 'lead'],
    ['org-a', 'x'],
    ['org-a', 'reader'],
    ['org-a', 'nobody'],
    ['org-bc', 'lead'],
  ] as const)
    tokens.set(`${org}/${account}`, await world.token(org, account))
  const alert = (tenant: string, team: string) => ({
    labels: { alertname: 'Down', tenant, team },
    annotations: { summary: `of ${tenant} ${team}` },
    generatorURL: `http://hunter2/${tenant}`,
    endsAt: inHours(5),
  })
  await raw('POST', '/alerts', [alert('a', 'x'), alert('a', 'y'), alert('b', 'x')] as never)
}, 120_000)
afterAll(async () => {
  await world.close()
  await alertmanager.stop()
  dir.remove()
})
beforeEach(async () => {
  for (const { id } of (await raw('GET', '/silences')).json) await raw('DELETE', `/silence/${id}`)
})

const active = (list: { status: { state: string } }[]) =>
  list.filter(({ status }) => status.state === 'active')

describe('alerts', () => {
  it('shows own alerts and groups, and no addresses', async () => {
    const summaries = async (who: string, query = '') =>
      (await call(who, 'GET', `/alerts${query}`)).json
        .map((one: { annotations: { summary: string } }) => one.annotations.summary)
        .toSorted()
    expect(await summaries('org-a/lead')).toEqual(['of a x', 'of a y'])
    expect(await summaries('org-a/lead', '?filter=team%3D%22x%22')).toEqual(['of a x'])
    expect(await summaries('org-a/lead', '?filter=tenant%3D%22b%22')).toEqual([])
    expect(await summaries('org-a/x')).toEqual(['of a x'])
    expect(await summaries('org-bc/lead')).toEqual(['of b x'])
    const groups = await call('org-a/lead', 'GET', '/alerts/groups')
    expect(groups.json).toMatchObject([
      { labels: { tenant: 'a' }, alerts: [{}, {}], receiver: { name: 'nobody' } },
    ])
    expect(groups.text).not.toMatch(/hunter2|"b"/)
    expect((await call('org-a/lead', 'GET', '/receivers')).json).toEqual([{ name: 'nobody' }])
  })

  it('names only own silences in them', async () => {
    await raw('POST', '/silences', silence([matcher('team', 'x')]))
    const { json } = await call('org-a/x', 'GET', '/alerts')
    expect(json).toMatchObject([{ status: { state: 'suppressed', silencedBy: [] } }])
  })

  it('takes none, and tells no configuration', async () => {
    expect((await call('org-a/lead', 'POST', '/alerts', [])).status).toBe(405)
    const status = await call('org-a/lead', 'GET', '/status')
    expect(status.json).toMatchObject({
      config: { original: '' },
      versionInfo: { version: expect.stringMatching(/^0\./) },
    })
    expect(status.text).not.toContain('hunter2')
  })
})

describe('silences', () => {
  it('become the caller’s own: in the tenant, in their name, audited', async () => {
    const made = await call(
      'org-a/lead',
      'POST',
      '/silences',
      silence([matcher('alertname', 'Down')], { status: { state: 'x' } }),
    )
    expect(made.status).toBe(200)
    expect((await raw('GET', `/silence/${made.json.silenceID}`)).json).toMatchObject({
      matchers: [matcher('tenant', 'a'), matcher('alertname', 'Down')],
      createdBy: 'service-account:lead',
    })
    expect(await world.auditOf(made.requestId)).toMatchObject([
      { code: 'Q013I', action: 'alert.silences:write' },
    ])
    expect((await raw('GET', '/alerts?filter=tenant%3D%22b%22')).json).toMatchObject([
      { status: { state: 'active' } },
    ])
    expect(active((await call('org-bc/lead', 'GET', '/silences')).json)).toEqual([])
  })

  it('are kept within the constraints of the grant', async () => {
    const made = await call('org-a/x', 'POST', '/silences', silence([matcher('alertname', '.+', true, true)]))
    expect((await raw('GET', `/silence/${made.json.silenceID}`)).json.matchers).toContainEqual(
      matcher('team', 'x'),
    )
    expect((await raw('GET', '/alerts?filter=team%3D%22y%22')).json).toMatchObject([
      { status: { state: 'active' } },
    ])
  })

  const own = matcher('alertname', 'Down')
  it.each<[string, unknown, number]>([
    ['another tenant', silence([matcher('tenant', 'b'), own]), 403],
    ['not a tenant', silence([matcher('tenant', 'a', false), own]), 403],
    ['a regex of tenants', silence([matcher('tenant', 'a|b', true, true), own]), 403],
    ['two tenants', silence([matcher('tenant', 'a'), matcher('tenant', 'b'), own]), 403],
    ['the tenant alone', silence([matcher('tenant', 'a')]), 400],
    [
      'what matches the empty value',
      silence([matcher('x', '.*', true, true), matcher('y', 'z', false)]),
      400,
    ],
    ['no matchers', silence([]), 400],
    ['names in another case', silence([{ Name: 'alertname', Value: 'Down' }]), 400],
    ['a flag that is none', silence([{ ...own, isRegex: 'false' }]), 400],
    ['no comment', silence([own], { comment: '  ' }), 400],
    ['an end before its start', silence([own], { endsAt: '2020-01-01T00:00:00Z' }), 400],
    ['forever', silence([own], { endsAt: '2199-01-01T00:00:00Z' }), 400],
    ['no object', [], 400],
    ['an id of nothing', silence([own], { id: '00000000-0000-0000-0000-000000000000' }), 404],
  ])('are refused for %s', async (_what, body, status) => {
    expect((await call('org-a/lead', 'POST', '/silences', body)).status).toBe(status)
    expect(active((await raw('GET', '/silences')).json)).toEqual([])
  })

  it('need the tenant where there are several, and one who may write', async () => {
    expect((await call('org-bc/lead', 'POST', '/silences', silence([own]))).status).toBe(400)
    expect(
      (await call('org-bc/lead', 'POST', '/silences', silence([matcher('tenant', 'b'), own]))).status,
    ).toBe(200)
    expect((await call('org-a/reader', 'POST', '/silences', silence([own]))).status).toBe(403)
    expect((await call('org-a/nobody', 'GET', '/silences')).status).toBe(403)
    const form = await fetch(`${world.gateway.url}/alertmanager/metrics/api/v2/silences`, {
      method: 'POST',
      headers: { authorization: `Bearer ${tokens.get('org-a/lead')}` },
      body: new URLSearchParams({ comment: 'x' }),
    })
    expect(form.status).toBe(415)
  })

  it.each([
    ['of another tenant', [matcher('tenant', 'b'), own]],
    ['of every tenant but one', [matcher('tenant', 'b', false), own]],
    ['of tenants by regex', [matcher('tenant', 'a|b', true, true), own]],
    ['of nobody', [own]],
  ])('%s are neither shown, changed nor expired', async (_what, matchers) => {
    const { silenceID } = (await raw('POST', '/silences', silence(matchers))).json
    expect((await call('org-a/lead', 'GET', '/silences')).text).not.toContain(silenceID)
    expect((await call('org-a/lead', 'GET', '/silences?filter=tenant%3D%22a%22')).text).not.toContain(
      silenceID,
    )
    for (const [method, path, body] of [
      ['GET', `/silence/${silenceID}`, undefined],
      ['DELETE', `/silence/${silenceID}`, undefined],
      ['POST', '/silences', silence([own], { id: silenceID })],
    ] as const)
      expect((await call('org-a/lead', method, path, body)).status).toBe(404)
    expect((await raw('GET', `/silence/${silenceID}`)).json.status.state).toBe('active')
  })

  it('of a team are shown, changed and expired by those who may see the team', async () => {
    const { json } = await call('org-a/x', 'POST', '/silences', silence([own]))
    const id = json.silenceID
    expect((await call('org-a/lead', 'GET', `/silence/${id}`)).json.id).toBe(id)
    const wider = await call('org-a/lead', 'POST', '/silences', silence([own, matcher('team', 'y')]))
    expect((await call('org-a/x', 'GET', `/silence/${wider.json.silenceID}`)).status).toBe(404)
    const changed = await call('org-a/x', 'POST', '/silences', silence([own], { id, endsAt: inHours(3) }))
    expect(changed.status).toBe(200)
    expect((await call('org-a/x', 'DELETE', `/silence/${changed.json.silenceID}`)).status).toBe(200)
    expect((await raw('GET', `/silence/${changed.json.silenceID}`)).json.status.state).toBe('expired')
  })

  it.each(['/silence/..%2falerts', '/silence/x', '/silence/', '/silences/x', '/alerts/', '/../-/reload'])(
    'nothing at %s',
    async (path) => {
      expect((await call('org-a/lead', 'GET', path)).status).toBe(404)
    },
  )

  it('are nowhere without an Alertmanager', async () => {
    const headers = { authorization: `Bearer ${tokens.get('org-a/lead')}` }
    for (const uid of ['bare', 'all', 'nothing'])
      expect(
        (await fetch(`${world.gateway.url}/alertmanager/${uid}/api/v2/silences`, { headers })).status,
      ).toBe(404)
  })
})

describe('amtool', () => {
  const amtool = async (who: string, ...args: string[]): Promise<string> => {
    const program = toolPath('alertmanager/amtool')
    if (program === undefined) throw new Error('amtool is absent')
    const { host } = new URL(world.gateway.url)
    const url = `--alertmanager.url=http://ops:${tokens.get(who)}@${host}/alertmanager/metrics`
    const { stdout } = await run(program, [...args, url], { env: { HOME: dir.path } })
    return stdout
  }

  it('lists alerts, adds, lists and expires silences', async () => {
    expect(await amtool('org-a/lead', 'alert', 'query')).toMatch(/Down/)
    const id = (
      await amtool(
        'org-a/lead',
        'silence',
        'add',
        'alertname=Down',
        'team=y',
        '--comment=work',
        '--duration=1h',
      )
    ).trim()
    expect(id).toMatch(/^[0-9a-f-]{36}$/)
    const listed = await amtool('org-a/lead', 'silence', 'query')
    expect(listed).toContain(id)
    expect(listed).toContain('tenant="a"')
    expect(await amtool('org-bc/lead', 'silence', 'query')).not.toContain(id)
    await expect(amtool('org-bc/lead', 'silence', 'expire', id)).rejects.toThrow()
    await amtool('org-a/lead', 'silence', 'expire', id)
    expect(await amtool('org-a/lead', 'silence', 'query')).not.toContain(id)
    await expect(amtool('org-a/lead', 'silence', 'add', 'tenant=b', 'x=y', '--comment=work')).rejects.toThrow(
      /status 403/,
    )
  })
})
