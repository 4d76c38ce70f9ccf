import { once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { type GatewayWorld, startGatewayWorld } from '../support/gateway-world.ts'
import { callApi } from '../support/prometheus-api.ts'
import { openSocket } from '../support/raw-http.ts'
import {
  type RecordingPrometheus,
  sendJson,
  startRecordingPrometheus,
} from '../support/recording-prometheus.ts'

let world: GatewayWorld
let shard: RecordingPrometheus
let token: string
let other: string

// Well above what the kernel's buffers between three processes take.
const maxResponseBytes = 64_000_000

beforeAll(async () => {
  shard = await startRecordingPrometheus()
  const well = await startRecordingPrometheus()
  const source = (name: string, url: string): string => `
      - { uid: ${name}, name: ${name}, shards: [{ name: ${name}, tenants: [a], replicas: [{ name: r, url: "${url}" }] }] }`
  const access = `
apiVersion: gatehouse/v1
kind: Access
orgs:
  - uid: org
    name: Org
    tenants: [a]
    serviceAccounts: [{ uid: all, name: All }, { uid: other, name: Other }]
    dataSources:${source('metrics', shard.url)}${source('well', well.url)}
    grants: [{ serviceAccount: all, role: viewer }, { serviceAccount: other, role: viewer }]
`
  world = await startGatewayWorld({
    // Every answer is passed on as it comes.
    cache: { enabled: false, maxEntryBytes: 1 },
    access,
    gateway: { deadline: '5s' },
    upstream: { idleTimeout: '1s', headersTimeout: '4s', maxResponseBytes },
    audit: { maxBytes: 1_048_576 },
  })
  token = await world.token('org', 'all')
  other = await world.token('org', 'other')
})
afterAll(async () => {
  await world.close()
  await shard.close()
})
afterEach(async () => {
  shard.behave(undefined)
  // Lets a resting breaker go back to work.
  for (let i = 0; i < 100 && (await ask()).status !== 200; i += 1) await sleep(100)
})

const ask = (parameters: Record<string, string> = {}, source = 'metrics', signal?: AbortSignal) =>
  callApi(world.base(source), 'query', {
    token,
    parameters: { query: 'up', ...parameters },
    ...(signal === undefined ? {} : { signal }),
  })

const json = { 'content-type': 'application/json' }

/** Resolves when the request at the shard has lost its connection. */
function behaveUntilClosed(
  handler: (message: IncomingMessage, res: ServerResponse) => void,
): Promise<number> {
  return new Promise((resolve) => {
    shard.behave((message, res) => {
      message.socket.once('close', () => resolve(performance.now()))
      handler(message, res)
    })
  })
}

describe('a client that goes away', () => {
  it('takes its upstream request with it at once, and leaves an event', async () => {
    const { promise: asked, resolve: arrived } = Promise.withResolvers<void>()
    const closed = behaveUntilClosed(() => arrived())
    const client = new AbortController()
    const answer = ask({}, 'metrics', client.signal).catch(() => undefined)
    await asked
    const left = performance.now()
    client.abort()
    await answer
    // 100 ms are promised; the rest is for a loaded machine.
    expect((await closed) - left).toBeLessThan(500)
    const events = () =>
      world.sql<{ event: { code: string; outcome: object } }>(
        `select event from audit_events where code = 'Q003W'`,
      )
    await expect
      .poll(async () => (await events()).at(-1)?.event)
      .toMatchObject({
        outcome: { result: 'failed', errorCode: 'canceled', httpStatus: 499 },
      })
  })

  it('takes it with it in the middle of an answer, too', async () => {
    const closed = behaveUntilClosed((_message, res) => {
      res.writeHead(200, json)
      const timer = setInterval(() => res.write(`{"x":"${'y'.repeat(1_000)}"`), 20)
      res.once('close', () => clearInterval(timer))
    })
    const socket = await openSocket(world.gateway.url)
    socket.write(
      `GET /prom/metrics/api/v1/query?query=up HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\n\r\n`,
    )
    await once(socket, 'data')
    const left = performance.now()
    socket.destroy()
    expect((await closed) - left).toBeLessThan(500)
  })
})

describe('a shard that does not answer', () => {
  it('is given up after the time the client allows (F02)', async () => {
    const closed = behaveUntilClosed(() => undefined)
    const { status, json: body } = await ask({ timeout: '500ms' })
    expect([status, body.errorType]).toEqual([503, 'timeout'])
    await closed
  })

  it('is given up after the deadline at the latest', async () => {
    const closed = behaveUntilClosed((_message, res) => {
      // One byte now and then keeps the idle time-out quiet.
      res.writeHead(200, json)
      const timer = setInterval(() => res.write('{'), 300)
      res.once('close', () => clearInterval(timer))
    })
    const { status, json: body } = await ask({ timeout: '2s' })
    expect([status, body.errorType]).toEqual([503, 'timeout'])
    await closed
  })

  it('does not hold up the others', async () => {
    shard.behave(() => undefined)
    const stuck = Array.from({ length: 20 }, () => ask({ timeout: '2s' }))
    const there = await Promise.all(Array.from({ length: 20 }, () => ask({}, 'well')))
    expect(there.map(({ status }) => status)).toEqual(Array.from({ length: 20 }, () => 200))
    const ended = await Promise.all(stuck)
    expect(new Set(ended.map(({ status }) => status))).toEqual(new Set([503]))
  })
})

describe('a shard that answers wrongly', () => {
  it.each<[string, (message: IncomingMessage, res: ServerResponse) => void]>([
    ['H17 a redirect', (_m, res) => res.writeHead(302, { location: 'http://169.254.169.254/' }).end()],
    [
      'H17 a redirect to another path',
      (_m, res) => res.writeHead(307, { location: '/api/v1/admin' }).end('{}'),
    ],
    ['F04 HTML', (_m, res) => res.writeHead(200, { 'content-type': 'text/html' }).end('<html></html>')],
    ['F04 HTML called JSON', (_m, res) => sendJson(res, 200, '<html></html>')],
    ['F04 nothing', (_m, res) => sendJson(res, 200, '')],
    ['H24 a coding', (_m, res) => res.writeHead(200, { ...json, 'content-encoding': 'gzip' }).end('{')],
    ['H27 a part', (_m, res) => sendJson(res, 206, '{}')],
    [
      'F04 a wrong length',
      (m) =>
        m.socket.end('HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 99\r\n\r\n{"a"'),
    ],
    [
      'F04 a broken chunk',
      (m) =>
        m.socket.end(
          'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n4\r\n{"a"\r\nzz\r\n',
        ),
    ],
    ['F04 truncated JSON', (_m, res) => res.writeHead(200, json).end('{"status":"success","data":[')],
  ])('%s: 502', async (_name, handler) => {
    shard.behave(handler)
    const { status, json: body } = await ask()
    expect([status, body.errorType]).toEqual([502, 'bad_gateway'])
  })

  it.each<[string, (message: IncomingMessage, res: ServerResponse) => void]>([
    [
      'F04 a wrong length',
      (m) =>
        m.socket.end(
          `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 999999\r\n\r\n{"a":"${'y'.repeat(300_000)}"`,
        ),
    ],
    [
      'F04 truncated JSON',
      (_m, res) => res.writeHead(200, json).end(`{"status":"success","data":["${'y'.repeat(300_000)}"`),
    ],
    [
      'F02 a stop in the middle',
      (_m, res) => void res.writeHead(200, json).write(`{"x":"${'y'.repeat(300_000)}`),
    ],
    [
      'H26 more than the limit',
      (_m, res) => res.writeHead(200, json).end(`{"x":"${'y'.repeat(maxResponseBytes)}"}`),
    ],
  ])('%s, of a long answer: the client sees the connection break', async (_name, handler) => {
    shard.behave(handler)
    await expect(ask()).rejects.toThrow()
  })

  it('is refused with 422 if it says beforehand that it is too much', async () => {
    shard.behave((_m, res) => sendJson(res, 200, `{"x":"${'y'.repeat(maxResponseBytes)}"}`))
    const { status, json: body } = await ask()
    expect([status, body.errorType]).toEqual([422, 'execution'])
  })

  it('says nothing of what the shard quotes (R01)', async () => {
    shard.behave((_m, res) =>
      sendJson(
        res,
        500,
        JSON.stringify({
          status: 'error',
          errorType: 'internal',
          error: 'at {tenant="b",password="hunter2"}',
        }),
      ),
    )
    const { status, text } = await ask()
    expect(status).toBe(503)
    expect(text).not.toMatch(/hunter2|tenant/)
  })
})

describe('a client that reads slowly', () => {
  it('slows the shard down, and is given up when it stops', async () => {
    let written = 0
    let closedAt: number | undefined
    shard.behave((_message, res) => {
      const piece = Buffer.alloc(65_536, 'x')
      res.writeHead(200, json).write('{')
      const more = (): void => {
        while (closedAt === undefined) {
          written += piece.length
          if (!res.write(piece)) {
            res.once('drain', more)
            return
          }
        }
      }
      res.once('close', () => {
        closedAt = performance.now()
      })
      more()
    })
    const socket = await openSocket(world.gateway.url)
    socket.pause()
    const started = performance.now()
    socket.write(
      `GET /prom/metrics/api/v1/query?query=up HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\n\r\n`,
    )
    for (let i = 0; i < 200 && closedAt === undefined; i += 1) await sleep(50)
    // The idle time-out of one second, not the deadline of five or the limit on bytes, ended it.
    expect((closedAt ?? Number.NaN) - started).toBeLessThan(4_500)
    expect(written).toBeLessThan(maxResponseBytes / 2)
    socket.destroy()
  })
})

describe('access that ends', () => {
  it('ends in a running gateway within two seconds', async () => {
    const asOther = () => callApi(world.base(), 'query', { token: other, parameters: { query: 'up' } })
    expect((await asOther()).status).toBe(200)
    await world.sql(`delete from grants where service_account_uid = 'other'`)
    const deadline = performance.now() + 2_000
    let status = 200
    while (status === 200 && performance.now() < deadline + 5_000) status = (await asOther()).status
    expect([status, performance.now() < deadline]).toEqual([403, true])
  })
})

describe('an audit log that is full', () => {
  it('lets no answer out, says so, and recovers', async () => {
    await world.sql('alter table audit_events rename to audit_events_away')
    let answers: Awaited<ReturnType<typeof ask>>[] = []
    const isOver = () => answers.length > 0 && answers.every(({ status }) => status === 503)
    for (let i = 0; i < 100 && !isOver(); i += 1)
      answers = await Promise.all(Array.from({ length: 20 }, () => ask({}, 'well')))
    const [refused] = answers
    expect(refused).toMatchObject({ status: 503, json: { status: 'error', errorType: 'audit_unavailable' } })
    expect(refused?.json).not.toHaveProperty('data')
    const ready = await fetch(`${world.gateway.url}/-/ready`)
    expect([ready.status, await ready.text()]).toEqual([503, expect.stringContaining('audit')])
    expect((await fetch(`${world.gateway.url}/-/healthy`)).status).toBe(200)
    await world.sql('alter table audit_events_away rename to audit_events')
    let status = 503
    for (let i = 0; i < 150 && status !== 200; i += 1) {
      status = (await ask({}, 'well')).status
      await sleep(100)
    }
    expect(status).toBe(200)
  })
})
