import { once } from 'node:events'
import { createServer, get, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { annotated } from './answer.ts'
import type { Sent } from './delivery.ts'
import { respond } from './respond.ts'

const values = Array.from({ length: 800_000 }, (_, n) => ({ metric: { n: `${n}` } }))
const data = { resultType: 'vector', result: values }
const body = Buffer.from(JSON.stringify({ status: 'success', data }))
let sent: Promise<Sent> | undefined
const request = new AbortController()
const server = createServer((_, res) => {
  sent = respond(res, annotated(body, { warnings: ['w'], infos: ['i'] }), {
    requestId: 'r',
    maxResponseBytes: 1e9,
    idleTimeout: 800,
    isLast: false,
    acceptsGzip: true,
    signal: request.signal,
  })
})

beforeAll(async () => {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
})
afterAll(() => server.close())

async function ask(): Promise<IncomingMessage> {
  const { port } = server.address() as AddressInfo
  const [response] = (await once(get({ port, host: '127.0.0.1' }), 'response')) as [IncomingMessage]
  return response
}

/** Reads an answer, with a pause after every half MB. */
async function read(pauseMs: number) {
  const response = await ask()
  const chunks: Buffer[] = []
  let since = 0
  for await (const chunk of response as AsyncIterable<Buffer>) {
    chunks.push(chunk)
    since += chunk.length
    if (since < 500_000) continue
    since = 0
    await setTimeout(pauseMs)
  }
  return { text: Buffer.concat(chunks).toString(), headers: response.headers }
}

describe('a long answer', () => {
  it('is sent with what it was annotated with after it', async () => {
    const { text, headers } = await read(0)
    expect(JSON.parse(text)).toEqual({ status: 'success', data, warnings: ['w'], infos: ['i'] })
    expect(headers['content-length']).toBe(String(text.length))
    expect(await sent).toEqual({ bytes: text.length, error: undefined })
  })

  it('may take longer than a client may pause', async () => {
    const { text } = await read(60)
    expect(text).toHaveLength(body.length + ',"warnings":["w"],"infos":["i"]'.length)
  })

  it('breaks off for who does not read on', async () => {
    const response = await ask()
    expect(await sent).toMatchObject({ error: { code: 'canceled' } })
    response.destroy()
  })

  it('breaks off when its request ends', async () => {
    request.abort(new Error('ended'))
    await expect(read(0)).rejects.toThrow('aborted')
    expect((await sent)?.bytes).toBeLessThan(body.length)
  })
})
