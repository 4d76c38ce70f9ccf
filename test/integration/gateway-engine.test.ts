import { join } from 'node:path'
import { ensureTools, type Prometheus, startPrometheus, temporaryDir } from '@gatehouse/local'
import { enforce } from '@gatehouse/query'
import { parse, print } from '@gatehouse/promql'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Cluster, startCluster } from '../conformance/shards/cluster.ts'
import { difference } from '../conformance/shards/compare.ts'
import { dataStart, tenants } from '../conformance/shards/data.ts'
import type { MapName } from '../conformance/shards/maps.ts'
import { type GatewayWorld, startGatewayWorld } from '../support/gateway-world.ts'
import { type ApiAnswer, callApi } from '../support/prometheus-api.ts'

let cluster: Cluster
let world: GatewayWorld
/** An engine that cannot read one of its shards. */
let lame: Prometheus
let all: string
let several: string
const dir = temporaryDir()

const replicas = (server: Prometheus) => [{ name: 'a', url: server.url }]

function sourceOf(uid: string, map: MapName, settings: object = {}) {
  const shards = cluster
    .shardsOf(map)
    .map(({ name, server, slice: { tenants: own, matchers, samples } }) => ({
      name,
      tenants: own,
      ...(matchers === undefined
        ? {}
        : { series: `{${matchers.map(({ name: label, op, value }) => `${label}${op}"${value}"`).join()}}` }),
      ...(samples === undefined
        ? {}
        : { samples: { from: momentOf(samples.from), until: momentOf(samples.until) } }),
      replicas: replicas(server),
    }))
  return { uid, name: uid, shards, ...settings }
}

const momentOf = (moment: { at: number } | { age: number } | undefined) =>
  moment !== undefined && 'at' in moment ? new Date(moment.at).toISOString() : undefined

beforeAll(async () => {
  await ensureTools(['prometheus-2'])
  cluster = await startCluster('2')
  const [shard] = cluster.shardsOf('two')
  lame = await startPrometheus({
    dataDir: join(dir.path, 'lame'),
    version: '2',
    flags: ['--enable-feature=native-histograms'],
    config: {
      remote_read: [`${shard?.server.url}/api/v1/read`, 'http://127.0.0.1:9/api/v1/read'].map((url) => ({
        url,
        read_recent: true,
      })),
    },
  })
  const engineUrl = cluster.engineOf('two')?.url
  const timed = sourceOf('by-time', 'by time')
  // Nobody has the oldest five minutes, and an instant selector may look back an hour.
  const gap = { ...timed, shards: timed.shards.filter(({ name }) => name === 'recent') }
  world = await startGatewayWorld({
    access: JSON.stringify({
      apiVersion: 'gatehouse/v1',
      kind: 'Access',
      orgs: [
        {
          uid: 'gov',
          name: 'Gov',
          tenants,
          serviceAccounts: [
            { uid: 'all', name: 'All' },
            { uid: 'several', name: 'Several' },
          ],
          grants: [
            { serviceAccount: 'all', role: 'viewer' },
            {
              serviceAccount: 'several',
              role: 'viewer',
              constraints: ['{team="team-x"}', '{env="prod"}', '{job="api"}'],
            },
          ],
          dataSources: [
            sourceOf('with', 'two', { engineUrl }),
            sourceOf('without', 'two'),
            sourceOf('stepped', 'two', { evaluationInterval: '20s' }),
            sourceOf('lame', 'two', { engineUrl: lame.url }),
            sourceOf('partial', 'two', { engineUrl: lame.url, partialResponse: true }),
            { ...gap, uid: 'gap', name: 'Gap', engineUrl: cluster.engineOf('by time')?.url },
            { ...gap, uid: 'bare-gap', name: 'Gap' },
            sourceOf('by-label', 'by label'),
            sourceOf('by-name', 'by metric name'),
            timed,
          ],
        },
      ],
    }),
  })
  all = await world.token('gov', 'all')
  several = await world.token('gov', 'several')
})
afterAll(async () => {
  await world.close()
  await lame.stop()
  await cluster.stop()
  dir.remove()
})

const seconds = (minutes: number) => String(dataStart / 1000 + minutes * 60)
const instant = { time: seconds(63) }
const range = { start: seconds(21), end: seconds(78), step: '157' }

type Fields = Readonly<Record<string, string>>

