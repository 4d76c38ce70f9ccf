import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type GatewayWorld, startGatewayWorld } from '../support/gateway-world.ts'
import { openSocket, type RawAnswer, sendRaw } from '../support/raw-http.ts'
import { type RecordingPrometheus, startRecordingPrometheus } from '../support/recording-prometheus.ts'

let world: GatewayWorld
let shard: RecordingPrometheus
let token: string
let otherToken: string

beforeAll(async () => {
  shard = await startRecordingPrometheus()
  const org = (uid: string, tenant: string): string => `
  - uid: ${uid}
    name: ${uid}
    tenants: [${tenant}]
    serviceAccounts: [{ uid: all, name: All }]
    dataSources:
      - { uid: metrics, name: Metrics, shards: [{ name: one, tenants: [a, b], replicas: [{ name: r, url: "${shard.url}" }] }] }
    grants: [{ serviceAccount: all, role: viewer }]`
  world = await startGatewayWorld({
    cache: { enabled: false },
    access: `apiVersion: gatehouse/v1\nkind: Access\norgs:${org('org-a', 'a')}${org('org-b', 'b')}\n`,
  })
  token = await world.token('org-a', 'all')
  otherToken = await world.token('org-b', 'all')
})
afterAll(async () => {
  await world.close()
  await shard.close()
})
beforeEach(() => {
  shard.requests.length = 0
})

interface RawRequest {
  method?: string
  target?: string
  headers?: readonly string[]
  body?: string
  host?: string
}

function requestText({
  method = 'GET',
  target = '/prom/metrics/api/v1/query?query=up&time=4',
  headers = [],
  body = '',
  host = 'Host: gateway',
}: RawRequest): string {
  const lines = [`${method} ${target} HTTP/1.1`, host, `Authorization: Bearer ${token}`, ...headers]
  return `${lines.filter((line) => line !== '').join('\r\n')}\r\n\r\n${body}`
}

async function send(request: RawRequest): Promise<RawAnswer> {
  const [answer] = await sendRaw(world.gateway.url, requestText(request))
  return answer ?? { status: 0, headers: {}, body: '' }
}

const form = 'Content-Type: application/x-www-form-urlencoded'
const post = (
  body: string,
  headers: readonly string[] = [form],
  target = '/prom/metrics/api/v1/query',
): RawRequest => ({
  method: 'POST',
  target,
  headers: [...headers, `Content-Length: ${body.length}`],
  body,
})
const get = (query: string, path = 'query'): RawRequest => ({
  target: `/prom/metrics/api/v1/${path}?${query}`,
})

/** What the shard was asked, decoded, without the time left. */
function asked(): string[] {
  return shard.requests.map(({ method, url, body }) => {
    const [path = '', query = ''] = url.split('?')
    const pairs = [...new URLSearchParams(method === 'POST' ? body : query)].filter(
      ([name]) => name !== 'timeout',
    )
    return `${method} ${path} ${pairs.map(([name, value]) => `${name}=${value}`).join('&')}`
  })
}
const upAt4 = 'POST /api/v1/query query=up{tenant="a"}&time=4.000&stats=true'

