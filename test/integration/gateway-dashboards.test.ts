import { interpolate, nearMiss, nearMisses, readDashboard, seededRandom } from '@gatehouse/authz'
import { parse, print } from '@gatehouse/promql'
import {
  approveDashboard,
  createDashboard,
  type DashboardRecord,
  deleteDashboard,
  findDashboard,
  type OrgTransaction,
  updateDashboard,
  withOrg,
} from '@gatehouse/store'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type GatewayWorld, startGatewayWorld } from '../support/gateway-world.ts'
import { type ApiAnswer, callApi } from '../support/prometheus-api.ts'
import { type Shards, shardsYaml, startShards } from '../support/stack.ts'

// In `transport`, `signals` reads the production series of one team and approves; `onlooker` may only open what lies in `boards`.
const accessOf = (shards: Shards, grants: string): string => {
  const org = (uid: string, accounts: readonly string[], lines: string): string => `
  - uid: ${uid}
    name: ${uid}
    tenants: [${uid}]
    folders: [{ uid: top, title: Top }, { uid: boards, title: Boards, parent: top }]
    serviceAccounts: [${accounts.map((name) => `{ uid: ${name}, name: ${name} }`).join(', ')}]
    dataSources:
      - uid: metrics
        name: Metrics
        shards: ${shardsYaml(shards).replaceAll('\n', '\n  ')}
      - uid: unapproved
        name: Unapproved
        shards: ${shardsYaml(shards).replaceAll('\n', '\n  ')}
    grants:${lines}`
  const transport = `
      - { serviceAccount: signals, role: viewer, on: { dataSource: metrics }, constraints: ['{team="signals",env="prod"}'] }${grants}`
  const health = `
      - { serviceAccount: all, role: viewer }
      - { serviceAccount: onlooker, role: viewer, on: { folder: boards } }`
  return `apiVersion: gatehouse/v1
kind: Access
orgs:${org('transport', ['signals', 'onlooker', 'nobody'], transport)}${org('health', ['all', 'onlooker'], health)}
`
}
const viewing = `
      - { serviceAccount: onlooker, role: viewer, on: { folder: top } }`

const content = {
  uid: 'models',
  title: 'Models',
  templating: {
    list: [
      {
        name: 'model',
        type: 'query',
        multi: true,
        query: 'label_values(ml_predictions_total{env="prod"}, model)',
      },
      {
        name: 'busiest',
        type: 'query',
        query: 'query_result(topk(1, sum by (model) (ml_predictions_total)))',
      },
    ],
  },
  annotations: { list: [{ name: 'Restarts', expr: 'changes(process_start_time_seconds[$__interval]) > 0' }] },
  panels: [
    {
      title: 'Throughput',
      targets: [
        {
          expr: 'sum by (tenant, team, model) (rate(ml_predictions_total{model=~"$model"}[$__rate_interval]))',
        },
      ],
    },
    { title: 'Up', targets: [{ expr: 'count by (team, env) (up)' }] },
  ],
}
const panel = 'sum by (tenant, team, model) (rate(ml_predictions_total{model=~"$model"}[$__rate_interval]))'
const board = readDashboard(content)
const withValues = (text: string, model: readonly string[]): string =>
  interpolate(text, board.variables, { model, __rate_interval: '5m', __interval: '1m' })

let shards: Shards
let world: GatewayWorld
const tokens = new Map<string, string>()

const approval = (uid: string): NonNullable<DashboardRecord['approval']> => ({
  by: { kind: 'service-account', uid },
  dataSources: ['metrics'],
  constraints: [],
})
const save = (uid: string, more: object = content) => ({
  uid,
  folderUid: 'boards',
  title: 'Models',
  content: { ...more },
  message: '',
  savedBy: 'x',
})
const inOrg = <T>(org: string, work: (tx: OrgTransaction) => Promise<T>): Promise<T> =>
  withOrg(world.pool, org, work)
async function addBoard(org: string, uid: string, by: string, more?: object): Promise<void> {
  await inOrg(org, async (tx) => {
    const { version } = await createDashboard(tx, save(uid, more))
    await approveDashboard(tx, { uid, version }, approval(by))
  })
}
async function policyArrives(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 700))
}

