import type { IncomingMessage, ServerResponse } from 'node:http'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { ensureTools, type Server, startVictoriaMetrics, temporaryDir } from '@gatehouse/local'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type GatewayWorld, startGatewayWorld } from '../support/gateway-world.ts'
import { callApi } from '../support/prometheus-api.ts'
import {
  type RecordingPrometheus,
  sendJson,
  startRecordingPrometheus,
} from '../support/recording-prometheus.ts'

const dir = temporaryDir()
const end = Math.floor(Date.now() / 60_000) * 60 - 600
let victoria: Server
let mimir: RecordingPrometheus
let thanos: RecordingPrometheus
/** In Mimir's place, but without a thought for label policies. */
let deaf: RecordingPrometheus
let world: GatewayWorld
let token: string

/** `tenant/team/env` of every series; the caller may see team x and env p of tenants a and b. */
const visible = ['a/x/p', 'a/x/q', 'b/y/p']
const hidden = ['a/y/q', 'b/z/q', 'foreign/x/p']

async function fill(url: string): Promise<void> {
  const lines = [...visible, ...hidden].map((name, i) => {
    const [tenant = '', team = '', env = ''] = name.split('/')
    const timestamps = Array.from({ length: 11 }, (_, n) => (end - 600 + n * 60) * 1_000)
    const values = timestamps.map((_, n) => 10 ** i * (n + 1))
    return JSON.stringify({ metric: { __name__: 'requests', tenant, team, env }, values, timestamps })
  })
  await fetch(`${url}/api/v1/import`, { method: 'POST', body: lines.join('\n') })
  for (let i = 0; i < 50; i += 1) {
    await fetch(`${url}/internal/force_flush`)
    const answer = await fetch(`${url}/api/v1/query?query=count(requests)&time=${end}&nocache=1`)
    const json = (await answer.json()) as { data: { result: { value: [number, string] }[] } }
    if (json.data.result[0]?.value[1] === String(lines.length)) return
    await sleep(100)
  }
  throw new Error('VictoriaMetrics does not show what was imported')
}

const emptyVector = '{"status":"success","data":{"resultType":"vector","result":[]}}'

/** A server that has series, and leaves out what a policy leaves out or does not. */
const answerLike = (heeds: boolean) => (message: IncomingMessage, res: ServerResponse) => {
  if (!message.url?.includes('/label/')) return sendJson(res, 200, emptyVector)
  const told = decodeURIComponent(String(message.headers['x-prom-label-policy'] ?? ''))
  const isClosed = heeds && told.includes('gatehouse_no_such_metric')
  sendJson(res, 200, `{"status":"success","data":${isClosed ? '[]' : '["a"]'}}`)
}

beforeAll(async () => {
  await ensureTools(['victoria-metrics'])
  victoria = await startVictoriaMetrics({ dataDir: join(dir.path, 'victoria') })
  await fill(victoria.url)
  mimir = await startRecordingPrometheus()
  thanos = await startRecordingPrometheus()
  deaf = await startRecordingPrometheus()
  mimir.behave(answerLike(true))
  deaf.behave(answerLike(false))
  const shard = (url: string) => [{ name: 'one', tenants: ['a', 'b'], replicas: [{ name: 'r', url }] }]
  world = await startGatewayWorld({
    access: JSON.stringify({
      apiVersion: 'gatehouse/v1',
      kind: 'Access',
      orgs: [
        {
          uid: 'org',
          name: 'Org',
          tenants: ['a', 'b'],
          serviceAccounts: [
            { uid: 'several', name: 'Several' },
            { uid: 'others', name: 'Others' },
          ],
          grants: [
            { serviceAccount: 'several', role: 'viewer', constraints: ['{team="x"}', '{env="p"}'] },
            { serviceAccount: 'others', role: 'viewer', constraints: ['{team="z"}', '{env="q"}'] },
          ],
          dataSources: [
            { uid: 'victoria', name: 'V', backend: 'victoriametrics', shards: shard(victoria.url) },
            { uid: 'plain', name: 'P', shards: shard(victoria.url) },
            { uid: 'mimir', name: 'M', backend: 'mimir', shards: shard(mimir.url) },
            { uid: 'deaf', name: 'D', backend: 'mimir', shards: shard(deaf.url) },
            { uid: 'thanos', name: 'T', backend: 'thanos', shards: shard(thanos.url) },
          ],
        },
      ],
    }),
  })
  token = await world.token('org', 'several')
})
afterAll(async () => {
  await world.close()
  await Promise.all([mimir.close(), thanos.close(), deaf.close(), victoria.stop()])
  dir.remove()
})

const hostile = {
  headers: {
    'x-scope-orgid': 'foreign',
    'x-prom-label-policy': 'foreign:%7Btenant%3D%22foreign%22%7D',
    'thanos-tenant': 'foreign',
  },
  parameters: [
    ['extra_filters[]', '{tenant="foreign"}'],
    ['extra_filters', '{tenant="foreign"}'],
    ['extra_label', 'tenant=foreign'],
  ] as [string, string][],
}

async function ask(dataSource: string, path: string, parameters: Record<string, string>) {
  const all: [string, string][] = [...Object.entries(parameters), ...hostile.parameters]
  return callApi(world.base(dataSource), path, { token, parameters: all, headers: hostile.headers })
}

