import { startPrometheus, temporaryDir } from '@gatehouse/local'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type GatewayWorld, startGatewayWorld } from '../support/gateway-world.ts'
import { type ApiAnswer, callApi } from '../support/prometheus-api.ts'
import { type ScrapedShards, scrapedShardsYaml, startScrapedShards } from '../support/scraped-shards.ts'

let shards: ScrapedShards
let world: GatewayWorld
const tokens = new Map<string, string>()

const access = (of: ScrapedShards): string => {
  const org = (uid: string, tenants: string, more = '', grants = '', sources = ''): string => `
  - uid: ${uid}
    name: ${uid}
    tenants: ${tenants}
    serviceAccounts: [{ uid: all, name: All }${more}]
    roles:
      - { name: rules-only, version: 1, description: Lists rules, permissions: ['alert.rules:read'] }
    dataSources:
      - uid: metrics
        name: Metrics
        shards:${scrapedShardsYaml(of)}${sources}
    grants:
      - { serviceAccount: all, role: viewer }${grants}`
  const more =
    ', { uid: y, name: Y }, { uid: lister, name: Lister }, { uid: nobody, name: Nobody }, { uid: split, name: Split }, { uid: narrow, name: Narrow }'
  const grants = `
      - { serviceAccount: y, role: viewer, constraints: ['{team="y"}'] }
      - { serviceAccount: split, role: viewer, on: { dataSource: again } }
      - { serviceAccount: split, role: viewer, on: { dataSource: metrics }, constraints: ['{team="y"}'] }
      - { serviceAccount: narrow, role: viewer, constraints: ['{tenant=~"c|foreign",team="y"}'] }
      - { serviceAccount: lister, role: rules-only }`
  const half = `[{ name: one, tenants: [d], replicas: [{ name: one-a, url: "${of.one.url}" }] },
        { name: gone, tenants: [e], replicas: [{ name: gone-a, url: "http://127.0.0.1:9" }] }]`
  const again = `
      - uid: again
        name: Shard two once more
        shards: [{ name: again, tenants: [c], replicas: [{ name: two-a, url: "${of.two.url}" }] }]`
  const elsewhere = `
      - uid: elsewhere
        name: Another server for the same tenant
        shards: [{ name: elsewhere, tenants: [b], replicas: [{ name: two-a, url: "${of.two.url}" }] }]`
  return `apiVersion: gatehouse/v1
kind: Access
orgs:${org('ac', '[a, c]', more, grants, again)}${org('b', '[b]', '', '', elsewhere)}
  - uid: holes
    name: Holes
    tenants: [d, e]
    serviceAccounts: [{ uid: all, name: All }]
    dataSources:
      - { uid: partial, name: Partial, partialResponse: true, shards: ${half} }
      - { uid: whole, name: Whole, shards: ${half} }
      - uid: external
        name: Divided by an external label
        shards: [{ name: one, tenants: [d], series: '{shard="one"}', replicas: [{ name: one-a, url: "${of.one.url}" }] }]
      - uid: twins
        name: Replicas that tell themselves apart
        shards: [{ name: both, tenants: [d, e], replicas: [{ name: a, url: "${of.one.url}" }, { name: b, url: "${of.two.url}" }] }]
      - uid: copied
        name: A shard that still holds what was moved to another
        shards:
          - { name: from, tenants: [e], replicas: [{ name: a, url: "${of.one.url}" }] }
          - { name: to, tenants: [d], replicas: [{ name: a, url: "${of.one.url}" }] }
    grants:
      - { serviceAccount: all, role: viewer }
`
}

beforeAll(async () => {
  shards = await startScrapedShards()
  world = await startGatewayWorld({ access: access(shards) })
  for (const [org, account] of [
    ['ac', 'all'],
    ['ac', 'y'],
    ['ac', 'lister'],
    ['ac', 'nobody'],
    ['ac', 'split'],
    ['ac', 'narrow'],
    ['b', 'all'],
    ['holes', 'all'],
  ] as const)
    tokens.set(`${org}/${account}`, await world.token(org, account))
})
afterAll(async () => {
  await world.close()
  await shards.close()
})

type Fields = Record<string, string> | [string, string][]

function call(
  who: string,
  path: string,
  parameters: Fields = {},
  method: 'GET' | 'POST' = 'GET',
): Promise<ApiAnswer> {
  return callApi(world.base(), path, { parameters, method, token: tokens.get(who) ?? '' })
}

