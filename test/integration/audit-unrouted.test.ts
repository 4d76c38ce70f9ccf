import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import type { AuditEvent } from '@gatehouse/audit'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type ControlWorld, startControlWorld } from '../support/control-world.ts'
import { freePort } from '../support/free-port.ts'
import { openSocket, parseAnswers, type RawAnswer, sendRaw } from '../support/raw-http.ts'
import { type RecordingPrometheus, startRecordingPrometheus } from '../support/recording-prometheus.ts'

/** What leads to no endpoint or route, on either plane, leaves an event all the same; what tells nothing of anybody leaves none. */

let world: ControlWorld
let shard: RecordingPrometheus
let token: string

beforeAll(async () => {
  shard = await startRecordingPrometheus()
  world = await startControlWorld({
    access: `
apiVersion: gatehouse/v1
kind: Access
orgs:
  - uid: transport
    name: Agency of Transport
    tenants: [tenant-of-transport]
    serviceAccounts: [{ uid: robot, name: Robot of Transport }, { uid: stranger, name: Stranger }]
    teams: [{ uid: crew, name: Crew of Transport, idpGroups: [crew] }]
    dataSources:
      - uid: metrics
        name: Metrics of Transport
        shards: [{ name: shard-one, tenants: [tenant-of-transport], replicas: [{ name: a, url: "${shard.url}" }] }]
    grants: [{ serviceAccount: robot, role: org-admin }]`,
    // Nobody listens there.
    control: { gatewayUrl: `http://127.0.0.1:${await freePort()}` },
  })
  token = await world.token('transport', 'robot')
})
afterAll(async () => {
  await world.close()
  await shard.close()
})

type Plane = 'gateway' | 'control'
const planes = ['gateway', 'control'] as const

const paths = { gateway: '/prom/metrics/api/v1/query?query=up', control: '/api/v1/me' } as const

/** The id of a request, as its answer tells it, in whichever form. */
function idOf({ headers, body }: RawAnswer): string {
  const inBody = /"requestId":"([^"]+)"|urn:gatehouse:request:([^"]+)"/.exec(body)
  return headers['x-request-id'] ?? inBody?.[1] ?? inBody?.[2] ?? ''
}

async function eventsOf(plane: Plane, bytes: string): Promise<[number, readonly AuditEvent[]]> {
  const [answer] = await sendRaw(world[plane].url, bytes)
  if (answer === undefined) throw new Error('no answer')
  return [answer.status, await world.auditOf(idOf(answer))]
}

const head = (lines: readonly string[]): string => `${lines.join('\r\n')}\r\n\r\n`
const withToken = (): string => `Authorization: Bearer ${token}`