beforeAll(async () => {
  shards = await startShards()
  world = await startGatewayWorld({ access: accessOf(shards, viewing) })
  for (const [org, account] of [
    ['transport', 'onlooker'],
    ['transport', 'signals'],
    ['transport', 'nobody'],
    ['health', 'onlooker'],
  ] as const)
    tokens.set(`${org}/${account}`, await world.token(org, account))
  await addBoard('transport', 'models', 'signals')
})
afterAll(async () => {
  await world.close()
  await shards.close()
})

function call(
  who: string,
  path: string,
  parameters: Record<string, string> = {},
  more: { headers?: Record<string, string>; source?: string; method?: 'GET' | 'POST' } = {},
): Promise<ApiAnswer> {
  const token = tokens.get(who) ?? ''
  const { headers = {}, source = 'metrics', method = 'POST' } = more
  return callApi(world.base(source), path, { parameters, token, headers, method })
}
const query = (who: string, text: string, headers: Record<string, string> = {}): Promise<ApiAnswer> =>
  call(who, 'query', { query: text, time: String(shards.now) }, { headers })

describe('somebody who may only open a dashboard', () => {
  const models = ['signal-timing', 'a.b|c']

  it('gets its panels, within what the approver may read, from the shards', async () => {
    const all = await query('transport/signals', 'count by (model) (ml_predictions_total)')
    const model: string = all.json.data.result[0].metric.model
    const asked = withValues(panel, [model])
    const own = await query('transport/onlooker', asked)
    const approver = await query('transport/signals', asked)
    expect([own.status, own.json.data.result.length > 0]).toEqual([200, true])
    expect(own.json.data.result).toEqual(approver.json.data.result)
    for (const { metric } of own.json.data.result)
      expect(metric).toMatchObject({ tenant: 'transport', team: 'signals' })
    const range = { start: String(shards.now - 900), end: String(shards.now), step: '60' }
    const ranged = await call('transport/onlooker', 'query_range', { query: asked, ...range })
    expect([ranged.status, ranged.json.data.result.length > 0]).toEqual([200, true])
    expect((await query('transport/onlooker', withValues(panel, ['a', 'b']))).status).toBe(200)
  })

  it('gets what its variables and annotations ask', async () => {
    const values = await call(
      'transport/onlooker',
      'label/model/values',
      { 'match[]': 'ml_predictions_total{env="prod"}' },
      { method: 'GET' },
    )
    expect([values.status, values.json.data.length > 0]).toEqual([200, true])
    for (const text of [
      'topk(1, sum by (model) (ml_predictions_total))',
      'changes(process_start_time_seconds[1m]) > 0',
      'count by (team, env) (up)',
    ])
      expect((await query('transport/onlooker', text)).status, text).toBe(200)
    const info = await call('transport/onlooker', 'status/buildinfo', {}, { method: 'GET' })
    expect(info.status).toBe(200)
  })

  it('is refused a value that the variable’s own pattern does not pick', async () => {
    const picked = 'sum(ml_predictions_total{model="$picked"}) + 41'
    const variable = {
      name: 'picked',
      type: 'query',
      regex: '/^s.*/',
      query: 'label_values(ml_predictions_total, model)',
    }
    const more = { panels: [{ targets: [{ expr: picked }] }], templating: { list: [variable] } }
    await addBoard('transport', 'picked', 'signals', { ...more, uid: 'picked', title: 'Picked' })
    await policyArrives()
    const status = async (value: string) =>
      (await query('transport/onlooker', picked.replace('$picked', value), { 'x-dashboard-uid': 'picked' }))
        .status
    expect(
      await Promise.all(['signal-timing', 's', 'rail', 'xs', 'congestion-forecast'].map(status)),
    ).toEqual([200, 200, 403, 403, 403])
    await inOrg('transport', (tx) => deleteDashboard(tx, { uid: 'picked', version: 1 }))
    await policyArrives()
  })

  it('is refused every near miss of them', async () => {
    const random = seededRandom(7)
    let tried = 0
    for (const { text } of board.queries.filter(({ kind }) => kind === 'panel')) {
      for (const kind of nearMisses) {
        const miss = nearMiss(parse(withValues(text, models)), kind, random)
        if (miss === undefined) continue
        tried += 1
        expect((await query('transport/onlooker', print(miss))).status, print(miss)).toBe(403)
      }
    }
    expect(tried).toBeGreaterThan(10)
  })

  it.each([
    ['query', { query: 'up' }],
    ['query', { query: 'not a query (' }],
    ['query', { query: '' }],
    ['series', { 'match[]': 'ml_predictions_total' }],
    ['query_exemplars', { query: 'count by (team, env) (up)' }],
    ['labels', {}],
    ['labels', { 'match[]': 'ml_predictions_total{env="prod"}' }],
    ['label/model/values', {}],
    ['label/team/values', { 'match[]': 'ml_predictions_total{env="prod"}' }],
    ['label/model/values', { 'match[]': 'ml_predictions_total' }],
  ])('is refused %s %j', async (path, parameters) => {
    const method = path.startsWith('label/') ? 'GET' : 'POST'
    const { status, text } = await call('transport/onlooker', path, { ...parameters }, { method })
    expect([status, text.length < 1_024]).toEqual([403, true])
  })

  it('is refused on a data source nobody approved, and others get nothing', async () => {
    const elsewhere = { query: 'count by (team, env) (up)' }
    expect((await call('transport/onlooker', 'query', elsewhere, { source: 'unapproved' })).status).toBe(403)
    expect((await query('transport/nobody', elsewhere.query)).status).toBe(403)
    expect((await query('transport/nobody', elsewhere.query, { 'x-dashboard-uid': 'models' })).status).toBe(
      403,
    )
  })

  it('says in the audit log by which dashboard', async () => {
    const { requestId } = await query('transport/onlooker', 'count by (team, env) (up)', {
      'x-dashboard-uid': 'models',
    })
    const [event] = await world.auditOf(requestId)
    expect(event?.decision.because.at(-1)).toMatchObject({ via: 'dashboard:models', role: 'viewer' })
    expect(event).toMatchObject({
      code: 'Q001I',
      enforced: ['count by (team, env) (up{tenant="transport",env="prod",team="signals"})'],
    })
  })
})