async function federate(who: string, query: string, accept?: string, source?: string): Promise<Response> {
  const headers = { authorization: `Bearer ${tokens.get(who)}`, ...(accept === undefined ? {} : { accept }) }
  return fetch(`${world.base(source)}/federate?${query}`, { headers })
}

const names = (json: { data: { groups: { rules: { name: string }[] }[] } }): string[] =>
  json.data.groups.flatMap(({ rules }) => rules.map(({ name }) => name))

describe('query_exemplars', () => {
  it('holds the caller’s series only, over shards', async () => {
    const { json } = await call(
      'ac/all',
      'query_exemplars',
      { query: 'rate(app_requests_total[5m])' },
      'POST',
    )
    const traces = json.data.map((one: { exemplars: { labels: object }[] }) => one.exemplars[0]?.labels)
    expect(traces).toEqual([{ trace_id: 'trace-of-a' }, { trace_id: 'trace-of-c' }])
    const b = await call('b/all', 'query_exemplars', { query: 'app_requests_total' })
    expect(b.text).toContain('trace-of-b')
    expect(b.text).not.toMatch(/trace-of-[ac]/)
    const y = await call('ac/y', 'query_exemplars', { query: 'app_requests_total' })
    expect(y.text).not.toMatch(/trace-of-[ab]/)
  })

  it('takes Grafana’s probe in milliseconds, and what selects nothing, for an empty success', async () => {
    const now = Date.now()
    const probe = { query: 'test', start: String(now - 3_600_000), end: String(now) }
    for (const parameters of [probe, { query: '1' }, { query: 'app_requests_total{tenant="b"}' }]) {
      const { status, json } = await call('ac/all', 'query_exemplars', parameters, 'POST')
      expect([status, json.status, json.data]).toEqual([200, 'success', []])
    }
  })

  it('refuses what cannot be parsed', async () => {
    const { status, json } = await call('ac/all', 'query_exemplars', { query: 'sum(' })
    expect([status, json.errorType]).toEqual([400, 'bad_data'])
  })
})

describe('rules and alerts', () => {
  it('shows rules by their own labels, and nothing of the others', async () => {
    const { json, text } = await call('ac/all', 'rules')
    expect(names(json)).toEqual(['a:own', 'a:of_all', 'OwnOfA', 'NeverOfA'])
    expect(text).not.toMatch(/only_b|hunter2|"b"|of-b|rules\.yml|Everybody/)
    expect(json.data.groups).toMatchObject([{ name: 'mixed', file: '' }])
    const [own, ofAll, alert, never] = json.data.groups[0].rules
    expect([own.query, ofAll.query]).toEqual(['sum(app_requests_total{tenant="a"})', ''])
    expect(alert).toMatchObject({ state: 'firing', annotations: { foreign: '' } })
    expect(alert.alerts).toMatchObject([
      { labels: { tenant: 'a' }, annotations: { summary: 'a has 5: too slow a query', foreign: '' } },
    ])
    expect([never.state, never.alerts]).toEqual(['inactive', []])
    expect(names((await call('b/all', 'rules')).json)).toEqual(['b:own', 'OwnOfB', 'b:two'])
    expect((await call('ac/y', 'rules')).json.data.groups).toEqual([])
  })

  it('honours the selections of Prometheus, and drops paging', async () => {
    const cases: [Fields, string[]][] = [
      [{ type: 'record' }, ['a:own', 'a:of_all']],
      [{ type: 'alert' }, ['OwnOfA', 'NeverOfA']],
      [
        [
          ['rule_name[]', 'a:own'],
          ['rule_name[]', 'OwnOfA'],
          ['rule_name[]', 'b:own'],
        ],
        ['a:own', 'OwnOfA'],
      ],
      [{ 'rule_group[]': 'of-b' }, []],
      [{ 'file[]': '/etc/rules.yml', type: 'record' }, []],
      [{ 'file[]': '', type: 'record' }, ['a:own', 'a:of_all']],
      [{ 'match[]': '{severity="page"}' }, ['OwnOfA']],
      [{ 'match[]': '{tenant="b"}' }, []],
      [{ group_limit: '1', group_next_token: 'x', type: 'record' }, ['a:own', 'a:of_all']],
    ]
    for (const [parameters, expected] of cases)
      for (const method of ['GET', 'POST'] as const)
        expect(names((await call('ac/all', 'rules', parameters, method)).json)).toEqual(expected)
    const { json } = await call('ac/all', 'rules', { exclude_alerts: 'true', type: 'alert' })
    expect(json.data.groups[0].rules[0]).toMatchObject({ state: 'firing', alerts: [] })
    expect((await call('ac/all', 'rules', { type: 'x' })).json.error).toBe(
      'invalid parameter "type": not supported value "x"',
    )
    expect((await call('ac/all', 'rules', { 'match[]': '{' })).status).toBe(400)
  })

  it('shows alerts by their own labels, whoever wrote the rule', async () => {
    const shown = async (who: string) =>
      (await call(who, 'alerts')).json.data.alerts.map(
        ({ labels }: { labels: Record<string, string> }) => `${labels['alertname']} ${labels['tenant']}`,
      )
    expect((await shown('ac/all')).toSorted()).toEqual(['Everybody a', 'OwnOfA a'])
    expect((await shown('b/all')).toSorted()).toEqual(['Everybody b', 'OwnOfB b'])
    expect((await call('ac/all', 'alerts')).text).not.toMatch(/hunter2|"b"/)
  })

  it('keeps alerts from those who may list rules only', async () => {
    const { json } = await call('ac/lister', 'rules')
    expect(json.data.groups[0].rules.map((rule: { alerts?: unknown[] }) => rule.alerts ?? [])).toEqual([
      [],
      [],
      [],
      [],
    ])
    expect((await call('ac/lister', 'alerts')).status).toBe(403)
    expect((await call('ac/nobody', 'rules')).status).toBe(403)
  })
})

