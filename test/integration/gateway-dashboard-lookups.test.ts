import {
  approveDashboard,
  createDashboard,
  type DashboardContent,
  type OrgTransaction,
  withOrg,
} from '@gatehouse/store'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type GatewayWorld, startGatewayWorld } from '../support/gateway-world.ts'
import { type ApiAnswer, callApi } from '../support/prometheus-api.ts'
import { type Shards, shardsYaml, startShards } from '../support/stack.ts'

// `signals` reads the production series of one team and approves; `onlooker` may only open what lies in `boards`, `filterer` what lies
// in `filtered`.
const accessOf = (shards: Shards): string => `apiVersion: gatehouse/v1
kind: Access
orgs:
  - uid: transport
    name: Transport
    tenants: [transport]
    folders: [{ uid: boards, title: Boards }, { uid: filtered, title: Filtered }]
    serviceAccounts: [{ uid: signals, name: Signals }, { uid: onlooker, name: Onlooker }, { uid: filterer, name: Filterer }]
    dataSources:
      - uid: metrics
        name: Metrics
        shards: ${shardsYaml(shards)}
    grants:
      - { serviceAccount: signals, role: viewer, on: { dataSource: metrics }, constraints: ['{team="signals",env="prod"}'] }
      - { serviceAccount: onlooker, role: viewer, on: { folder: boards } }
      - { serviceAccount: filterer, role: viewer, on: { folder: filtered } }
`

const latency =
  'histogram_quantile(0.9, sum by (le) (rate(ml_prediction_duration_seconds_bucket{model=~"$model"}[$__rate_interval])))'
const variable = (name: string, query: string): object => ({ name, type: 'query', multi: true, query })
const boards: Readonly<Record<string, DashboardContent>> = {
  boards: {
    title: 'Models',
    templating: {
      list: [
        variable('model', 'label_values(ml_predictions_total{env="prod"}, model)'),
        variable('env', 'label_values(env)'),
        variable('names', 'label_names(ml_model)'),
        variable('metric', 'metrics(^ml_model)'),
        variable('info', 'ml_model_info{env="prod"}'),
      ],
    },
    panels: [
      { title: 'Latency', targets: [{ expr: latency, exemplar: true }, { expr: 'count by (env) (up)' }] },
    ],
  },
  filtered: {
    title: 'Filtered',
    templating: { list: [{ name: 'filters', type: 'adhoc' }] },
    panels: [{ targets: [{ expr: 'sum(ml_model_info)' }] }],
  },
}

let shards: Shards
let world: GatewayWorld
const tokens = new Map<string, string>()

async function add(tx: OrgTransaction, folderUid: string, content: DashboardContent): Promise<void> {
  const uid = `board-${folderUid}`
  const { version } = await createDashboard(tx, {
    uid,
    folderUid,
    title: uid,
    content,
    message: '',
    savedBy: 'x',
  })
  const by = { kind: 'service-account', uid: 'signals' } as const
  await approveDashboard(tx, { uid, version }, { by, dataSources: ['metrics'], constraints: [] })
}

beforeAll(async () => {
  shards = await startShards()
  world = await startGatewayWorld({ access: accessOf(shards) })
  for (const account of ['signals', 'onlooker', 'filterer'])
    tokens.set(account, await world.token('transport', account))
  for (const [folder, content] of Object.entries(boards))
    await withOrg(world.pool, 'transport', (tx) => add(tx, folder, content))
  await new Promise((resolve) => setTimeout(resolve, 700))
})
afterAll(async () => {
  await world.close()
  await shards.close()
})

function call(
  who: string,
  path: string,
  parameters: Record<string, string> = {},
  source = 'metrics',
): Promise<ApiAnswer> {
  const method = path.startsWith('label/') ? 'GET' : 'POST'
  const times = { start: String(shards.now - 900), end: String(shards.now) }
  return callApi(world.base(source), path, {
    parameters: { ...times, ...parameters },
    token: tokens.get(who) ?? '',
    method,
  })
}
/** What the approver is told when asking the same. */
const approver = async (path: string, match: string): Promise<unknown> =>
  (await call('signals', path, { 'match[]': match })).json.data