describe('orgs are apart', () => {
  it('a dashboard of one gives nothing in the other, also under the same uid', async () => {
    const text = 'count by (team, env) (up)'
    for (const headers of [{}, { 'x-dashboard-uid': 'models' }])
      expect((await query('health/onlooker', text, headers)).status).toBe(403)
    await addBoard('health', 'models', 'all', { ...content, panels: [] })
    await policyArrives()
    expect((await query('health/onlooker', text)).status).toBe(403)
    const own = await query('health/onlooker', 'topk(1, sum by (model) (ml_predictions_total))')
    expect(own.status).toBe(200)
    const [event] = await world.auditOf(own.requestId)
    expect(event?.constraints).toEqual(['{tenant="health"}'])
  })
})

describe('what was given ends', () => {
  const text = 'count by (team, env) (up)'
  const status = async (): Promise<number> => (await query('transport/onlooker', text)).status
  const models = (): Promise<DashboardRecord | undefined> =>
    inOrg('transport', (tx) => findDashboard(tx, 'models'))

  it('when the dashboard’s queries change, until they are approved again', async () => {
    expect(await status()).toBe(200)
    const expected = (await models())?.version ?? 0
    const changed = { ...content, panels: [{ targets: [{ expr: 'secret' }] }, ...content.panels] }
    await inOrg('transport', (tx) =>
      updateDashboard(tx, save('models', changed), { expected, keepsApproval: false }),
    )
    await policyArrives()
    expect(await status()).toBe(403)
    await inOrg('transport', (tx) =>
      approveDashboard(tx, { uid: 'models', version: expected + 1 }, approval('signals')),
    )
    await policyArrives()
    expect([await status(), (await query('transport/onlooker', 'secret')).status]).toEqual([200, 200])
  })

  it('when the viewer’s grant goes', async () => {
    await world.apply(accessOf(shards, ''))
    expect(await status()).toBe(403)
    await world.apply(accessOf(shards, viewing))
    expect(await status()).toBe(200)
  })

  it('when the approver may not read any more', async () => {
    await world.apply(
      accessOf(shards, viewing).replace(
        'serviceAccount: signals, role: viewer',
        'serviceAccount: nobody, role: viewer',
      ),
    )
    expect(await status()).toBe(403)
  })
})
