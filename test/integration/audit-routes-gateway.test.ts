import type { AuditEvent } from '@gatehouse/audit'
import { type Endpoint, endpoints } from '@gatehouse/gateway'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type GatewayWorld, startGatewayWorld } from '../support/gateway-world.ts'
import {
  type RecordingPrometheus,
  sendJson,
  startRecordingPrometheus,
} from '../support/recording-prometheus.ts'

/** Every endpoint and method of the data plane leaves one event, whatever becomes of the request. */

let world: GatewayWorld
let shard: RecordingPrometheus
const tokens = new Map<string, string>()

const access = (url: string): string => `
apiVersion: gatehouse/v1
kind: Access
orgs:
  - uid: org
    name: Org
    tenants: [org]
    serviceAccounts: [{ uid: all, name: All }, { uid: nobody, name: Nobody }]
    dataSources:
      - uid: metrics
        name: Metrics
        alertmanagerUrl: "${url}"
        shards: [{ name: one, tenants: [org], replicas: [{ name: a, url: "${url}" }] }]
    grants: [{ serviceAccount: all, role: org-admin }]
  - uid: platform
    name: Platform
    platform: true
    serviceAccounts: [{ uid: operator, name: Operator }]
    grants: [{ serviceAccount: operator, role: operator }]`

const silenceId = '5b1c6b4e-2d3f-4c55-9a0e-7f0d5d1a2b3c'
const matcher = (name: string, value: string) => ({ name, value, isRegex: false, isEqual: true })
const silence = {
  matchers: [matcher('tenant', 'org'), matcher('alertname', 'Down')],
  startsAt: '2026-01-01T00:00:00Z',
  endsAt: '2026-01-02T00:00:00Z',
  comment: 'Repair',
}

const answers: Readonly<Record<string, string>> = {
  '/api/v1/rules': '{"status":"success","data":{"groups":[]}}',
  '/api/v1/alerts': '{"status":"success","data":{"alerts":[]}}',
  '/api/v1/targets': '{"status":"success","data":{"activeTargets":[],"droppedTargets":[]}}',
  '/api/v1/metadata': '{"status":"success","data":{}}',
  '/api/v1/query': '{"status":"success","data":{"resultType":"vector","result":[]}}',
  '/api/v1/query_range': '{"status":"success","data":{"resultType":"matrix","result":[]}}',
  '/api/v1/status/tsdb': '{"status":"success","data":{}}',
  [`/api/v2/silence/${silenceId}`]: JSON.stringify({ id: silenceId, ...silence }),
}