function ask(
  source: string,
  query: string,
  options: { token?: string; fields?: Fields; path?: string } = {},
) {
  const { token = all, fields = instant, path = 'step' in fields ? 'query_range' : 'query' } = options
  return callApi(world.base(source), path, { token, parameters: { query, ...fields } })
}

/** The answer of a server with all the data, or all that three grants admit. */
async function reference(
  query: string,
  fields: Fields = instant,
  server = cluster.reference,
): Promise<ApiAnswer> {
  const constraint = { name: 'tenant', op: '=~', value: tenants.join('|') } as const
  const parameters = { query: print(enforce(parse(query), [constraint])), ...fields }
  return callApi(server.url, 'step' in fields ? 'query_range' : 'query', { parameters })
}

function outcomeOf({ json }: ApiAnswer) {
  const { data, warnings = [], infos = [] } = json
  return { kind: 'data', data, warnings, infos } as const
}

async function expectEqual(answer: ApiAnswer, expected: ApiAnswer): Promise<void> {
  expect([answer.status, expected.status]).toEqual([200, 200])
  expect(expected.json.data.result.length).toBeGreaterThan(0)
  expect(difference(outcomeOf(expected), outcomeOf(answer), false)).toBeUndefined()
}

const merged = 'histogram_quantile(0.9, sum by (job) (rate(native[5m])))'

describe('a global engine', () => {
  it.each([merged, 'sum(native)', 'histogram_count(sum(native)) / count(native)', 'avg(native)'])(
    'answers %s as one server with all the data would',
    async (query) => {
      for (const fields of [instant, range]) {
        await expectEqual(await ask('with', query, { fields }), await reference(query, fields))
        await expectEqual(
          await ask('with', query, { fields, token: several }),
          await reference(query, fields, cluster.allowed),
        )
      }
    },
  )

  it('is told of in headers, in infos and in the audit log', async () => {
    const fields = { time: seconds(61) }
    const { headers, requestId } = await ask('with', merged, { fields })
    expect(headers.get('x-gatehouse-shards')).toBe('asked=3, answered=3')
    expect(headers.get('x-gatehouse-replicas')?.split(', ')).toContain('engine/engine')
    const [event] = await world.auditOf(requestId)
    expect(event?.plan?.shardsAsked.toSorted()).toEqual(['abcd', 'ef', 'engine'])
    expect(event?.plan?.shardsAnswered.toSorted()).toEqual(['abcd', 'ef', 'engine'])
    expect(event?.enforced).toContain(
      'histogram_quantile(0.9, sum by (job) (rate(native{tenant=~"a|b|c|d|e|f"}[5m])))',
    )
    const told = await ask('with', merged, { fields: { time: seconds(62), infos: 'true' } })
    expect(told.json.infos).toContainEqual(expect.stringContaining('engine/engine'))
  })

  it('is not asked for what shards answer exactly', async () => {
    const { headers } = await ask('with', 'sum(temperature)')
    expect(headers.get('x-gatehouse-replicas')).not.toContain('engine')
  })

  it('is asked at once where only it can answer', async () => {
    const query = 'sum by (env) (temperature)'
    const answer = await ask('gap', query)
    await expectEqual(answer, await reference(query))
    expect(answer.headers.get('x-gatehouse-shards')).toBe('asked=1, answered=1')
    expect(answer.headers.get('x-gatehouse-replicas')).toBe('engine/engine')
    expect(await world.auditOf(answer.requestId)).toMatchObject([
      { plan: { shardsAsked: ['engine'] }, outcome: { result: 'allowed' } },
    ])
    await expectEqual(
      await ask('gap', query, { token: several }),
      await reference(query, instant, cluster.allowed),
    )
    const refused = await ask('bare-gap', query)
    expect([refused.status, refused.json.error]).toEqual([
      422,
      expect.stringMatching(/^temperature cannot be computed exactly over several shards: no shard has all/),
    ])
  })

  it('keeps a limit', async () => {
    const { json } = await ask('with', 'sum by (tenant, job) (native)', {
      fields: { ...instant, limit: '1' },
    })
    expect(json.data.result).toHaveLength(1)
  })

  it('is missing: the sub-expression is named', async () => {
    for (const token of [all, several]) {
      const { status, json } = await ask('without', `1 + ${merged}`, { token })
      expect([status, json.errorType, json.error]).toEqual([
        422,
        'execution',
        expect.stringMatching(
          /^sum by \(job\) \(rate\(native\[5m\]\)\) cannot be computed exactly over several/,
        ),
      ])
    }
  })

  it('does not answer what several grants admit where no one expression can say it', async () => {
    const query = 'sum(native) or absent(nothing{job="x"})'
    await expectEqual(await ask('with', query), await reference(query))
    const { status, json } = await ask('with', query, { token: several })
    expect([status, json.error]).toEqual([
      422,
      expect.stringMatching(/^sum\(native\) cannot be computed exactly/),
    ])
  })

  it('that cannot read every shard gives no answer, and says nothing of what it could not reach', async () => {
    for (const source of ['lame', 'partial']) {
      for (const fields of [instant, { ...instant, partial_response: 'true' }]) {
        const answer = await ask(source, merged, { fields })
        expect([answer.status, answer.json.errorType]).toEqual([503, 'unavailable'])
        expect(answer.text).not.toContain('127.0.0.1')
      }
    }
  })

  it('is explained', async () => {
    const explain = async (source: string, query: string) => {
      const form = new URLSearchParams({ query, ...instant })
      const headers = { authorization: `Bearer ${all}` }
      const response = await fetch(`${world.base(source)}/explain?${form}`, { headers })
      return ((await response.json()) as ApiAnswer['json']).data
    }
    const planned = await explain('gap', 'sum(temperature)')
    expect([planned.shards, planned.plan]).toEqual([
      ['engine'],
      expect.objectContaining({
        kind: 'engine',
        engine: {
          query: 'sum(temperature{tenant=~"a|b|c|d|e|f"})',
          time: expect.stringMatching(/\.\d{3}$/),
        },
        beyond: expect.objectContaining({
          text: 'temperature',
          because: expect.stringMatching(/^no shard has all/),
        }),
      }),
    ])
    const standby = await explain('with', merged)
    expect(standby.plan).toMatchObject({
      kind: 'evaluate',
      engineStandsBy: true,
      engine: { query: expect.any(String) },
    })
    const without = await explain('without', merged)
    expect(without.plan).toMatchObject({ kind: 'evaluate', engineStandsBy: false })
    expect(without.plan.engine).toBeUndefined()
  })
})

