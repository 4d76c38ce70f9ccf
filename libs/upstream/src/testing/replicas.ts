import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { instantRequest, type Shard } from '@gatehouse/query'
import { createMetrics } from '@gatehouse/telemetry'
import { createAddressPolicy } from '../addresses.ts'
import { createConnections } from '../connections.ts'
import { createUpstream, type Upstream } from '../upstream.ts'

/** Answers a request to a replica. */
export type Handler = (message: IncomingMessage, res: ServerResponse, body: string) => void

const closers: (() => void)[] = []

/** Closes everything that was started; after each test. */
export function closeAll(): void {
  for (const close of closers.splice(0)) close()
}

/** Whether a request is one of ours that asks how the replica is. */
export function isProbe({ url }: IncomingMessage, body: string): boolean {
  return url?.endsWith('/buildinfo') === true || body.startsWith('query=sum(count_over_time')
}

async function listen(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  closers.push(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** A replica with switchable faults. `requests` are the bodies it was sent, probes aside. */
export async function startReplica(handler: Handler): Promise<{ url: string; requests: string[] }> {
  const requests: string[] = []
  const url = await listen(
    createServer((message, res) => {
      let body = ''
      message.setEncoding('latin1')
      message.on('data', (chunk: string) => {
        body += chunk
      })
      message.on('end', () => {
        if (!isProbe(message, body)) requests.push(body)
        handler(message, res, body)
      })
    }),
  )
  return { url, requests }
}

/** A port nobody listens on. */
export async function refusedUrl(): Promise<string> {
  const server = createServer()
  const url = await listen(server)
  await new Promise((resolve) => server.close(resolve))
  return url
}

/** A port whose connection attempts get no answer: its process sleeps and its backlog is full. */
export async function blackHole(): Promise<string> {
  const program = `
    const server = require('node:net').createServer()
    server.listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => {
      require('node:fs').writeSync(1, String(server.address().port))
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)
    })`
  const child = spawn(process.execPath, ['-e', program], { stdio: ['ignore', 'pipe', 'ignore'] })
  closers.push(() => child.kill('SIGKILL'))
  const [chunk] = (await once(child.stdout, 'data')) as [Buffer]
  const port = Number(chunk.toString())
  const fillers = Array.from({ length: 8 }, () =>
    connect({ port, host: '127.0.0.1' }).on('error', () => undefined),
  )
  closers.push(() => fillers.forEach((filler) => filler.destroy()))
  await sleep(100)
  return `http://127.0.0.1:${port}`
}

/** A shard with a replica `r0`, `r1`, … at each URL. */
export function shardOf(...urls: string[]): Shard {
  const replicas = urls.map((url, i) => ({ name: `r${i}`, url }))
  return { name: 'one', slice: { tenants: ['a'] }, replicas }
}

/** A client with short time-outs. */
export function start(
  options: { headersTimeout?: number; idleTimeout?: number; maxResponseBytes?: number } = {},
): Upstream {
  const { maxResponseBytes = 1_000_000, ...timeouts } = options
  const upstream = createUpstream({
    connections: createConnections({
      rules: [],
      addresses: createAddressPolicy([]),
      timeout: 500,
      onError: () => undefined,
    }),
    options: { headersTimeout: 30_000, idleTimeout: 5_000, maxConnections: 64, ...timeouts },
    maxResponseBytes,
    metrics: createMetrics(),
  })
  closers.push(() => void upstream.close())
  return upstream
}

export const request = instantRequest('up{tenant="a"}' as never, 4_000, { timeout: 1_000 })
export const patience = (ms = 20_000) => AbortSignal.timeout(ms)
export const success = '{"status":"success","data":{"resultType":"vector","result":[]}}'

/** Answers JSON with its length. */
export function json(res: ServerResponse, status: number, body: unknown): void {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  res
    .writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) })
    .end(text)
}

export const good: Handler = (_message, res) => json(res, 200, success)