describe.each(planes)('%s', (plane) => {
  const malformed = plane === 'gateway' ? 'Q010E' : 'V004E'
  const notServed = plane === 'gateway' ? 'Q007D' : 'V002D'

  it.each([
    ['no HTTP', () => 'GARBAGE\r\n\r\n', 400],
    ['a header that is none', () => head([`GET ${paths[plane]} HTTP/1.1`, 'Host: x', 'no header']), 400],
    [
      'two lengths of one body',
      () =>
        head([`POST ${paths[plane]} HTTP/1.1`, 'Host: x', 'Content-Length: 3', 'Transfer-Encoding: chunked']),
      400,
    ],
    [
      'more headers than there is room for',
      () => head([`GET ${paths[plane]} HTTP/1.1`, 'Host: x', `X-Long: ${'x'.repeat(100_000)}`]),
      431,
    ],
  ])('%s', async (_name, bytes, expected) => {
    const [status, events] = await eventsOf(plane, bytes())
    expect([status, events.map(({ code }) => code)]).toEqual([expected, [malformed]])
    expect(events[0]).toMatchObject({
      orgUid: null,
      actor: null,
      from: { address: '127.0.0.1' },
      outcome: { result: 'failed', httpStatus: expected },
    })
  })

  it('no host, of somebody who is known', async () => {
    const bytes = head([`GET ${paths[plane]} HTTP/1.1`, withToken()])
    const [status, events] = await eventsOf(plane, bytes)
    expect([status, events.length]).toEqual([400, 1])
    expect(events[0]).toMatchObject({
      orgUid: 'transport',
      actor: { kind: 'service-account' },
      outcome: { result: 'failed' },
    })
  })

  it('what cannot be expected', async () => {
    const bytes = head([`GET ${paths[plane]} HTTP/1.1`, 'Host: x', 'Expect: foo', withToken()])
    const [status, events] = await eventsOf(plane, bytes)
    expect([status, events.length]).toEqual([417, 1])
    expect(events[0]).toMatchObject({
      orgUid: 'transport',
      actor: { kind: 'service-account' },
      outcome: { result: 'failed', httpStatus: 417, errorCode: 'expectation_failed' },
    })
  })

  it('a tunnel', async () => {
    const [status, events] = await eventsOf(plane, head(['CONNECT shard:9090 HTTP/1.1', 'Host: shard:9090']))
    expect([status, events.map(({ code }) => code)]).toEqual([405, [notServed]])
    expect(events[0]).toMatchObject({ request: { method: 'CONNECT', route: 'shard:9090' } })
  })

  it('another protocol', async () => {
    const upgrade = ['Connection: Upgrade', 'Upgrade: websocket']
    const bytes = head(['GET /nowhere HTTP/1.1', 'Host: x', 'Accept: text/plain', ...upgrade, withToken()])
    const [status, events] = await eventsOf(plane, bytes)
    expect([status, events.map(({ code }) => code)]).toEqual([404, [notServed]])
    expect(events[0]).toMatchObject({ orgUid: 'transport', request: { method: 'GET', route: '/nowhere' } })
  })

  it.each(['http://[/', '*', 'nowhere'])('the target %s', async (target) => {
    const bytes = head([`OPTIONS ${target} HTTP/1.1`, 'Host: x', withToken()])
    const [status, events] = await eventsOf(plane, bytes)
    expect([status >= 400 && status < 500, events.length]).toEqual([true, 1])
  })

  it('a body that is no HTTP, of somebody who is known', async () => {
    const type = plane === 'gateway' ? 'application/x-www-form-urlencoded' : 'application/json'
    const path = plane === 'gateway' ? paths.gateway : '/api/v1/teams'
    const lines = ['Host: x', withToken(), `Content-Type: ${type}`, 'Transfer-Encoding: chunked']
    const bytes = `${head([`POST ${path} HTTP/1.1`, ...lines])}zz\r\nquery\r\n0\r\n\r\n`
    const [status, events] = await eventsOf(plane, bytes)
    expect([status, events.length]).toEqual([400, 1])
    expect(events[0]).toMatchObject({ orgUid: 'transport', outcome: { result: 'failed', httpStatus: 400 } })
  })

  it('a body that turns out to be no HTTP while it is read', async () => {
    const type = plane === 'gateway' ? 'application/x-www-form-urlencoded' : 'application/json'
    const path = plane === 'gateway' ? paths.gateway : '/api/v1/teams'
    const chunked = [`Content-Type: ${type}`, 'Transfer-Encoding: chunked', 'Expect: 100-continue']
    const socket = await openSocket(world[plane].url)
    socket.write(head([`POST ${path} HTTP/1.1`, 'Host: x', withToken(), ...chunked]))
    await once(socket, 'data')
    socket.write('3\r\nabc\r\nzz\r\n')
    const [answer] = parseAnswers(await text(socket))
    const events = await world.auditOf(answer === undefined ? '' : idOf(answer))
    expect([answer?.status, events.length]).toEqual([400, 1])
    expect(events[0]).toMatchObject({ orgUid: 'transport', outcome: { result: 'failed', httpStatus: 400 } })
  })

  it('probes and metrics leave none, and tell nothing of any org', async () => {
    const query = `${world.base()}/api/v1/query?query=secret_of_transport`
    expect((await fetch(query, { headers: { authorization: `Bearer ${token}` } })).status).toBe(200)
    const ids = ['/-/healthy', '/-/ready', '/metrics'].map(
      (path, i) => [path, `probe-${plane}-${i}`] as const,
    )
    for (const [path, id] of ids) {
      const headers = { 'x-request-id': id, authorization: `Bearer ${token}` }
      const response = await fetch(world[plane].url + path, { headers })
      expect(response.status).toBe(200)
      expect(await response.text()).not.toMatch(/transport|robot|tenant-of/i)
    }
    // A later event has arrived: so would theirs have.
    const { headers } = await fetch(`${world[plane].url}/nowhere`)
    expect(await world.auditOf(headers.get('x-request-id') ?? '')).toHaveLength(1)
    const rows = await world.sql(`select 1 from audit_events where event ->> 'requestId' = any($1)`, [
      ids.map(([, id]) => id),
    ])
    expect(rows).toEqual([])
    // By no other method.
    expect((await world.call('post', '/metrics')).status).toBe(404)
  })
})

