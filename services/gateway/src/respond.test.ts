import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { annotated } from './answer.ts'
import type { Sent } from './delivery.ts'
import { respond } from './respond.ts'

const values = Array.from({ length: 50_000 }, (_, n) => ({ metric: { n: `${n}` } }))
const data = { resultType: 'vector', result: values }
const body = Buffer.from(JSON.stringify({ status: 'success', data }))
let sent: Promise<Sent> | undefined
const { signal } = new AbortController()
const server = createServer((_, res) => {
  sent = respond(res, annotated(body, { warnings: ['w'], infos: ['i'] }), {
    requestId: 'r',
    maxResponseBytes: 1e9,
    idleTimeout: 10_000,
    isLast: false,
    acceptsGzip: true,
    signal,
  })
})

beforeAll(async () => {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
})
afterAll(() => server.close())

it('sends a long answer and after it what it was annotated with', async () => {
  const { port } = server.address() as AddressInfo
  const response = await fetch(`http://127.0.0.1:${port}/`)
  const text = await response.text()
  expect(JSON.parse(text)).toEqual({ status: 'success', data, warnings: ['w'], infos: ['i'] })
  expect(response.headers.get('content-length')).toBe(String(text.length))
  expect(await sent).toEqual({ bytes: text.length, error: undefined })
})