describe('what gets through, and as what', () => {
  it.each<[string, RawRequest, string]>([
    ['GET', get('query=up&time=4'), upAt4],
    ['POST', post('query=up&time=4'), upAt4],
    [
      'POST with the query in the URL (H03)',
      { method: 'POST', target: '/prom/metrics/api/v1/query?query=up&time=4' },
      upAt4,
    ],
    ['escaped names and values (H12)', get('qu%65ry=u%70&time=%34'), upAt4],
    [
      'plus and %2B (H12)',
      get('query=up+%2B+1&time=4'),
      'POST /api/v1/query query=up{tenant="a"} + 1&time=4.000&stats=true',
    ],
    ['a thousand parameters before the query (H11)', get(`${'a=1&'.repeat(1_000)}query=up&time=4`), upAt4],
    [
      'unknown parameters (H13)',
      get(
        'query=up&time=4&__proto__=1&constructor[prototype]=1&query[toString]=x&nocache=1&extra_filters[]={a="b"}',
      ),
      upAt4,
    ],
    [
      'a charset of UTF-8',
      post('query=up&time=4', ['Content-Type: Application/X-WWW-Form-URLencoded; charset=UTF-8']),
      upAt4,
    ],
    ['a semicolon as data (H12)', get('query=up&time=4&x;query=secret'), upAt4],
    [
      'match[] however it is written (H09)',
      get('match%5B%5D=up&match[]=x', 'series'),
      'POST /api/v1/series match[]=up{tenant="a"}&match[]=x{tenant="a"}',
    ],
    [
      'what only looks like match[] (H09)',
      get('match[0]=up&match=up&match[x]=up&Match[]=up', 'labels'),
      'POST /api/v1/labels match[]={tenant="a"}',
    ],
    ['no match[]', get('', 'label/job/values'), 'GET /api/v1/label/job/values match[]={tenant="a"}'],
    [
      'an escaped label name (H15)',
      get('', 'label/U__te_6e_ant/values'),
      'GET /api/v1/label/tenant/values match[]={tenant="a"}',
    ],
    [
      'a label name beyond ASCII letters (H15)',
      get('', 'label/U__a_2e_b/values'),
      'GET /api/v1/label/U__a_2e_b/values match[]={tenant="a"}',
    ],
    [
      'typed numbers (H33)',
      get('query=up&start=1970-01-01T00:00:04.5Z&end=1e1&step=1.5', 'query_range'),
      'POST /api/v1/query_range query=up{tenant="a"}&start=4.500&end=10.000&step=1500ms&stats=true',
    ],
    [
      'options',
      get('query=up&time=4&lookback_delta=1m&limit=3&stats=all'),
      'POST /api/v1/query query=up{tenant="a"}&time=4.000&lookback_delta=60000ms&limit=3&stats=all',
    ],
  ])('%s', async (_name, request, expected) => {
    const { status } = await send(request)
    expect([status, asked()]).toEqual([200, [expected]])
  })

  it('tells the shard how long there is, at most what the client allows (H33)', async () => {
    const timeouts: number[] = []
    for (const timeout of ['999h', '2s', '']) {
      await send(get(`query=up&time=4&timeout=${timeout}`))
      timeouts.push(
        Number.parseInt(new URLSearchParams(shard.requests.at(-1)?.body).get('timeout') ?? '', 10),
      )
    }
    const [long = 0, short = 0, none = 0] = timeouts
    expect(long).toBeLessThanOrEqual(50_000)
    expect(none).toBeGreaterThan(30_000)
    expect(short).toBeLessThanOrEqual(2_000)
  })

  it('makes the headers for the shard itself (H20–H24, H27)', async () => {
    const hostile = [
      'X-Scope-OrgID: b',
      'x-scope-orgid: c',
      'THANOS-TENANT: b',
      'X-Tenant: b',
      'X-WEBAUTH-USER: admin',
      'X-Grafana-User: admin',
      'X-Forwarded-For: 10.0.0.1',
      'X-Forwarded-Host: evil',
      'Forwarded: for=10.0.0.1',
      'X-Original-URL: /api/v1/admin',
      'X-Rewrite-URL: /x',
      'Connection: close, Authorization, X-Scope-OrgID',
      'Upgrade: h2c',
      'HTTP2-Settings: AAMAAABk',
      'Accept-Encoding: zstd, br, gzip',
      'Range: bytes=0-1',
      'If-None-Match: "x"',
      'If-Modified-Since: Thu, 01 Jan 1970 00:00:00 GMT',
      'Cache-Control: only-if-cached',
      'X-Prometheus-Foo: 1',
      'Origin: https://evil',
      'Cookie: other=1',
    ]
    const answer = await send({ headers: hostile })
    expect(answer.status).toBe(200)
    const { host, ...headers } = shard.requests[0]?.headers ?? {}
    expect(host).toBe(new URL(shard.url).host)
    expect(headers).toEqual({
      accept: 'application/json',
      'accept-encoding': 'identity',
      connection: 'keep-alive',
      'content-length': headers['content-length'],
      'content-type': 'application/x-www-form-urlencoded',
    })
    expect(answer.headers).not.toHaveProperty('access-control-allow-origin')
  })

  it('gives only its own headers back (H28)', async () => {
    shard.behave((_message, res) => {
      const evil = {
        'set-cookie': 'a=b',
        location: 'http://evil/',
        refresh: '0',
        link: '<x>',
        server: 'x',
        'x-prometheus-y': '1',
      }
      res
        .writeHead(200, { ...evil, 'content-type': 'application/json' })
        .end('{"status":"success","data":[]}')
    })
    const { headers } = await send({})
    shard.behave(undefined)
    expect(Object.keys(headers).toSorted()).toEqual([
      'cache-control',
      'connection',
      'content-length',
      'content-type',
      'date',
      'keep-alive',
      'x-content-type-options',
      'x-gatehouse-replicas',
      'x-gatehouse-shards',
      'x-request-id',
    ])
  })
})

