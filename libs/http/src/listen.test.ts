import { createServer, type Server } from 'node:http'
import { Agent, get } from 'node:http'
import { afterEach, describe, expect, it } from 'vitest'
import { answerHealth } from './health.ts'
import { listen, type Listening } from './listen.ts'

const open: Listening[] = []
afterEach(async () => {
  await Promise.all(open.splice(0).map((server) => server.close()))
})

async function start(server: Server, graceMs: number): Promise<Listening> {
  const listening = await listen(server, '127.0.0.1:0', { graceMs })
  open.push(listening)
  return listening
}

const delay = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms))

describe('listen', () => {
  it('lets requests in flight finish, and closes their connections', async () => {
    const slow = createServer((_request, response) => setTimeout(() => response.end('done'), 200))
    const server = await start(slow, 10_000)
    const agent = new Agent({ keepAlive: true })
    const answer = new Promise<{ body: string; connection: string | undefined }>((resolve, reject) => {
      get(server.url, { agent }, (response) => {
        let body = ''
        response.on('data', (chunk: Buffer) => (body += chunk.toString()))
        response.on('end', () => resolve({ body, connection: response.headers.connection }))
      }).on('error', reject)
    })
    await delay(50)
    const closing = server.close()
    expect(server.isDraining()).toBe(true)
    expect((await answer).body).toBe('done')
    await closing
    await expect(fetch(server.url)).rejects.toThrow()
    agent.destroy()
  })

  it('cuts what outlasts the grace', async () => {
    const server = await start(
      createServer(() => undefined),
      100,
    )
    const answer = fetch(server.url).catch((error: Error) => error.name)
    await delay(50)
    await server.close()
    expect(await answer).toBe('TypeError')
  })

  it('does not wait for idle connections', async () => {
    const server = await start(
      createServer((_request, response) => response.end('x')),
      60_000,
    )
    const agent = new Agent({ keepAlive: true })
    await new Promise((done) => get(server.url, { agent }, (response) => response.resume().on('end', done)))
    const before = Date.now()
    await server.close()
    expect(Date.now() - before).toBeLessThan(10_000)
    agent.destroy()
  })

  it('names the address that is taken', async () => {
    const server = await start(createServer(), 100)
    const address = server.url.replace('http://', '')
    await expect(listen(createServer(), address, { graceMs: 100 })).rejects.toThrow(
      `cannot listen on ${address}: EADDRINUSE`,
    )
  })
})

describe('answerHealth', () => {
  it('knows health, readiness and metrics, and leaves the rest', async () => {
    let reason: string | undefined
    const metrics = { contentType: 'text/plain; version=0.0.4', metrics: async () => 'up 1\n' }
    const server = await start(
      createServer((request, response) => {
        void answerHealth(request, response, { notReady: () => reason, metrics }).then((answered) => {
          if (!answered) response.writeHead(404).end()
        })
      }),
      100,
    )
    const text = async (path: string): Promise<[number, string]> => {
      const response = await fetch(server.url + path)
      return [response.status, await response.text()]
    }
    expect(await text('/-/healthy')).toEqual([200, 'healthy\n'])
    expect(await text('/-/ready')).toEqual([200, 'ready\n'])
    reason = 'Postgres does not answer'
    expect(await text('/-/ready')).toEqual([503, 'Postgres does not answer\n'])
    expect(await text('/metrics')).toEqual([200, 'up 1\n'])
    expect((await text('/-/healthy?x'))[0]).toBe(404)
    expect((await fetch(`${server.url}/metrics`, { method: 'POST' })).status).toBe(404)
  })
})