function answerWell(): void {
  shard.behave((message, res) => {
    const path = (message.url ?? '').split('?')[0] ?? ''
    if (path === '/federate') {
      res.writeHead(200, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' }).end()
      return
    }
    if (path === '/api/v2/silences' && message.method === 'POST') {
      sendJson(res, 200, `{"silenceID":"${silenceId}"}`)
      return
    }
    sendJson(
      res,
      200,
      answers[path] ?? (path.startsWith('/api/v2') ? '[]' : '{"status":"success","data":[]}'),
    )
  })
}

beforeAll(async () => {
  shard = await startRecordingPrometheus()
  world = await startGatewayWorld({ access: access(shard.url) })
  for (const who of ['all', 'nobody']) tokens.set(who, await world.token('org', who))
  tokens.set('operator', await world.token('platform', 'operator'))
})
afterAll(async () => {
  await world.close()
  await shard.close()
})

const valid: Readonly<Record<string, string>> = {
  expression: 'up',
  selectors: 'up',
  time: '1750000000',
  duration: '5s',
  step: '60',
  limit: '10',
}

function parametersOf({ parameters }: Endpoint, change: Readonly<Record<string, string>>): URLSearchParams {
  const given = Object.entries(parameters).flatMap(([name, kind]): [string, string][] => {
    const value = change[kind] ?? valid[kind]
    return value === undefined ? [] : [[name, value]]
  })
  return new URLSearchParams(given)
}

const names: Readonly<Record<string, string>> = { '{page}': 'tsdb', '{id}': silenceId }
/** A shard's own state is shown to operators of the platform, who name the org; everything else to those of the org. */
const whoMay = ({ treatment }: Endpoint): string => (treatment === 'operator' ? 'operator' : 'all')
const orgOf = ({ treatment }: Endpoint): string => (treatment === 'operator' ? 'platform' : 'org')

interface Asked {
  readonly status: number
  readonly events: readonly AuditEvent[]
}

async function ask(
  endpoint: Endpoint,
  method: string,
  { who, change = {} }: { readonly who?: string; readonly change?: Readonly<Record<string, string>> },
): Promise<Asked> {
  const path = endpoint.path.replaceAll(/\{\w+\}/g, (name) => names[name] ?? 'job')
  const parameters = parametersOf(endpoint, change)
  if (endpoint.treatment === 'operator') parameters.set('org', 'org')
  const url = `${world.gateway.url}/${endpoint.root ?? 'prom'}/metrics${path}`
  const isJson = endpoint.body === 'json'
  const response = await fetch(method === 'POST' ? url : `${url}?${parameters}`, {
    method,
    headers: {
      ...(who === undefined ? {} : { authorization: `Bearer ${tokens.get(who) ?? ''}` }),
      ...(isJson ? { 'content-type': 'application/json' } : {}),
    },
    ...(method === 'POST' ? { body: isJson ? JSON.stringify(silence) : parameters } : {}),
  })
  await response.arrayBuffer()
  return { status: response.status, events: await world.auditOf(response.headers.get('x-request-id') ?? '') }
}

const table = endpoints.flatMap((endpoint) =>
  endpoint.methods.map((method) => [endpoint.name, method, endpoint] as const),
)
const succeeded = new Set<string>()
const erred = new Set<string>()

it.each(table)('%s %s', async (name, method, endpoint) => {
  answerWell()
  const told = async (asking: Promise<Asked>, result?: AuditEvent['outcome']['result']): Promise<Asked> => {
    const asked = await asking
    const expected = asked.status < 400 ? 'allowed' : result
    expect(asked.events).toHaveLength(1)
    const [event] = asked.events
    expect(event?.outcome.httpStatus).toBe(asked.status)
    if (expected !== undefined) expect(event?.outcome.result).toBe(expected)
    expect(event?.code.at(-1)).toMatch(
      { allowed: /[IW]/, denied: /D/, failed: /E/ }[event?.outcome.result ?? 'allowed'],
    )
    return asked
  }
  const who = whoMay(endpoint)
  const success = await told(ask(endpoint, method, { who }))
  if (success.status < 400) {
    succeeded.add(`${name} ${method}`)
    expect(success.events[0]).toMatchObject({ orgUid: orgOf(endpoint), request: { method } })
    expect(success.events[0]?.request.route).toBe(`/${endpoint.root ?? 'prom'}/{data-source}${endpoint.path}`)
    expect(success.events[0]?.code.startsWith(endpoint.auditCode)).toBe(true)
  }
  expect((await told(ask(endpoint, method, {}), 'denied')).status).toBe(401)
  const { status } = await told(ask(endpoint, method, { who: 'nobody' }), 'denied')
  expect([403, 404]).toContain(status)
  shard.behave((_message, res) =>
    sendJson(res, 500, '{"status":"error","errorType":"internal","error":"broken"}'),
  )
  const broken = { expression: 'sum(', selectors: 'sum(' }
  const errors = [await told(ask(endpoint, method, { who, change: broken }), 'failed')]
  errors.push(await told(ask(endpoint, method, { who, change: { time: '1750000060' } }), 'failed'))
  if (errors.some(({ status }) => status >= 400)) erred.add(`${name} ${method}`)
  expect((await told(ask(endpoint, 'PUT', { who }))).status).toBe(405)
})

it('was each asked with success and with an error', () => {
  const all = table.map(([name, method]) => `${name} ${method}`)
  expect(all.filter((one) => !succeeded.has(one))).toEqual([])
  // These take no parameter that can be wrong, and are answered from what the gateway knows already.
  const sure = /^(metadata|features|buildinfo) /
  expect(all.filter((one) => !erred.has(one) && !sure.test(one))).toEqual([])
})

it('a client that goes away leaves an event, too', async () => {
  shard.behave(() => undefined)
  const leaving = new AbortController()
  const id = '0af76519-16cd-43dd-8448-eb211c80319c'
  const asking = fetch(`${world.base()}/api/v1/query?query=left`, {
    headers: { authorization: `Bearer ${tokens.get('all') ?? ''}`, 'x-request-id': id },
    signal: leaving.signal,
  })
  setTimeout(() => leaving.abort(), 300)
  await expect(asking).rejects.toThrow()
  expect((await world.auditOf(id)).map(({ code }) => code)).toEqual(['Q003W'])
})

it('what the cache has, and who waits for another’s answer, leave an event each', async () => {
  const send = (query: string) =>
    fetch(`${world.base()}/api/v1/query?query=${query}&time=1000`, {
      headers: { authorization: `Bearer ${tokens.get('all') ?? ''}` },
    })
  const told = async (response: Response): Promise<string | undefined> => {
    await response.arrayBuffer()
    const events = await world.auditOf(response.headers.get('x-request-id') ?? '')
    expect(events).toHaveLength(1)
    return events[0]?.plan?.cache
  }
  answerWell()
  expect([await told(await send('kept')), await told(await send('kept'))]).toEqual(['miss', 'hit'])
  shard.behave((_message, res) => {
    setTimeout(() => sendJson(res, 200, answers['/api/v1/query'] ?? ''), 1_500)
  })
  const before = shard.requests.length
  const together = await Promise.all(Array.from({ length: 4 }, () => send('together')))
  expect(shard.requests.length - before).toBe(1)
  expect((await Promise.all(together.map(told))).toSorted((a = '', b = '') => a.localeCompare(b))).toEqual([
    'follower',
    'follower',
    'follower',
    'miss',
  ])
})

const item = {
  series: JSON.stringify({ __name__: 'up', tenant: 'org', x: 'y'.repeat(900) }),
  label_values: JSON.stringify('v'.repeat(900)),
  query_range: JSON.stringify({ metric: { __name__: 'up', x: 'y'.repeat(900) }, values: [[1_000, '1']] }),
  query: JSON.stringify({ metric: { __name__: 'up', x: '{"metric":{'.repeat(80) }, value: [1_000, '1'] }),
}
const long = [
  ['query', 'query?query=up', '{"status":"success","data":{"resultType":"vector","result":[', ']}}', true],
  [
    'query_range',
    'query_range?query=up&start=1000&end=1300&step=1',
    '{"status":"success","data":{"resultType":"matrix","result":[',
    ']}}',
    true,
  ],
  ['series', 'series?match[]=up', '{"status":"success","data":[', ']}', true],
  ['label_values', 'label/x/values', '{"status":"success","data":[', ']}', false],
] as const

/** Lets the shard send so many items, and then end or drop the connection. */
function sendItems(
  kind: keyof typeof item,
  of: { count: number; head: string; tail: string | undefined },
): void {
  shard.behave((_message, res) => {
    res.writeHead(200, { 'content-type': 'application/json' })
    res.write(of.head + Array.from({ length: of.count }, () => item[kind]).join(','))
    if (of.tail === undefined) setTimeout(() => res.destroy(), 100)
    else res.end(of.tail)
  })
}

let asked = 0

/** The events of a request once they tell how its answer ended, and the length of the body that arrived whole. */
async function outcomesOf(
  path: string,
): Promise<{ body: number | undefined; events: readonly AuditEvent[] }> {
  // Never the same twice: look-ups are kept in the cache.
  asked += 1
  const fresh = path.replace(/up|x(?=\/)/, (name) => `${name}${asked}`)
  const response = await fetch(`${world.base()}/api/v1/${fresh}`, {
    headers: { authorization: `Bearer ${tokens.get('all') ?? ''}` },
  })
  const body = await response.arrayBuffer().then(
    (bytes) => bytes.byteLength,
    () => undefined,
  )
  const id = response.headers.get('x-request-id') ?? ''
  const last = async () => (await world.auditOf(id)).at(-1)?.outcome.bytes
  await expect.poll(last).toBeGreaterThan(0)
  return { body, events: await world.auditOf(id) }
}

it.each(long)(
  'a short answer of %s is recorded with its length and series',
  async (kind, path, head, tail, isSeries) => {
    sendItems(kind, { count: 3, head, tail })
    const { body, events } = await outcomesOf(path)
    expect(events).toHaveLength(1)
    expect(events[0]?.outcome).toMatchObject({ result: 'allowed', bytes: body })
    expect(events[0]?.outcome.series).toBe(isSeries ? 3 : undefined)
  },
)

// Longer than what is held for the cache: it leaves as it comes.
const many = 12_000

it.each(long)(
  'a long answer of %s is recorded before it leaves, and its end',
  async (kind, path, head, tail, isSeries) => {
    sendItems(kind, { count: many, head, tail })
    const { body, events } = await outcomesOf(path)
    const ended = events.at(-1)
    expect(ended?.outcome).toMatchObject({ result: 'allowed', bytes: body })
    expect(ended?.outcome.series).toBe(isSeries ? many : undefined)
    expect(events.map(({ code }) => code)).toEqual([expect.stringMatching(/^Q00[14]I$/), 'Q011I'])
    expect([events[0]?.outcome.bytes, ended?.detail]).toEqual([undefined, { answer: events[0]?.id }])
  },
)

it.each(long)('an answer of %s that breaks off is no success', async (kind, path, head) => {
  sendItems(kind, { count: many, head, tail: undefined })
  const { body, events } = await outcomesOf(path)
  expect(events.at(-1)?.outcome).toMatchObject({ result: 'failed', errorCode: 'bad_gateway' })
  expect([body, events.map(({ code }) => code)]).toEqual([
    undefined,
    [expect.stringMatching(/^Q00[14]I$/), 'Q011E'],
  ])
  // One that breaks off before anything was sent is refused.
  sendItems(kind, { count: 3, head, tail: undefined })
  const short = await outcomesOf(path)
  expect(short.events.map(({ outcome }) => outcome.result)).toEqual(['failed'])
  expect(short.body).toBe(short.events[0]?.outcome.bytes)
})

it('an answer that the client gives up is recorded as such', async () => {
  const [[kind, path, head, tail]] = long
  sendItems(kind, { count: many, head, tail })
  const leaving = new AbortController()
  const response = await fetch(`${world.base()}/api/v1/${path}`, {
    headers: { authorization: `Bearer ${tokens.get('all') ?? ''}` },
    signal: leaving.signal,
  })
  const id = response.headers.get('x-request-id') ?? ''
  leaving.abort()
  const codes = async () => (await world.auditOf(id)).map(({ code }) => code)
  await expect.poll(codes).toEqual(['Q001I', 'Q011W'])
})