describe('what is refused before a shard hears of it', () => {
  const long = 'x'.repeat(17_000)
  it.each<[string, RawRequest, number]>([
    ['H01 a second query', get('query=up&query=secret'), 400],
    ['H01 an empty one first', get('query=&query=secret'), 400],
    ['H02 a query in both places', post('query=up', [form], '/prom/metrics/api/v1/query?query=secret'), 400],
    [
      'H04 match[] in both places',
      post('match[]=up', [form], '/prom/metrics/api/v1/series?match[]=secret'),
      400,
    ],
    [
      'H05 multipart',
      post('--x\r\nContent-Disposition: form-data; name="query"\r\n\r\nup\r\n--x--', [
        'Content-Type: multipart/form-data; boundary=x',
      ]),
      415,
    ],
    [
      'H05 multipart with a query in the URL',
      post('--x--', ['Content-Type: multipart/form-data; boundary=x'], '/prom/metrics/api/v1/query?query=1'),
      415,
    ],
    ['H06 no content type', post('query=up', []), 415],
    ['H06 text', post('query=up', ['Content-Type: text/plain']), 415],
    ['H06 JSON', post('query=up', ['Content-Type: application/json']), 415],
    [
      'H06 another charset',
      post('query=up', ['Content-Type: application/x-www-form-urlencoded; charset=utf-16']),
      415,
    ],
    ['H06 two content types', post('query=up', [form, 'Content-Type: text/plain']), 400],
    ['H06 junk after the type', post('query=up', [`${form}; boundary=x`]), 415],
    [
      'H07 a body with GET',
      { ...get('time=4'), headers: ['Content-Length: 8', form], body: 'query=up' },
      400,
    ],
    ['H08 PUT', { method: 'PUT' }, 405],
    ['H08 PATCH', { method: 'PATCH' }, 405],
    ['H08 DELETE', { method: 'DELETE' }, 405],
    ['H08 TRACE', { method: 'TRACE' }, 405],
    ['H08 HEAD', { method: 'HEAD' }, 405],
    ['POST where only GET is known', post('', [form], '/prom/metrics/api/v1/label/job/values'), 405],
    ['H10 an empty match[]', get('match[]=', 'series'), 400],
    ['H10 an empty one among others', get('match[]=up&match[]=', 'series'), 400],
    [
      'H10 ten thousand match[]',
      post('match[]=up&'.repeat(10_000), [form], '/prom/metrics/api/v1/series'),
      413,
    ],
    ['H12 a bare %', get('query=up%'), 400],
    ['H12 a bad % elsewhere', get('x=%zz&query=up'), 400],
    ['H12 not UTF-8', get('query=%ff%fe'), 400],
    ['H12 NUL', get('query=up%00'), 400],
    ['H14 an encoded letter', { target: '/prom/metrics/api/v1/%71uery?query=up' }, 404],
    ['H14 a double slash', { target: '/prom/metrics/api/v1//query?query=up' }, 404],
    ['H14 a double slash in front', { target: '//prom/metrics/api/v1/query?query=up' }, 404],
    ['H14 a dot', { target: '/prom/metrics/api/v1/./query?query=up' }, 404],
    ['H14 two dots', { target: '/prom/metrics/api/v1/x/../query?query=up' }, 404],
    ['H14 a slash behind', { target: '/prom/metrics/api/v1/query/?query=up' }, 404],
    ['H14 capitals', { target: '/prom/metrics/API/V1/query?query=up' }, 404],
    ['H14 path parameters', { target: '/prom/metrics/api/v1/query;x?query=up' }, 404],
    ['H14 encoded slashes', { target: '/prom/metrics/api%2fv1%2fquery?query=up' }, 404],
    ['H14 backslashes', { target: '/prom\\metrics\\api\\v1\\query?query=up' }, 404],
    ['H14 an encoded ?', { target: '/prom/metrics/api/v1/query%3Fquery=up' }, 404],
    ['H15 a label name that climbs', get('', 'label/..%2flabel%2ftenant/values'), 400],
    ['H15 another', get('', 'label/a%2f../values'), 400],
    ['H15 encoded dots', get('', 'label/%2e%2e/values'), 400],
    ['H15 NUL in a label name', get('', 'label/__name__%00/values'), 400],
    ['H15 no label name', get('', 'label//values'), 404],
    ['H16 an absolute URL', { target: 'http://evil/prom/metrics/api/v1/query?query=up' }, 404],
    ['H16 an authority', { target: '//evil/prom/metrics/api/v1/query?query=up' }, 404],
    ['H19 two Host headers', { headers: ['Host: evil'] }, 400],
    ['H19 no Host header', { host: '' }, 400],
    ['H20 two Authorization headers', { headers: ['Authorization: Bearer x'] }, 400],
    ['H20 a second kind of credentials', { headers: ['X-Id-Token: x.y.z'] }, 400],
    ['H21 an underscore for a dash', { headers: ['X_Scope_OrgID: b'] }, 400],
    ['H25 gzip', post('query=up', [form, 'Content-Encoding: gzip']), 415],
    ['H25 identity, even', post('query=up', [form, 'Content-Encoding: identity']), 415],
    ['H30 a long URL', get(`query=up&x=${long}`), 414],
    ['H30 a huge URL', get(`query=up&x=${long.repeat(5)}`), 431],
    ['H30 a huge header', { headers: [`X-A: ${long.repeat(4)}`] }, 431],
    ['a body that is too long', post(`query=${'x'.repeat(1_100_000)}`), 413],
    [
      'a chunked body that is too long',
      {
        method: 'POST',
        target: '/prom/metrics/api/v1/query',
        headers: [form, 'Transfer-Encoding: chunked'],
        body: `10ffff\r\n${'x'.repeat(0x10ffff)}\r\n0\r\n\r\n`,
      },
      413,
    ],
    ...[
      'timeout=-1',
      'timeout=0',
      'lookback_delta=10y',
      'lookback_delta=0',
      'limit=-1',
      'limit=1.5',
      'time=NaN',
      'time=1e400',
      'time=0x10',
      'time=%2BInf',
      'time=2024-02-30T00:00:00Z',
      'stats=x',
    ].map((parameter): [string, RawRequest, number] => [
      `H33/H34 ${parameter}`,
      get(`query=up&${parameter}`),
      400,
    ]),
    ...['step=1ms', 'step=-1', 'step=0', 'start=3000000000', 'start=NaN', 'end=+Inf'].map(
      (parameter): [string, RawRequest, number] => [
        `H33 ${parameter}`,
        get(
          `query=up&${new URLSearchParams({ start: '0', end: '2000', step: '1', ...Object.fromEntries(new URLSearchParams(parameter)) })}`,
          'query_range',
        ),
        400,
      ],
    ),
  ])('%s', async (_name, request, status) => {
    const answer = await send(request)
    expect(answer.status).toBe(status)
    if (request.method !== 'HEAD') expect(JSON.parse(answer.body)).toMatchObject({ status: 'error' })
    expect(answer.body.length).toBeLessThan(1_024)
    expect(shard.requests).toEqual([])
  })

  it.each([
    [
      'H18 two lengths',
      'POST /prom/metrics/api/v1/query HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd',
    ],
    [
      'H18 length and chunks',
      'POST /prom/metrics/api/v1/query HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    ],
    [
      'H18 a signed length',
      'POST /prom/metrics/api/v1/query HTTP/1.1\r\nHost: x\r\nContent-Length: +1\r\n\r\na',
    ],
    [
      'H18 an unknown coding',
      'POST /prom/metrics/api/v1/query HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: xchunked\r\n\r\n',
    ],
    [
      'H18 a space before the colon',
      'POST /prom/metrics/api/v1/query HTTP/1.1\r\nHost: x\r\nTransfer-Encoding : chunked\r\n\r\n0\r\n\r\n',
    ],
    ['H18 a folded header', 'GET /prom/metrics/api/v1/query HTTP/1.1\r\nHost: x\r\nX-A: b\r\n c\r\n\r\n'],
    ['H18 NUL in a header', 'GET /prom/metrics/api/v1/query HTTP/1.1\r\nHost: x\r\nX-A: b\0c\r\n\r\n'],
    ['no HTTP at all', 'hello\r\n\r\n'],
  ])('%s: 400, and the connection is closed', async (_name, bytes) => {
    const [answer, ...others] = await sendRaw(world.gateway.url, bytes)
    expect([answer?.status, answer?.headers['connection'], others]).toEqual([400, 'close', []])
    expect(shard.requests).toEqual([])
  })

  it('answers a body that is no HTTP with 400, once', async () => {
    const head = requestText({
      method: 'POST',
      target: '/prom/metrics/api/v1/query',
      headers: [form, 'Transfer-Encoding: chunked'],
    })
    const answers = await sendRaw(world.gateway.url, `${head}8\r\nquery=up\r\nzz\r\n`, 2)
    expect(answers.map(({ status }) => status)).toEqual([400])
    expect(await world.auditOf(answers[0]?.headers['x-request-id'] ?? '')).toHaveLength(1)
  })

  it('writes nothing between the answers of a connection when a later request is no HTTP', async () => {
    const answers = await sendRaw(world.gateway.url, `${requestText({})}hello\r\n\r\n`, 2)
    expect(answers.map(({ status }) => status)).toEqual([200])
    expect(answers[0]?.body).toContain('success')
  })

  it('does not take the body of a refused request for another one', async () => {
    const smuggled = requestText(get('query=secret'))
    const bytes = requestText({ ...post(smuggled, ['Content-Type: text/plain']) }) + requestText({})
    const answers = await sendRaw(world.gateway.url, bytes, 3, 1_000)
    expect(answers.map(({ status }) => status)).toEqual([415, 200])
    expect(asked()).toEqual([upAt4])
  })
})

describe('connections', () => {
  it('authenticates each of the requests on one connection (H31)', async () => {
    const one = requestText({})
    const answers = await sendRaw(
      world.gateway.url,
      one + one.replace(token, otherToken) + one.replace(token, 'gatehouse_sa_x'),
      3,
    )
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 401])
    expect(asked()).toEqual([upAt4, upAt4.replace('"a"', '"b"')])
  })

  it('cuts off who sends the head byte by byte, while others are served (F13)', async () => {
    const socket = await openSocket(world.gateway.url)
    socket.write('GET /prom/metrics/api/v1/query HTTP/1.1\r\n')
    const timer = setInterval(() => socket.write('X'), 500)
    const closed = new Promise<string>((resolve) => {
      let text = ''
      socket.on('data', (chunk) => {
        text += chunk.toString()
      })
      socket.on('close', () => resolve(text))
      socket.on('error', () => undefined)
    })
    expect((await send({})).status).toBe(200)
    expect(await closed).toMatch(/^HTTP\/1\.1 408 /)
    clearInterval(timer)
  }, 30_000)
})