describe('shard maps', () => {
  it.each(['by-label', 'by-name', 'by-time'])('%s: answers are those of one server', async (source) => {
    for (const query of [
      'sum by (env) (rate(http_requests_total[5m]))',
      'temperature - on (tenant, instance) temperature offset 40m',
      'max_over_time(holes[70m])',
      'count by (__name__) ({tenant="a"})',
    ])
      for (const fields of [instant, range])
        await expectEqual(await ask(source, query, { fields }), await reference(query, fields))
  })
})

describe('a sub-query without a step', () => {
  // The servers evaluate every 45 s.
  const queries = ['sum_over_time(sum(temperature)[10m:])', 'sum(count_over_time(temperature[10m:]))']

  it.each(queries)('%s takes that of the shards', async (query) => {
    for (const fields of [instant, range])
      await expectEqual(await ask('without', query, { fields }), await reference(query, fields))
  })

  it('takes that of the data source, wherever it is evaluated', async () => {
    const [query = ''] = queries
    const told = query.replace(':]', ':20s]')
    await expectEqual(await ask('stepped', query), await reference(told))
    await expectEqual(
      await ask('stepped', query.replace('temperature', 'temperature{tenant="a"}')),
      await reference(told.replace('temperature', 'temperature{tenant="a"}')),
    )
  })
})

describe('statistics', () => {
  it('of several shards are one, in their place', async () => {
    const read = async (query: string, fields: Fields = {}) =>
      (await ask('without', query, { fields: { ...instant, stats: 'all', ...fields } })).json.data.stats
    const own = async (query: string) =>
      (await reference(query, { ...instant, stats: 'all' })).json.data.stats
    const stats = await read('sum(temperature)')
    const expected = await own('sum(temperature)')
    expect(Object.keys(stats.timings)).toEqual(Object.keys(expected.timings))
    expect(stats.samples.totalQueryableSamples).toBe(expected.samples.totalQueryableSamples)
    // Asked for in two and three parts, of which each reads the same.
    for (const query of ['avg(temperature)', 'stddev(temperature) / avg(temperature)'])
      expect((await read(query)).samples.totalQueryableSamples).toBe(
        (await own(query)).samples.totalQueryableSamples,
      )
    expect((await read('1 + 1')).samples).toEqual({
      totalQueryableSamples: 0,
      peakSamples: expect.any(Number),
    })
    expect(await read('sum(temperature)', { stats: '' })).toBeUndefined()
  })
})