describe('variables of a dashboard', () => {
  const match = 'ml_predictions_total{env="prod"}'

  it('list values of their label, within what the approver may read', async () => {
    const own = await call('onlooker', 'label/model/values', { 'match[]': match })
    expect(own.json.data).toEqual(await approver('label/model/values', match))
    expect(own.json.data.length).toBeGreaterThan(0)
    const envs = await call('onlooker', 'label/env/values')
    expect([envs.status, envs.json.data]).toEqual([200, ['prod']])
  })

  it('answer to a question for whole series with the values of the label alone', async () => {
    const asked = await call('onlooker', 'series', { 'match[]': match })
    const models = await approver('label/model/values', match)
    expect(asked.json.data).toEqual((models as string[]).map((model) => ({ model })))
    const bare = await call('onlooker', 'series', { 'match[]': '{env!=""}' })
    expect([bare.status, bare.json.data]).toEqual([200, [{ env: 'prod' }]])
    for (const other of ['ml_predictions_total', 'up', '{team!=""}', '{__name__=~"ml_.+"}'])
      expect((await call('onlooker', 'series', { 'match[]': other })).status, other).toBe(403)
  })

  it('list whole series where they are made to', async () => {
    const asked = await call('onlooker', 'series', { 'match[]': 'ml_model_info{env="prod"}' })
    expect(asked.json.data).toEqual(await approver('series', 'ml_model_info{env="prod"}'))
    expect(Object.keys(asked.json.data[0])).toContain('commit')
  })

  it('list names of labels and of metrics, picked by the gateway where the client asks for all', async () => {
    const names = await call('onlooker', 'labels', { 'match[]': '{__name__=~".*ml_model.*"}' })
    expect(names.json.data).toEqual(await approver('labels', '{__name__=~".*ml_model.*"}'))
    expect((await call('onlooker', 'labels')).status).toBe(403)
    const picked = await call('onlooker', 'label/__name__/values')
    expect(picked.status).toBe(200)
    expect(picked.json.data.length).toBeGreaterThan(0)
    expect(picked.json.data.filter((name: string) => !name.startsWith('ml_model'))).toEqual([])
    const [event] = await world.auditOf(picked.requestId)
    expect(event?.enforced.join(' ')).toContain('__name__=~".*(?:^ml_model).*"')
  })
})

describe('one data source of everything', () => {
  const query = { query: 'count by (env) (up)', time: '0' }

  it('gives what the dashboards give, and no more', async () => {
    const own = await call('onlooker', 'query', { ...query, time: String(shards.now) }, 'all')
    expect([own.status, own.json.data.result.map(({ metric }: { metric: object }) => metric)]).toEqual([
      200,
      [{ env: 'prod' }],
    ])
    const [event] = await world.auditOf(own.requestId)
    expect(event?.enforced).toEqual(['count by (env) (up{tenant="transport",env="prod",team="signals"})'])
    expect(event?.decision.because.at(-1)).toMatchObject({ via: 'dashboard:board-boards' })
    const values = await call('onlooker', 'series', { 'match[]': '{env!=""}' }, 'all')
    expect(values.json.data).toEqual([{ env: 'prod' }])
    const picked = await call('onlooker', 'label/__name__/values', {}, 'all')
    expect(picked.json.data.filter((name: string) => !name.startsWith('ml_model'))).toEqual([])
    for (const refused of ['up', 'count by (team) (up)', 'count by (env) (up or ml_model_info)'])
      expect((await call('onlooker', 'query', { query: refused }, 'all')).status, refused).toBe(403)
    expect((await call('onlooker', 'labels', {}, 'all')).status).toBe(403)
    expect((await call('onlooker', 'rules', {}, 'all')).status).toBe(403)
  })
})

describe('exemplars', () => {
  const asked = latency.replace('$model', 'signal-timing').replace('$__rate_interval', '5m')

  it('are given for the panel that shows them, and for nothing else', async () => {
    expect((await call('onlooker', 'query_exemplars', { query: asked })).status).toBe(200)
    for (const query of [
      'count by (env) (up)',
      'ml_prediction_duration_seconds_bucket',
      asked.replace('0.9', '0.8'),
    ])
      expect((await call('onlooker', 'query_exemplars', { query })).status, query).toBe(403)
  })

  it('are none for the question whether there are any, as Grafana asks it', async () => {
    const answer = await call('onlooker', 'query_exemplars', { query: 'test' })
    expect([answer.status, answer.json]).toEqual([200, { status: 'success', data: [] }])
    const [event] = await world.auditOf(answer.requestId)
    expect(event?.enforced).toEqual([])
    for (const query of ['test ', 'test{}', 'tests'])
      expect((await call('onlooker', 'query_exemplars', { query })).status, query).toBe(403)
  })
})

describe('ad-hoc filters', () => {
  it('offer labels and values of the series of the dashboard, and no others', async () => {
    const names = await call('filterer', 'labels')
    expect(names.json.data).toEqual(await approver('labels', 'ml_model_info'))
    expect(names.json.data).not.toContain('le')
    const values = await call('filterer', 'label/__name__/values')
    expect(values.json.data).toEqual(['ml_model_info'])
    const teams = await call('filterer', 'label/team/values', { 'match[]': '{env="prod"}' })
    expect([teams.status, teams.json.data]).toEqual([200, ['signals']])
    for (const match of ['up', '{__name__="up"}', 'ml_predictions_total'])
      expect((await call('filterer', 'labels', { 'match[]': match })).status, match).toBe(403)
    expect((await call('filterer', 'series', { 'match[]': 'ml_model_info' })).status).toBe(403)
  })

  it('narrow the panels', async () => {
    for (const [query, status] of [
      ['sum(ml_model_info)', 200],
      ['sum(ml_model_info{model="signal-timing"})', 200],
      ['sum(ml_model_info{model="signal-timing"} or up)', 403],
    ] as const)
      expect((await call('filterer', 'query', { query, time: String(shards.now) })).status, query).toBe(
        status,
      )
  })
})