describe('evidence', () => {
  it.each<[string, RawRequest, object]>([
    [
      'an answer',
      { headers: ['X-Dashboard-Uid: d1', 'User-Agent: Grafana/13'] },
      {
        code: 'Q001I',
        orgUid: 'org-a',
        action: 'datasources:query',
        resource: { kind: 'data-sources', uid: 'metrics' },
        request: { method: 'GET', route: '/prom/{data-source}/api/v1/query', query: 'up', time: '4.000' },
        enforced: ['up{tenant="a"}'],
        constraints: ['{tenant="a"}'],
        metrics: ['up'],
        hints: { dashboardUid: 'd1' },
        from: { address: '127.0.0.1', userAgent: 'Grafana/13' },
        decision: {
          allowed: true,
          because: [expect.objectContaining({ role: 'viewer', permission: 'datasources:query' })],
        },
        plan: { dataSource: 'metrics', shardsAsked: ['one'], shardsAnswered: ['one'], replicas: ['r'] },
        outcome: { result: 'allowed', httpStatus: 200 },
      },
    ],
    [
      'an unknown endpoint',
      { target: '/prom/metrics/api/v1/admin/tsdb/delete_series?match[]=up' },
      {
        code: 'Q007D',
        orgUid: 'org-a',
        outcome: { result: 'denied', httpStatus: 404, errorCode: 'not_found' },
        request: { route: '/prom/metrics/api/v1/admin/tsdb/delete_series' },
      },
    ],
    ['a path outside', { target: '/api/v1/query?query=up' }, { code: 'Q007D', outcome: { httpStatus: 404 } }],
    [
      'another method',
      { method: 'DELETE' },
      { code: 'Q007D', orgUid: 'org-a', outcome: { result: 'denied', httpStatus: 405 } },
    ],
    [
      'no such data source',
      { target: '/prom/other/api/v1/query?query=up' },
      { code: 'Q001D', orgUid: 'org-a', outcome: { result: 'denied', httpStatus: 404 } },
    ],
    [
      'a malformed request',
      get('query=up&query=up'),
      {
        code: 'Q010E',
        orgUid: 'org-a',
        outcome: { result: 'failed', httpStatus: 400, errorCode: 'bad_data' },
      },
    ],
    [
      'a malformed expression',
      get('query=sum('),
      {
        code: 'Q001E',
        orgUid: 'org-a',
        request: { query: 'sum(' },
        outcome: { result: 'failed', httpStatus: 400 },
      },
    ],
    [
      'a look-up',
      get('match[]=up', 'series'),
      {
        code: 'Q004I',
        request: { matches: ['up'] },
        enforced: ['up{tenant="a"}'],
        outcome: { result: 'allowed' },
      },
    ],
  ])('%s leaves exactly one event', async (_name, request, expected) => {
    const { headers } = await send(request)
    const requestId = headers['x-request-id'] ?? ''
    const events = await world.auditOf(requestId)
    expect(events).toHaveLength(1)
    expect(events[0]).toMatchObject(expected)
  })

  it('does so for who is not recognised, too', async () => {
    const bytes = requestText({}).replace(/Authorization: .*\r\n/, '')
    const [answer] = await sendRaw(world.gateway.url, bytes)
    expect(answer?.status).toBe(401)
    expect(await world.auditOf(answer?.headers['x-request-id'] ?? '')).toMatchObject([
      {
        code: 'Q008D',
        actor: null,
        outcome: { result: 'denied', httpStatus: 401, errorCode: 'unauthenticated' },
      },
    ])
  })

  it('does so for what is no HTTP', async () => {
    const [answer] = await sendRaw(world.gateway.url, 'hello\r\n\r\n')
    const { requestId } = JSON.parse(answer?.body ?? '{}') as { requestId?: string }
    expect(await world.auditOf(requestId ?? '')).toMatchObject([
      { code: 'Q010E', request: { route: 'malformed' } },
    ])
  })
})