describe('targets', () => {
  it('shows own targets without addresses', async () => {
    const { json, text } = await call('ac/all', 'targets')
    const labels = json.data.activeTargets.map((target: { labels: object }) => target.labels)
    expect(labels).toMatchObject([{ tenant: 'a' }, { tenant: 'c' }])
    expect(text).not.toMatch(/hunter2|app-b|__address__|http:/)
    expect(json.data.activeTargets[0]).toMatchObject({ health: 'up', scrapePool: 'app-a', scrapeUrl: '' })
    const pool = async (scrapePool: string) =>
      (await call('ac/all', 'targets', { scrapePool })).json.data.activeTargets.map(
        ({ labels: { tenant } }: { labels: { tenant: string } }) => tenant,
      )
    expect([await pool('app-a'), await pool('app-b'), await pool('')]).toEqual([['a'], [], ['a', 'c']])
    expect((await call('ac/all', 'targets', { state: 'dropped' })).json.data.activeTargets).toEqual([])
    expect((await call('ac/y', 'targets')).json.data.activeTargets).toMatchObject([
      { labels: { tenant: 'c' } },
    ])
    expect((await call('ac/all', 'targets', { state: 'x' })).status).toBe(400)
  })
})

describe('metadata', () => {
  it('tells of the families the caller has series of', async () => {
    const { json } = await call('ac/all', 'metadata')
    expect(Object.keys(json.data)).toEqual(['app_requests', 'app_seconds', 'only_a', 'only_c'])
    expect(json.data['app_seconds']).toEqual([{ type: 'histogram', help: 'Durations.', unit: '' }])
    expect(Object.keys((await call('ac/y', 'metadata')).json.data)).toEqual([
      'app_requests',
      'app_seconds',
      'only_c',
    ])
    expect((await call('b/all', 'metadata')).text).not.toMatch(/only_[ac]/)
  })

  it.each<[Record<string, string>, string[]]>([
    [{ metric: 'app_seconds' }, ['app_seconds']],
    [{ metric: 'only_b' }, []],
    [{ metric: 'app.*' }, []],
    [{ limit: '2' }, ['app_requests', 'app_seconds']],
    [{ limit: '0' }, []],
    [{ limit: '40000', limit_per_metric: '1' }, ['app_requests', 'app_seconds', 'only_a', 'only_c']],
  ])('%j', async (parameters, expected) => {
    const { status, json } = await call('ac/all', 'metadata', parameters)
    expect([status, Object.keys(json.data)]).toEqual([200, expected])
  })
})

