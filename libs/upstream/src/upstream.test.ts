import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, describe, expect, it } from 'vitest'
import { readBody } from './read-body.ts'
import {
  blackHole,
  closeAll,
  good,
  type Handler,
  json,
  patience,
  refusedUrl,
  request,
  shardOf,
  start,
  startReplica,
  success,
} from './testing/replicas.ts'

afterEach(closeAll)

describe('a request to a replica', () => {
  it('is made from constants and the typed form alone', async () => {
    let seen: IncomingMessage | undefined
    const { url, requests } = await startReplica((message, res) => {
      seen = message
      good(message, res, '')
    })
    const { exchange, replica } = await start().open(shardOf(`${url}/base`), request, patience())
    expect((await readBody(exchange, 1_000)).toString()).toBe(success)
    expect(replica).toBe('r0')
    expect(`${seen?.method} ${seen?.url}`).toBe('POST /base/api/v1/query')
    expect(requests).toEqual(['query=up%7Btenant%3D%22a%22%7D&time=4.000&timeout=1000ms'])
    expect(Object.keys(seen?.headers ?? {}).toSorted()).toEqual([
      'accept',
      'accept-encoding',
      'connection',
      'content-length',
      'content-type',
      'host',
    ])
  })
})

describe('failover', () => {
  it.each<[string, (other: string) => Promise<string> | string]>([
    ['refuses the connection', () => refusedUrl()],
    ['answers 503', async () => (await startReplica((_m, res) => json(res, 503, {}))).url],
    ['answers 500', async () => (await startReplica((_m, res) => json(res, 500, {}))).url],
    ['resets the connection', async () => (await startReplica((m) => m.socket.resetAndDestroy())).url],
    [
      'redirects elsewhere',
      async () =>
        (
          await startReplica((_m, res) =>
            res.writeHead(302, { location: 'http://169.254.169.254/' }).end('{}'),
          )
        ).url,
    ],
    [
      'answers HTML',
      async () =>
        (await startReplica((_m, res) => res.writeHead(200, { 'content-type': 'text/html' }).end('<html>')))
          .url,
    ],
    ['answers HTML as JSON', async () => (await startReplica((_m, res) => json(res, 200, '<html>'))).url],
    ['answers nothing', async () => (await startReplica((_m, res) => json(res, 200, ''))).url],
    ['answers 206', async () => (await startReplica((_m, res) => json(res, 206, success))).url],
    [
      'answers compressed',
      async () =>
        (
          await startReplica((_m, res) =>
            res
              .writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' })
              .end(success),
          )
        ).url,
    ],
    [
      'does not say how long its answer is',
      async () =>
        (
          await startReplica((m) =>
            m.socket.end(`HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n${success}`),
          )
        ).url,
    ],
  ])('asks the next replica when one %s', async (_name, bad) => {
    const { url, requests } = await startReplica(good)
    const { exchange, replica } = await start().open(shardOf(await bad(url), url), request, patience())
    exchange.abort(new Error('done'))
    expect(replica).toBe('r1')
    expect(requests).toHaveLength(1)
  })

  it.each<[string, Handler, string, string]>([
    [
      '400',
      (_m, res) => json(res, 400, { errorType: 'bad_data', error: 'x{tenant="b"}' }),
      'bad_data',
      'the query could not be executed',
    ],
    [
      '422',
      (_m, res) =>
        json(res, 422, {
          errorType: 'execution',
          error:
            'multiple matches for labels: many-to-one matching must be explicit (group_left/group_right)',
        }),
      'execution',
      'multiple matches for labels: many-to-one matching must be explicit (group_left/group_right)',
    ],
    [
      'a time-out',
      (_m, res) =>
        json(res, 503, { errorType: 'timeout', error: 'query timed out in expression evaluation' }),
      'timeout',
      'the query timed out',
    ],
    ['429', (_m, res) => json(res, 429, {}), 'too_many_requests', 'the shard has too many requests'],
    [
      '404',
      (_m, res) => json(res, 404, '404 page not found'),
      'bad_gateway',
      'an upstream refused the request',
    ],
  ])('does not ask another one after %s', async (_name, handler, code, message) => {
    const first = await startReplica(handler)
    const second = await startReplica(good)
    await expect(start().open(shardOf(first.url, second.url), request, patience())).rejects.toMatchObject({
      code,
      message,
    })
    expect([first.requests.length, second.requests.length]).toEqual([1, 0])
  })

  it.each([
    ['invalid smoothing factor. Expected: 0 < sf < 1, got: 2.000000', '0 < sf < 1'],
    ['invalid regular expression in label_replace(): (', 'label_replace()'],
    ['invalid destination label name in label_join(): ', 'label_join()'],
    ['Scalar value 1e+30 overflows int64', 'overflows int64'],
    ['Ratio value NaN is NaN', 'is NaN'],
  ])('says what is wrong with the query: %s', async (text, told) => {
    const { url } = await startReplica((_m, res) =>
      json(res, 422, { status: 'error', errorType: 'execution', error: text }),
    )
    await expect(start().open(shardOf(url), request, patience())).rejects.toMatchObject({
      code: 'execution',
      message: expect.stringContaining(told),
    })
  })

  it('says nothing of what an upstream quotes', async () => {
    const error =
      'found duplicate series for the match group {x="1"} on the right hand-side of the operation: [{tenant="b", secret="hunter2"}];many-to-many matching not allowed'
    const { url } = await startReplica((_m, res) =>
      json(res, 422, { status: 'error', errorType: 'execution', error }),
    )
    const refusal = await start()
      .open(shardOf(url), request, patience())
      .catch((thrown: unknown) => thrown)
    expect(refusal).toMatchObject({
      code: 'execution',
      message: expect.stringContaining('found duplicate series'),
    })
    expect((refusal as Error).message).not.toMatch(/hunter2|tenant/)
  })

  it('is 503 at once when every replica refuses', async () => {
    const started = performance.now()
    const shard = shardOf(await refusedUrl(), await refusedUrl())
    await expect(start().open(shard, request, patience())).rejects.toMatchObject({ code: 'unavailable' })
    expect(performance.now() - started).toBeLessThan(900)
  })

  it('waits for a replica that accepts no connection no longer than the connect time-out', async () => {
    const { url } = await startReplica(good)
    const { exchange, replica } = await start().open(
      shardOf(await blackHole(), url),
      request,
      patience(10_000),
    )
    exchange.abort(new Error('done'))
    expect(replica).toBe('r1')
  })
})

