import { createSocket } from 'node:dgram'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { type AddressInfo, createServer as createTcpServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import type { AuditEvent } from '@gatehouse/audit'
import { sampleEvent } from '@gatehouse/audit/sample'
import {
  auditStatus,
  createAuditWriter,
  createFeed,
  createFileSink,
  createOtlpSink,
  createPool,
  createStreamSink,
  createSyslogSink,
  createWebhookSink,
  generateSigningKey,
  listSinks,
  loadSigner,
  type Pool,
  type Sink,
  startAuditKeeper,
  withAudit,
} from '@gatehouse/store'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { freshDatabase, type TestDatabase } from '../support/postgres.ts'

let database: TestDatabase
let pool: Pool
let dir: string
const closing: (() => Promise<unknown>)[] = []

beforeEach(async () => {
  database = await freshDatabase()
  pool = createPool({ url: database.appUrl })
  dir = mkdtempSync(join(tmpdir(), 'gatehouse-audit-'))
})
afterEach(async () => {
  for (const close of closing.splice(0)) await close()
  await pool.end()
  await database.drop()
  rmSync(dir, { recursive: true })
})

let n = 0
async function add(count: number, change: Partial<AuditEvent> = {}): Promise<string[]> {
  const writer = await createAuditWriter({ dir, writerId: 'gw', pool })
  const events = Array.from({ length: count }, (_, i) =>
    sampleEvent(++n, { orgUid: ['transport', 'health', null][i % 3] ?? null, ...change }),
  )
  for (const event of events) await writer.append(event)
  await writer.close()
  return events.map(({ id }) => id)
}

async function drain(sink: Sink, holder = 'p1'): Promise<void> {
  const feed = createFeed(pool, sink, holder)
  while (await feed.step());
}

interface Receiver {
  readonly url: string
  readonly bodies: unknown[]
  status: number
}

async function receiver(): Promise<Receiver> {
  const got: Receiver = { url: '', bodies: [], status: 200 }
  const server: Server = createServer((req, res) => {
    let text = ''
    req.setEncoding('utf8')
    req.on('data', (part: string) => {
      text += part
    })
    req.on('end', () => {
      if (got.status === 200) got.bodies.push(JSON.parse(text))
      res.writeHead(got.status).end('{}')
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()))
  closing.push(() => new Promise((resolve) => server.close(resolve)))
  const port = (server.address() as AddressInfo).port
  return Object.assign(got, { url: `http://127.0.0.1:${port}/` })
}

describe('a sink', () => {
  it('begins with what comes after it was set up, and gets that once, in the order of each chain', async () => {
    await add(5)
    const path = join(dir, 'events.ndjson')
    const sink = createFileSink({ name: 'file', path })
    await drain(sink)
    const ids = await add(1_300)
    await drain(sink)
    await drain(sink)
    const lines = readFileSync(path, 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))
    const own = lines.filter(({ event }) => event.code === 'Q001I')
    expect(new Set(own.map(({ event }) => event.id))).toEqual(new Set(ids))
    expect(own).toHaveLength(ids.length)
    for (const org of ['transport', 'health', null]) {
      const seqs = own.filter((line) => line.org === org).map(({ seq }) => seq)
      expect(seqs).toEqual([...seqs].sort((a, b) => a - b))
    }
    expect(JSON.stringify(lines)).not.toContain('Ada Lovelace')
  })

  it('gets everything after a fault, and shows its lag meanwhile', async () => {
    const got = await receiver()
    const sink = createWebhookSink({ name: 'hook', url: got.url, identities: true })
    await drain(sink)
    const ids = await add(10)
    got.status = 503
    await expect(drain(sink)).rejects.toThrow('503')
    const [failing] = await withAudit(pool, 'all', listSinks)
    expect(failing).toMatchObject({ sink: 'hook', sent: 0, error: expect.stringContaining('503') })
    expect(failing?.lagSeconds).toBeGreaterThan(0)
    got.status = 200
    await drain(sink)
    const events = got.bodies.flatMap((body) => Object(body).events)
    const seen = events.map(({ event }) => event.id)
    expect(seen).toEqual(expect.arrayContaining(ids))
    expect(new Set(seen).size).toBe(seen.length)
    expect(JSON.stringify(events)).toContain('Ada Lovelace')
    expect(await withAudit(pool, 'all', listSinks)).toMatchObject([
      { lagSeconds: 0, error: null, failingSince: null },
    ])
  })

  it('is fed by one process at a time', async () => {
    const stream = new PassThrough()
    let text = ''
    stream.on('data', (data) => {
      text += String(data)
    })
    const sink = createStreamSink({ name: 'stdout', stream })
    await drain(sink, 'p1')
    await add(5)
    await drain(sink, 'p2')
    expect(text).toBe('')
    await drain(sink, 'p1')
    expect(text.trimEnd().split('\n').length).toBeGreaterThanOrEqual(5)
  })

  it('takes OTLP logs', async () => {
    const got = await receiver()
    const sink = createOtlpSink({ name: 'otlp', url: `${got.url}v1/logs` })
    await drain(sink)
    const [id] = await add(1, { code: 'Q001D' })
    await drain(sink)
    const [body] = got.bodies
    const records = Object(body).resourceLogs[0].scopeLogs[0].logRecords
    expect(records).toHaveLength(1)
    expect(records[0]).toMatchObject({
      timeUnixNano: expect.stringMatching(/^17500000\d{11}$/),
      severityNumber: 13,
      traceId: '0af7651916cd43dd8448eb211c80319c',
      attributes: expect.arrayContaining([
        { key: 'gatehouse.event.id', value: { stringValue: id } },
        { key: 'http.response.status_code', value: { intValue: '200' } },
      ]),
    })
  })
})

describe('a syslog sink', () => {
  it('frames RFC 5424 messages over TCP, and connects again', async () => {
    let text = ''
    let connections = 0
    const server = createTcpServer((socket) => {
      connections += 1
      socket.on('data', (data) => {
        text += String(data)
        if (connections === 1) socket.destroy()
      })
      socket.on('error', () => {})
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()))
    closing.push(() => new Promise((resolve) => server.close(resolve)))
    const { port } = server.address() as AddressInfo
    const sink = createSyslogSink({ name: 'siem', host: '127.0.0.1', port, transport: 'tcp' })
    closing.unshift(() => sink.close?.() ?? Promise.resolve())
    await drain(sink)
    await add(1, { code: 'Q001D', requestId: 'quote " and ]', action: 'a"]\\' })
    await drain(sink)
    await expect
      .poll(() => text)
      .toMatch(/^\d+ <109>1 2025-06-15T\S+Z \S+ gatehouse \d+ Q001D \[gatehouse@32473 id="/)
    const [, length = '', message = ''] = /^(\d+) ([\s\S]*)$/.exec(text) ?? []
    expect(Buffer.byteLength(message)).toBe(Number(length))
    expect(message).toContain('action="a\\"\\]\\\\"')
    await new Promise((resolve) => setTimeout(resolve, 50))
    await add(1)
    await drain(sink)
    await expect.poll(() => connections).toBe(2)
  })

  it('sends datagrams over UDP', async () => {
    const socket = createSocket('udp4')
    await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', () => resolve()))
    closing.push(() => new Promise<void>((resolve) => socket.close(() => resolve())))
    const first = new Promise<string>((resolve) => socket.once('message', (data) => resolve(data.toString())))
    const { port } = socket.address()
    const sink = createSyslogSink({ name: 'udp', host: '127.0.0.1', port, transport: 'udp', facility: 4 })
    closing.unshift(() => sink.close?.() ?? Promise.resolve())
    await drain(sink)
    await add(1)
    await drain(sink)
    expect(await first).toMatch(/^<38>1 /)
    // No datagram carries the whole of this one: the sink goes on, and says what it left out.
    const rest: string[] = []
    socket.on('message', (data) => {
      if (data.includes(' Q001I ')) rest.push(data.toString())
    })
    await add(1, { enforced: ['€'.repeat(14_000), '€'.repeat(14_000), '€'.repeat(14_000)] })
    await add(1)
    await drain(sink)
    await expect.poll(() => rest.length).toBe(2)
    const [short = '', next = ''] = rest.map((message) => message.slice(message.indexOf('{')))
    expect(JSON.parse(short)).toMatchObject({
      isShortened: true,
      seq: expect.any(Number),
      event: { code: 'Q001I' },
    })
    expect(JSON.parse(next)).not.toHaveProperty('isShortened')
  })
})

describe('the keeper', () => {
  it('seals, feeds sinks, reports what it finds, and shows the log’s condition', async () => {
    const path = join(dir, 'events.ndjson')
    const sink = createFileSink({ name: 'file', path })
    const first = createFeed(pool, sink, 'before')
    await first.step()
    await first.release()
    const noted: AuditEvent[] = []
    const keeper = startAuditKeeper({
      pool,
      signer: loadSigner(generateSigningKey().privatePem),
      sinks: [sink],
      sealEveryMs: 100,
      append: async (event) => void noted.push(event),
    })
    await add(30)
    const status = () => withAudit(pool, 'all', auditStatus)
    await expect.poll(async () => (await status()).unsealed, { timeout: 20_000 }).toBe(0)
    const { checkpoint, chains, events, sinks } = await status()
    expect(checkpoint?.number).toBeGreaterThan(0)
    expect([chains, events >= 30]).toEqual([3, true])
    expect(sinks).toMatchObject([{ sink: 'file' }])
    await expect
      .poll(() => readFileSync(path, 'utf8').split('\n').length, { timeout: 20_000 })
      .toBeGreaterThan(30)
    expect(await withAudit(pool, { org: 'health' }, auditStatus)).toMatchObject({ chains: 1, events: 10 })
    await keeper.close()
    expect(keeper.stats()).toMatchObject({ findings: [], sealedAt: expect.any(Number) })
    expect(noted).toEqual([])
  })
})