describe('federate', () => {
  it('gives own series of all shards, each family once', async () => {
    const response = await federate('ac/all', 'match[]=app_requests_total&match[]={__name__=~"only_.*"}')
    const text = await response.text()
    expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8')
    expect(text.match(/# TYPE \S+ untyped/g)).toEqual([
      '# TYPE app_requests_total untyped',
      '# TYPE only_a untyped',
      '# TYPE only_c untyped',
    ])
    expect(text.match(/^app_requests_total\{.*tenant="(\w)"/gm)).toHaveLength(2)
    expect(text).toMatch(/ \d{13}\n$/)
    expect(text).not.toMatch(/only_b|tenant="b"/)
  })

  it('answers OpenMetrics to those who prefer it', async () => {
    const accept = 'application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.3,*/*;q=0.2'
    const response = await federate('ac/all', 'match[]=only_a', accept)
    expect(response.headers.get('content-type')).toMatch(/^application\/openmetrics-text; version=1\.0\.0/)
    expect(await response.text()).toMatch(/^# TYPE only_a unknown\nonly_a\{.*\} 1 \d{10}\.\d{3}\n# EOF\n$/)
  })

  it('is scraped by a real Prometheus', async () => {
    const dir = temporaryDir()
    const { host } = new URL(world.gateway.url)
    const scraper = await startPrometheus({
      dataDir: dir.path,
      config: {
        scrape_configs: [
          {
            job_name: 'federation',
            scrape_interval: '1s',
            honor_labels: true,
            // It asks for protobuf first, which is not spoken here, and reads what comes by its content type.
            scrape_protocols: ['PrometheusProto', 'OpenMetricsText1.0.0', 'PrometheusText0.0.4'],
            metrics_path: '/prom/metrics/federate',
            params: { 'match[]': ['{__name__=~".+"}'] },
            authorization: { credentials: tokens.get('ac/all') },
            static_configs: [{ targets: [host] }],
          },
        ],
      },
    })
    try {
      const query = 'count by (tenant) (app_requests_total)'
      const tenants = async () => {
        const { json } = await callApi(scraper.url, 'query', { parameters: { query } })
        return json.data.result.map(({ metric }: { metric: object }) => metric)
      }
      await expect
        .poll(tenants, { timeout: 20_000, interval: 200 })
        .toEqual([{ tenant: 'a' }, { tenant: 'c' }])
    } finally {
      await scraper.stop()
      dir.remove()
    }
  })

  it('is empty for what the selectors and grants do not share', async () => {
    for (const match of ['{tenant="b"}', '{tenant="nowhere"}']) {
      const response = await federate('ac/all', new URLSearchParams({ 'match[]': match }).toString())
      expect([response.status, await response.text()]).toEqual([200, ''])
    }
  })

  it('gives a series once that is still where it was moved from', async () => {
    const text = await (await federate('holes/all', 'match[]=app_requests_total', undefined, 'copied')).text()
    expect(text.match(/^app_requests_total\{/gm)).toHaveLength(1)
  })

  it('refuses a request without selectors, and selectors of nothing', async () => {
    expect((await federate('ac/all', '')).status).toBe(400)
    expect((await federate('ac/all', 'match[]={}')).status).toBe(400)
    expect((await federate('ac/nobody', 'match[]=up')).status).toBe(403)
  })
})

// The servers have `external_labels: { shard: one }` and `{ shard: two }`; the series they scraped do not carry them.
describe('external labels of the shards', () => {
  it('are no labels of series, as for the servers themselves', async () => {
    for (const query of ['app_requests_total{shard="one"}', 'count by (shard) (app_requests_total)']) {
      const { json } = await call('ac/all', 'query', { query })
      const { json: own } = await callApi(shards.two.url, 'query', { parameters: { query } })
      expect(json.data.result.map(({ metric }: { metric: object }) => metric)).toEqual(
        own.data.result.map(({ metric }: { metric: object }) => metric),
      )
    }
    const { json: absent } = await call('ac/all', 'query', { query: 'count(app_requests_total{shard=""})' })
    expect(absent.data.result[0].value[1]).toBe('2')
    expect((await call('ac/all', 'labels')).json.data).not.toContain('shard')
    expect((await call('ac/all', 'label/shard/values')).json.data).toEqual([])
    expect((await call('ac/all', 'series', { 'match[]': '{shard="one"}' })).json.data).toEqual([])
  })

  it('are added to what is federated, each shard its own, as the servers do', async () => {
    const text = await (await federate('ac/all', 'match[]=app_requests_total')).text()
    expect(text.match(/tenant="a"|tenant="c"|shard="\w+"/g)?.toSorted()).toEqual([
      'shard="one"',
      'shard="two"',
      'tenant="a"',
      'tenant="c"',
    ])
    expect(text).toMatch(/^app_requests_total\{(?=.*tenant="c").*shard="two"/m)
    expect(await (await federate('ac/all', 'match[]={shard="one"}')).text()).toBe('')
  })

  it('that tell the replicas of a shard apart are left out: who answers changes no series', async () => {
    const read = async () =>
      (await federate('holes/all', 'match[]=app_requests_total', undefined, 'twins')).text()
    // A scrape that a busy machine misses leaves no sample.
    await expect.poll(read, { timeout: 10_000 }).toMatch(/^app_requests_total\{[^}]*tenant="d"[^}]*\} /m)
    const text = await read()
    expect(text).not.toContain('shard=')
  })

  it('divide no shards: a map by them finds nothing, never too much', async () => {
    const token = tokens.get('holes/all') ?? ''
    const parameters = { query: 'app_requests_total{tenant="d"}' }
    const answers = ['partial', 'external'].map((source) =>
      callApi(world.base(source), 'query', { parameters, token }),
    )
    const [there, none] = await Promise.all(answers)
    expect([there?.json.data.result.length, none?.status, none?.json.data.result]).toEqual([1, 200, []])
  })
})

describe('/prom/all', () => {
  const all = (who: string, path: string, parameters: Fields = {}) =>
    callApi(world.base('all'), path, { parameters, token: tokens.get(who) ?? '' })
  const seen = async (who: string, query = 'sum by (tenant) (app_requests_total)') =>
    (await all(who, 'query', { query })).json.data.result.map(
      ({ metric, value }: { metric: { tenant: string }; value: [number, string] }) =>
        `${metric.tenant} ${value[1]}`,
    )

  it('counts a shard of two data sources once', async () => {
    expect((await seen('ac/all')).toSorted()).toEqual(['a 5', 'c 5'])
    const { json } = await all('ac/all', 'series', { 'match[]': 'app_requests_total' })
    expect(json.data).toHaveLength(2)
    expect(
      names(
        (await callApi(world.base('all'), 'rules', { method: 'GET', token: tokens.get('ac/all') ?? '' }))
          .json,
      ),
    ).toEqual(['a:own', 'a:of_all', 'OwnOfA', 'NeverOfA'])
  })

  it('gives of each data source what its own grants admit', async () => {
    // The grant on `again` is without constraints, but tenant a is not there.
    expect(await seen('ac/split')).toEqual(['c 5'])
    expect(await seen('ac/split', 'app_requests_total{tenant="a"}')).toEqual([])
    const answer = await all('ac/split', 'query', { query: 'app_requests_total' })
    const [event] = await world.auditOf(answer.requestId)
    expect(event).toMatchObject({ code: 'Q001I', resource: { uid: 'all' } })
    expect(event?.decision.because).toHaveLength(2)
  })

  it('refuses to count what two servers may both hold, and lists it still', async () => {
    const { status, json } = await all('b/all', 'query', { query: 'sum(app_requests_total)' })
    expect([status, json.errorType]).toEqual([422, 'execution'])
    expect(json.error).toMatch(/a tenant is in shards of several data sources/)
    expect((await all('b/all', 'series', { 'match[]': 'app_requests_total' })).json.data).toHaveLength(1)
  })

  it('is forbidden to those without a grant', async () => {
    const { status, text } = await all('ac/nobody', 'query', { query: 'up' })
    expect(status).toBe(403)
    expect(text.length).toBeLessThan(1_024)
  })
})

describe('OPTIONS', () => {
  it('tells the methods of an endpoint to anybody, and lets no page of another origin in', async () => {
    const headers = { origin: 'https://elsewhere.example', 'access-control-request-method': 'POST' }
    const answer = await fetch(`${world.base()}/api/v1/query`, { method: 'OPTIONS', headers })
    expect([answer.status, answer.headers.get('allow')]).toEqual([204, 'GET, POST, OPTIONS'])
    expect([...answer.headers.keys()].filter((name) => name.startsWith('access-control'))).toEqual([])
    expect(await answer.text()).toBe('')
    const events = await world.auditOf(answer.headers.get('x-request-id') ?? '')
    expect(events).toMatchObject([{ code: 'Q006I', actor: null, outcome: { httpStatus: 204 } }])
    const nowhere = await fetch(`${world.base()}/api/v1/admin`, { method: 'OPTIONS', headers })
    expect(nowhere.status).toBe(404)
  })
})

describe('completeness', () => {
  const ask = (source: string, path: string, parameters: Fields, headers: Record<string, string> = {}) =>
    callApi(world.base(source), path, { parameters, headers, token: tokens.get('holes/all') ?? '' })
  const partial = { partial_response: 'true' }

  it('names shards and replicas in headers, and in infos if asked', async () => {
    for (const [query, shards, replicas] of [
      ['sum(app_requests_total)', 'asked=2, answered=2', ['one/one-a', 'two/two-a']],
      ['app_requests_total{tenant="a"}', 'asked=1, answered=1', ['one/one-a']],
      ['1', 'asked=0, answered=0', undefined],
    ] as const) {
      const { headers, json } = await call('ac/all', 'query', { query }, 'POST')
      expect([headers.get('x-gatehouse-shards'), json.infos]).toEqual([shards, undefined])
      expect(headers.get('x-gatehouse-replicas')?.split(', ').toSorted()).toEqual(replicas)
      const told = await call('ac/all', 'query', { query, infos: 'true' }, 'POST')
      expect(told.json.infos).toEqual([expect.stringMatching(`^shards: ${shards}; replicas: `)])
      expect(told.json.data.resultType).toBe(json.data.resultType)
    }
  })

  it.each(['rules', 'alerts', 'targets', 'metadata', 'query_exemplars'])(
    'tells it of %s, too',
    async (path) => {
      const parameters = { query: 'app_requests_total', start: '0', end: '60', limit: '77', infos: 'true' }
      const { json } = await call('ac/all', path, parameters)
      expect(json.infos).toEqual([
        expect.stringMatching(/^shards: asked=2, answered=2; replicas: \w+\/\w+-a, /),
      ])
    },
  )

  it('says that nothing can match where the selectors contradict what the grants admit', async () => {
    const warned = [expect.stringMatching(/contradict what your grants admit/)]
    const range = { start: '0', end: '60', step: '60' }
    for (const query of ['up{tenant="b"}', 'count(up{tenant="b"})']) {
      expect((await call('ac/all', 'query', { query })).json.warnings).toEqual(warned)
      expect((await call('ac/all', 'query_range', { query, ...range })).json.warnings).toEqual(warned)
    }
    for (const query of ['vector(1)', 'up{tenant="a"} or up{tenant="b"}', 'up{tenant="a",x="nothing"}'])
      expect((await call('ac/all', 'query', { query })).json.warnings).toBeUndefined()
  })

  it('answers in part only where caller and data source agree, with a warning, and audits it so', async () => {
    for (const [path, parameters] of [
      ['query', { query: 'sum(app_requests_total)' }],
      ['query_range', { query: 'max_over_time(app_requests_total[1m])', start: '0', end: '60', step: '60' }],
      ['query', { query: 'quantile(0.5, sum_over_time(app_requests_total[1m:]))' }],
      ['series', { 'match[]': 'app_requests_total' }],
      ['labels', {}],
    ] as [string, Record<string, string>][]) {
      expect((await ask('partial', path, parameters)).status).toBe(503)
      expect((await ask('whole', path, { ...parameters, ...partial })).status).toBe(503)
      const answer = await ask('partial', path, { ...parameters, ...partial })
      expect([answer.status, answer.json.warnings]).toEqual([200, [expect.stringMatching(/^partial answer/)]])
      expect(answer.headers.get('x-gatehouse-shards')).toBe('asked=2, answered=1')
      expect(await world.auditOf(answer.requestId)).toMatchObject([{ code: 'Q002W' }])
    }
    const { json } = await ask('partial', 'query', { query: 'sum(app_requests_total)', ...partial })
    expect(json.data.result).toMatchObject([{ value: [expect.any(Number), '5'] }])
  })

  it('is whole or nothing for alert evaluation, federation and rules, and when nobody answers', async () => {
    const parameters = { query: 'sum(app_requests_total)', ...partial }
    expect((await ask('partial', 'query', parameters, { FromAlert: 'true' })).status).toBe(503)
    expect((await ask('partial', 'rules', partial)).status).toBe(503)
    expect((await ask('partial', 'query', { query: 'up{tenant="e"}', ...partial })).status).toBe(503)
    const headers = { authorization: `Bearer ${tokens.get('holes/all')}` }
    const scraped = await fetch(`${world.base('partial')}/federate?match[]=up&partial_response=true`, {
      headers,
    })
    expect(scraped.status).toBe(503)
  })
})

describe('explain', () => {
  const explain = async (who: string, parameters: Record<string, string>, source?: string) => {
    const form = new URLSearchParams(parameters)
    const headers = { authorization: `Bearer ${tokens.get(who)}` }
    const get = await fetch(`${world.base(source)}/explain?${form}`, { headers })
    const post = await fetch(`${world.base(source)}/explain`, { method: 'POST', headers, body: form })
    const text = await get.text()
    if (parameters['time'] !== undefined && get.status === 200) expect(await post.text()).toBe(text)
    return { status: get.status, text, data: JSON.parse(text).data }
  }
  const asked = async (): Promise<string[]> => {
    const counts = await Promise.all(
      [shards.one, shards.two].map(async ({ url }) => (await fetch(`${url}/metrics`)).text()),
    )
    const line = /^prometheus_http_requests_total\{.*handler="\/api\/v1\/(?!status)[^"]*".*$/gm
    return counts.flatMap((text) => text.match(line) ?? [])
  }

  it('tells who imposed what, what shards evaluate and what the gateway, and reads nothing', async () => {
    const before = await asked()
    const query = 'sum(rate(app_requests_total[5m])) / quantile(0.5, app_requests_total)'
    const { data, text } = await explain('ac/all', { query, time: '1000' })
    expect(await asked()).toEqual(before)
    expect(data).toMatchObject({
      query,
      constraints: ['{tenant=~"a|c"}'],
      imposedBy: { grants: [{ role: 'viewer', via: 'service-account:all' }], tenants: ['a', 'c'] },
      shards: ['one', 'two'],
      plan: { kind: 'evaluate' },
      cost: { selectors: 2, range: 300_000 },
      cache: { cacheable: true },
    })
    expect(data.enforced).toContain('sum(rate(app_requests_total{tenant="a"}[5m]))')
    expect(data.plan.evaluatedHere).toContain('merge of partial sum: sum(rate(app_requests_total[5m]))')
    expect(text).not.toMatch(/"b"|a\|b|\|b/)
  })

  it('shows the partitions of overlapping grants, and one shard’s query as it is sent', async () => {
    const { data } = await explain('ac/y', { query: 'up{tenant="c"}', start: '0', end: '600', step: '60' })
    expect(data).toMatchObject({
      enforced: ['up{tenant=~"a|c",team="y",tenant="c"}'],
      imposedBy: { grants: [{ constraints: ['{team="y"}'] }] },
      plan: { kind: 'pass' },
      step: '60',
    })
    const shifted = await explain('ac/y', { query: 'up offset -1h', start: '0', end: '600', step: '60' })
    expect(shifted.data.cache).toMatchObject({ cacheable: false, reason: 'negative_offset' })
  })

  it('shows of the tenants that a grant names those of the org', async () => {
    const { data } = await explain('ac/narrow', { query: 'up', time: '1000' })
    expect(data.imposedBy.grants).toMatchObject([{ constraints: ['{tenant="c",team="y"}'] }])
    expect(JSON.stringify(data.imposedBy)).not.toContain('foreign')
  })

  it('answers for all data sources, and refuses what is no query', async () => {
    const { data } = await explain('ac/split', { query: 'up', time: '1000' }, 'all')
    expect(data.imposedBy.grants).toHaveLength(2)
    expect((await explain('ac/all', { query: 'sum(' })).status).toBe(400)
    expect((await explain('ac/nobody', { query: 'up' })).status).toBe(403)
  })
})

describe('answered here', () => {
  it('formats and parses', async () => {
    const query = 'sum(rate( app_requests_total [5m]))by(job)'
    expect((await call('ac/all', 'format_query', { query }, 'POST')).json.data).toBe(
      'sum by (job) (rate(app_requests_total[5m]))',
    )
    expect((await call('ac/all', 'parse_query', { query })).json.data).toMatchObject({
      type: 'aggregation',
      op: 'sum',
    })
    expect((await call('ac/all', 'parse_query', { query: 'sum(' })).json.errorType).toBe('bad_data')
    expect((await call('ac/nobody', 'format_query', { query })).status).toBe(403)
  })

  it('tells functions by the lowest version of the shards', async () => {
    const { promql_functions: functions } = (await call('ac/all', 'features')).json.data
    expect(functions).toMatchObject({ rate: true, first_over_time: false, info: false })
  })
})