describe('control', () => {
  const ask = async (method: string, path: string, options: Parameters<ControlWorld['call']>[2] = {}) => {
    const { status, requestId } = await world.call(method, path, options)
    return [status, await world.auditOf(requestId)] as const
  }

  it('what it cannot hand on to the gateway', async () => {
    const [status, events] = await ask('get', '/prom/metrics/api/v1/query?query=secret', { token })
    expect([status, events.map(({ code }) => code)]).toEqual([502, ['V001E']])
    expect(events[0]).toMatchObject({
      orgUid: 'transport',
      actor: { kind: 'service-account' },
      request: { route: '/prom/metrics/api/v1/query' },
      outcome: { result: 'failed', httpStatus: 502, errorCode: 'bad_gateway' },
    })
  })

  it('a file of the console that is not there', async () => {
    for (const path of ['/assets/nothing.js', '/assets/..%2f..%2fpackage.json']) {
      const [status, events] = await ask('get', path, { headers: { accept: '*/*' } })
      expect([path, status, events.length]).toEqual([path, 404, 1])
    }
  })

  it.each([
    ['a method that is not served', 'put', '/api/v1/teams', {}, 405, 'V002D', '/api/v1/teams'],
    ['a path that is not served', 'get', '/api/v1/nowhere', {}, 404, 'V002D', '/api/v1/nowhere'],
    [
      'another media type',
      'post',
      '/api/v1/teams',
      { headers: { 'content-type': 'text/plain' }, body: 'x' },
      415,
      'A007E',
      '/api/v1/teams',
    ],
    ['what is no JSON', 'post', '/api/v1/teams', { body: '{' }, 400, 'A007E', '/api/v1/teams'],
    [
      'too much',
      'post',
      '/api/v1/teams',
      { body: { name: 'x'.repeat(200_000) } },
      413,
      'A007E',
      '/api/v1/teams',
    ],
  ] as const)('%s, of somebody who is known', async (_name, method, path, options, ...expected) => {
    const [status, events] = await ask(method, path, { token, ...options })
    const [event] = events
    expect([status, event?.code, event?.request.route]).toEqual(expected)
    expect(event).toMatchObject({ orgUid: 'transport', actor: { kind: 'service-account' } })
    expect(event?.outcome.result).toBe(event?.code.endsWith('D') === true ? 'denied' : 'failed')
  })

  it('what another site makes somebody’s browser send', async () => {
    const { cookie } = await world.person('transport', 'eve', ['crew'])
    const headers = { 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' }
    const [status, events] = await ask('post', '/api/v1/teams', { cookie, headers, body: { name: 'x' } })
    expect([status, events.map(({ code }) => code)]).toEqual([403, ['V001D']])
    expect(events[0]).toMatchObject({ actor: { kind: 'user' }, request: { route: '/api/v1/teams' } })
  })

  it('which thing it was about, where rights are decided for many', async () => {
    await world.sql(`insert into audit_exports (uid, format, state, org_uid, filter, requested_by)
      values ('x-1', 'csv', 'done', 'transport', '{}', 'robot'), ('x-2', 'csv', 'done', 'transport', '{}', 'robot')`)
    for (const uid of ['x-1', 'x-2']) {
      const [status, events] = await ask('get', `/api/v1/audit/exports/${uid}/content`, { token })
      expect([status, events[0]?.code, events[0]?.detail]).toEqual([200, 'E004I', { path: { uid } }])
    }
    const [status, events] = await ask('get', '/api/v1/users/somebody', { token })
    expect([status, events[0]?.detail]).toEqual([404, { path: { uid: 'somebody' } }])
  })

  it('what it was to do, of who may not', async () => {
    const stranger = await world.token('transport', 'stranger')
    const subject = { kind: 'service-account', uid: 'stranger' }
    const body = { subject, role: 'org-admin', where: { kind: 'org' }, reason: 'mine' }
    const [denied, [grant]] = await ask('post', '/api/v1/grants', { token: stranger, body })
    expect([denied, grant?.code]).toEqual([403, 'A004D'])
    const { reason: _, ...asked } = body
    expect(grant?.detail).toEqual({ asked: { ...asked, constraints: [] } })
    const [, [search]] = await ask('get', '/api/v1/audit/events?text=secret', { token: stranger })
    expect([search?.code, search?.detail]).toEqual(['E001D', { filter: { text: 'secret' } }])
  })

  it('a body for the gateway that turns out to be no HTTP', async () => {
    const socket = await openSocket(world.control.url)
    const chunked = ['Transfer-Encoding: chunked', 'Expect: 100-continue']
    const bytes = head(['POST /prom/metrics/api/v1/query HTTP/1.1', 'Host: x', withToken(), ...chunked])
    socket.write(`${bytes}zz\r\n`)
    const answers = await text(socket)
    const [answer] = parseAnswers(answers.replace('HTTP/1.1 100 Continue\r\n\r\n', ''))
    const events = await world.auditOf(answer === undefined ? '' : idOf(answer))
    expect([answer?.status, events.length]).toEqual([400, 1])
    expect(events[0]).toMatchObject({ orgUid: 'transport', outcome: { result: 'failed', httpStatus: 400 } })
  })

  it('a client that leaves before the gateway is reached, or sends half a request', async () => {
    const id = '0af76519-16cd-43dd-8448-eb211c80319d'
    const socket = await openSocket(world.control.url)
    const lines = [`X-Request-Id: ${id}`, withToken(), 'Host: x', 'Content-Length: 9']
    socket.write(`${head(['POST /prom/metrics/api/v1/query HTTP/1.1', ...lines])}query`)
    expect(await world.auditOf(id)).toHaveLength(1)
    socket.destroy()
  })
})