type Series = { metric: Record<string, string> }

function namesOf(result: readonly Series[]): readonly string[] {
  return result.map(({ metric: { tenant, team, env } }) => `${tenant}/${team}/${env}`).toSorted()
}

describe('VictoriaMetrics', () => {
  it.each([
    ['requests', 'query'],
    ['requests[5m]', 'query'],
    ['rate(requests[5m])', 'query_range'],
    ['requests or requests offset 1m', 'query_range'],
  ])('gives the union of several grants for %s by %s', async (query, path) => {
    const times =
      path === 'query' ? { time: String(end) } : { start: String(end - 300), end: String(end), step: '60' }
    const { status, json } = await ask('victoria', path, { query, ...times })
    expect(status).toBe(200)
    expect(namesOf(json.data.result)).toEqual(visible)
  })

  it.each([
    ['count(requests)', '3'],
    ['count(count_over_time(requests[5m]))', '3'],
    ['sum(requests)', String(11 + 110 + 1_100)],
    ['count(absent(requests{team="z"}))', '1'],
    ['count({tenant="foreign"} or vector(0))', '1'],
  ])('computes %s over no more than that', async (query, expected) => {
    const { json } = await ask('victoria', 'query', { query, time: String(end) })
    expect(json.data.result[0].value[1]).toBe(expected)
  })

  it('keeps what one caller was answered from another whose selectors are the same', async () => {
    const parameters = { query: 'requests + 0', time: String(end) }
    const others = await world.token('org', 'others')
    const mine = await ask('victoria', 'query', parameters)
    const { json } = await callApi(world.base('victoria'), 'query', { token: others, parameters })
    expect(namesOf(mine.json.data.result)).toEqual(visible)
    expect(namesOf(json.data.result)).toEqual(['a/x/q', 'a/y/q', 'b/z/q'])
  })

  it('keeps steps where they were asked for', async () => {
    const parameters = { query: 'sum(requests)', start: String(end - 307), end: String(end), step: '5' }
    const { json } = await ask('victoria', 'query_range', parameters)
    expect(json.data.result[0].values[0][0]).toBe(end - 307)
  })

  it('lists labels and series of no more than that', async () => {
    const bounds = { start: String(end - 600), end: String(end) }
    const series = await ask('victoria', 'series', { 'match[]': 'requests', ...bounds })
    expect(namesOf(series.json.data.map((metric: Record<string, string>) => ({ metric })))).toEqual(visible)
    const teams = await callApi(world.base('victoria'), 'label/team/values', {
      token,
      method: 'GET',
      parameters: [...Object.entries(bounds), ...hostile.parameters],
    })
    expect(teams.json.data).toEqual(['x', 'y'])
  })

  it('is handed the grants as filters, where a plain one gets them as an expression', async () => {
    const explain = async (dataSource: string) =>
      (await ask(dataSource, '../../explain', { query: 'requests', time: String(end) })).json.data
    expect((await explain('victoria')).enforced).toEqual(['requests{tenant=~"a|b"}'])
    expect((await explain('plain')).enforced[0]).toMatch(/env="p".* or .*team="x"/)
  })
})

/** What the server was asked since the last look, without probes. */
function asked(server: RecordingPrometheus) {
  const found = server.requests.filter(({ url }) => url === '/api/v1/query')
  server.requests.length = 0
  return found.map(({ headers, body }) => ({ headers, query: new URLSearchParams(body).get('query') }))
}

describe('Mimir', () => {
  const policies = ['a', 'b'].flatMap((tenant) =>
    ['env="p"', 'team="x"'].map((one) => `${tenant}:${encodeURIComponent(`{tenant=~"a|b",${one}}`)}`),
  )

  it('gets its tenants and a label policy, and nothing the client sent', async () => {
    await ask('mimir', 'query', { query: 'sum(up)', time: '4' })
    const [{ headers, query } = { headers: {}, query: '' }, ...others] = asked(mimir)
    expect(others).toEqual([])
    expect(query).toBe('sum(up{tenant=~"a|b"})')
    expect(headers['x-scope-orgid']).toBe('a|b')
    expect(headers['x-prom-label-policy']).toBe(policies.join(','))
    expect(JSON.stringify(headers)).not.toContain('foreign')
  })
})

describe('a backend that ignores the policy', () => {
  it('still gets the constraints in every selector', async () => {
    await ask('deaf', 'query', { query: 'sum(up)', time: '4' })
    const found = asked(deaf)
    expect(found).not.toEqual([])
    for (const { query } of found) expect(query).toMatch(/env="p".*team="x"/)
  })
})

describe('Thanos', () => {
  it('is asked for each tenant by its header, with the constraints in every selector', async () => {
    await ask('thanos', 'query', { query: 'sum(up)', time: '4' })
    const found = asked(thanos)
    expect(new Set(found.map(({ headers }) => headers['thanos-tenant']))).toEqual(new Set(['a', 'b']))
    for (const { headers, query } of found) {
      expect(query).toContain(`tenant="${String(headers['thanos-tenant'])}"`)
      expect(query).toMatch(/team="x"|env="p"/)
      expect(JSON.stringify(headers)).not.toContain('foreign')
    }
  })
})