describe('the breaker', () => {
  it('stops asking a replica that failed five times, and probes it later', async () => {
    let isWell = false
    const ill = await startReplica((message, res) => (isWell ? good(message, res, '') : json(res, 503, {})))
    const upstream = start()
    const ask = () =>
      upstream.open(shardOf(ill.url), request, patience()).then(
        ({ exchange }) => exchange.abort(new Error('done')),
        () => undefined,
      )
    for (let i = 0; i < 9; i += 1) await ask()
    expect(ill.requests).toHaveLength(5)
    isWell = true
    await sleep(1_100)
    await ask()
    await ask()
    expect(ill.requests).toHaveLength(7)
  })
})

describe('limits', () => {
  it('gives up a replica that never answers, and closes its connection', async () => {
    const sockets: Socket[] = []
    const { url } = await startReplica((message) => sockets.push(message.socket))
    const signal = AbortSignal.timeout(200)
    await expect(start().open(shardOf(url), request, signal)).rejects.toThrow()
    await sleep(50)
    expect(sockets.map((socket) => socket.destroyed)).toEqual([true])
  })

  it('asks the next replica when the headers take too long', async () => {
    const slow = await startReplica(() => undefined)
    const { url } = await startReplica(good)
    const { exchange, replica } = await start({ headersTimeout: 300 }).open(
      shardOf(slow.url, url),
      request,
      patience(),
    )
    exchange.abort(new Error('done'))
    expect(replica).toBe('r1')
  })

  it.each<[string, Handler]>([
    [
      'stops mid-body',
      (_m, res) => void res.writeHead(200, { 'content-type': 'application/json' }).write('{"status":'),
    ],
    [
      'breaks its promise of a length',
      (m) =>
        m.socket.end('HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 99\r\n\r\n{"a"'),
    ],
    [
      'breaks its chunks',
      (m) =>
        m.socket.end(
          'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n4\r\n{"a"\r\nzz\r\n',
        ),
    ],
  ])('fails the body when a replica %s', async (_name, handler) => {
    const { url } = await startReplica(handler)
    const { exchange } = await start({ idleTimeout: 300 }).open(shardOf(url), request, patience())
    await expect(readBody(exchange, 1_000)).rejects.toMatchObject({ code: 'bad_gateway' })
  })

  it('refuses an announced length beyond the limit, and cuts off what grows beyond it', async () => {
    const { url } = await startReplica((_m, res) => json(res, 200, `{"x":"${'y'.repeat(2_000)}"}`))
    await expect(
      start({ maxResponseBytes: 1_000 }).open(shardOf(url), request, patience()),
    ).rejects.toMatchObject({ code: 'execution' })
    const endless = await startReplica((_m, res) => {
      res.writeHead(200, { 'content-type': 'application/json' })
      const timer = setInterval(() => res.write('{'.repeat(500)), 5)
      res.once('close', () => clearInterval(timer))
    })
    const { exchange } = await start().open(shardOf(endless.url), request, patience())
    await expect(readBody(exchange, 5_000)).rejects.toMatchObject({ code: 'execution' })
  })

  it('holds the body back until somebody takes it', async () => {
    let written = 0
    const { url } = await startReplica((_m, res) => {
      res.writeHead(200, { 'content-type': 'application/json' })
      const more = (): void => {
        while (written < 64_000_000) {
          written += 64_000
          if (!res.write(`{${' '.repeat(63_999)}`)) {
            res.once('drain', more)
            return
          }
        }
        res.end()
      }
      more()
    })
    const { exchange } = await start().open(shardOf(url), request, patience())
    await sleep(300)
    expect(written).toBeLessThan(20_000_000)
    exchange.abort(new Error('done'))
  })
})
