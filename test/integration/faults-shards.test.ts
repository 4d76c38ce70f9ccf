import { setTimeout as sleep } from 'node:timers/promises'
import type { Prometheus } from '@gatehouse/local'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { type FaultyProxy, startFaultyProxy } from '../support/faulty-proxy.ts'
import { type GatewayWorld, startGatewayWorld } from '../support/gateway-world.ts'
import { type ApiAnswer, callApi } from '../support/prometheus-api.ts'
import { type Shards, shardOneTenants, shardTwoTenants, startShards } from '../support/stack.ts'

// Real Prometheus servers that hang, die, come back, and are reached through a network that fails.

let shards: Shards
let world: GatewayWorld
let proxy: FaultyProxy
const tokens = new Map<string, string>()

const replica = (name: string, url: string): string => `{ name: ${name}, url: "${url}" }`

function accessOf(two: string): string {
  const shard = (name: string, tenants: readonly string[], replicas: readonly string[]): string =>
    `{ name: ${name}, tenants: ${JSON.stringify(tenants)}, replicas: [${replicas.join(', ')}] }`
  const [a, b] = shards.one
  const one = shard('one', shardOneTenants, [replica('one-a', a.url), replica('one-b', b.url)])
  const source = (uid: string, ...all: readonly string[]): string =>
    `\n      - { uid: ${uid}, name: ${uid}, partialResponse: true, shards: [${all.join(', ')}] }`
  const org = (uid: string, tenants: readonly string[]): string => `
  - uid: ${uid}
    name: ${uid}
    tenants: ${JSON.stringify(tenants)}
    serviceAccounts: [{ uid: all, name: All }]
    dataSources:${source('metrics', one, shard('two', shardTwoTenants, [replica('two-a', two)]))}${source(
      'nameless',
      shard('s', tenants, [replica('r', 'http://nowhere.invalid:9090')]),
    )}${source('plain', shard('s', tenants, [replica('r', shards.two.url.replace('http:', 'https:'))]))}
    grants: [{ serviceAccount: all, role: viewer }]`
  return `apiVersion: gatehouse/v1\nkind: Access\norgs:${org('transport', ['transport'])}${org('revenue', ['revenue'])}${org('defence', ['defence-land', 'defence-sea'])}\n`
}

beforeAll(async () => {
  shards = await startShards()
  proxy = await startFaultyProxy(shards.two.url)
  world = await startGatewayWorld({
    access: accessOf(proxy.url),
    cache: { enabled: false },
    gateway: { deadline: '10s' },
    upstream: { idleTimeout: '2s' },
  })
  for (const org of ['transport', 'revenue', 'defence']) tokens.set(org, await world.token(org, 'all'))
})
afterAll(async () => {
  await world.close()
  await proxy.close()
  await shards.close()
})

const ask = (org: string, parameters: Record<string, string> = {}, source = 'metrics') =>
  callApi(world.base(source), 'query', {
    token: tokens.get(org) ?? '',
    parameters: { query: 'sum(up)', time: String(shards.now), ...parameters },
  })

async function timed<T>(work: Promise<T>): Promise<{ readonly result: T; readonly ms: number }> {
  const started = performance.now()
  const result = await work
  return { result, ms: performance.now() - started }
}

/** Asks until it works again; breakers rest a while after a fault. */
async function recovered(org: string): Promise<ApiAnswer> {
  const deadline = performance.now() + 40_000
  let answer = await ask(org).catch(() => undefined)
  while (answer?.status !== 200 && performance.now() < deadline) {
    await sleep(100)
    answer = await ask(org).catch(() => undefined)
  }
  if (answer === undefined) throw new Error('no answer')
  return answer
}

const stopped = new Set<Prometheus>()
async function stop(server: Prometheus): Promise<void> {
  process.kill(server.pid, 'SIGSTOP')
  stopped.add(server)
  // A signal takes effect when the kernel gets to it.
  await sleep(100)
}

afterEach(async () => {
  for (const { pid } of stopped) process.kill(pid, 'SIGCONT')
  stopped.clear()
  proxy.behave({ kind: 'none' })
  for (const org of ['transport', 'revenue', 'defence']) expect((await recovered(org)).status).toBe(200)
})

describe('F01 a shard out of reach', () => {
  it.each([
    ['whose name is unknown', 'nameless'],
    ['that speaks no TLS', 'plain'],
  ])('%s is 503 at once, and nobody else notices', async (_name, source) => {
    const [gone, there] = await Promise.all([timed(ask('revenue', {}, source)), ask('transport')])
    expect([gone.result.status, gone.result.json.errorType, there.status]).toEqual([503, 'unavailable', 200])
    // The connect time-out is a second; without it a name server would be waited for.
    expect(gone.ms).toBeLessThan(3_000)
  })
})

describe('F02 a server that hangs', () => {
  it('as one replica of two costs moments, not its time-out', async () => {
    await stop(shards.one[0])
    const { result, ms } = await timed(ask('transport'))
    expect([result.status, result.json.data.result[0].value[1]]).toEqual([200, '4'])
    expect(ms).toBeLessThan(6_000)
    const many = await timed(Promise.all(Array.from({ length: 30 }, () => ask('transport'))))
    expect(many.result.map(({ status }) => status)).toEqual(Array.from({ length: 30 }, () => 200))
    expect(many.ms).toBeLessThan(8_000)
  })

  it('as a whole shard costs its own tenants the time they allow, and the others nothing', async () => {
    const before = proxy.open
    await stop(shards.two)
    const [gone, both, there] = await Promise.all([
      timed(ask('revenue', { timeout: '1s' })),
      timed(ask('defence', { timeout: '1s' })),
      Promise.all(Array.from({ length: 10 }, () => ask('transport'))),
    ])
    expect([gone.result.status, both.result.status]).toEqual([503, 503])
    expect(Math.max(gone.ms, both.ms)).toBeLessThan(5_000)
    expect(there.every(({ status }) => status === 200)).toBe(true)
    // What was given up holds no connection.
    for (let i = 0; i < 50 && proxy.open > before; i += 1) await sleep(20)
    expect(proxy.open).toBeLessThanOrEqual(before)
  })
})

describe('F02 a shard that hangs under an org whose queries need several', () => {
  const land = { query: 'sum(up{tenant="defence-land"})' }

  it('is left out of partial answers within the time the caller allows', async () => {
    await stop(shards.two)
    const { status, json } = await ask('defence', { partial_response: 'true', timeout: '2s' })
    expect([status, json.warnings]).toEqual([200, [expect.stringMatching(/^partial answer/)]])
  })

  it('keeps no slot of the others for longer than it takes to see that it hangs', async () => {
    await stop(shards.two)
    const both = timed(Promise.all(Array.from({ length: 40 }, () => ask('defence', { timeout: '9s' }))))
    await sleep(200)
    const there = await Promise.all(Array.from({ length: 10 }, () => ask('defence', land)))
    expect(there.map(({ status }) => status)).toEqual(Array.from({ length: 10 }, () => 200))
    const { result, ms } = await both
    expect(new Set(result.map(({ status }) => status))).toEqual(new Set([503]))
    expect(ms).toBeLessThan(8_000)
  })
})

describe('F03 a slow network', () => {
  it.each([
    ['one byte after the other', { kind: 'trickle', everyMs: 300 } as const],
    ['nothing for a long time', { kind: 'late', ms: 20_000 } as const],
  ])('that brings %s ends with the time the caller allows', async (_name, fault) => {
    proxy.behave(fault)
    const [slow, there] = await Promise.all([
      timed(
        ask('revenue', { timeout: '1s' }).then(
          ({ status }) => status,
          () => 'broken',
        ),
      ),
      ask('transport'),
    ])
    expect(slow.result).not.toBe(200)
    expect(slow.ms).toBeLessThan(6_000)
    expect(there.status).toBe(200)
  })
})

describe('F04 an answer that breaks off', () => {
  const range = () => ({
    query: 'ml_predictions_total',
    start: String(shards.now - 3_000),
    end: String(shards.now),
    step: '15',
  })
  const askRange = (org: string) =>
    callApi(world.base(), 'query_range', { token: tokens.get(org) ?? '', parameters: range() })
  const outcome = (answer: Promise<ApiAnswer>) =>
    answer.then(
      ({ status }) => status,
      () => 'broken',
    )

  it.each([
    ['in its head', { kind: 'cut', after: 40 } as const],
    ['in its body', { kind: 'cut', after: 3_000 } as const],
    ['without the connection', { kind: 'stop', after: 3_000 } as const],
  ])('%s is never taken for a whole one', async (_name, fault) => {
    expect(await outcome(askRange('revenue'))).toBe(200)
    proxy.behave(fault)
    const passed = await outcome(askRange('revenue'))
    expect(['broken', 502, 503]).toContain(passed)
    // Merged with the other shard's answer nothing has left yet: an error, and no part of the answer.
    const merged = await outcome(askRange('defence'))
    expect([502, 503]).toContain(merged)
  })

  it.each([
    [
      'a length that is too great',
      (text: string) => text.replace(/content-length: \d+/i, 'Content-Length: 9999999'),
    ],
    ['two lengths', (text: string) => text.replace(/(content-length: )(\d+)/i, '$1$2\r\nContent-Length: 7')],
    ['HTML', (text: string) => text.replace('application/json', 'text/html')],
    [
      'a redirect',
      (text: string) => text.replace('200 OK', '302 Found\r\nLocation: http://169.254.169.254/'),
    ],
    ['a coding', (text: string) => text.replace('Content-Type', 'Content-Encoding: br\r\nContent-Type')],
  ])('or says %s is an error', async (_name, change) => {
    proxy.behave({ kind: 'garble', change })
    expect(['broken', 502, 503]).toContain(await outcome(ask('revenue')))
    expect([502, 503]).toContain(await outcome(ask('defence')))
  })

  it('is missing in a partial answer, if caller and data source agree, and said to be', async () => {
    proxy.behave({ kind: 'cut', after: 40 })
    const { status, json, headers } = await ask('defence', { partial_response: 'true' })
    expect([status, json.warnings]).toEqual([200, [expect.stringMatching(/^partial answer/)]])
    expect(headers.get('x-gatehouse-shards')).toBe('asked=2, answered=1')
    expect((await ask('defence', { partial_response: 'false' })).status).toBeGreaterThanOrEqual(500)
    const forAlert = await callApi(world.base(), 'query', {
      token: tokens.get('defence') ?? '',
      parameters: { query: 'sum(up)', time: String(shards.now), partial_response: 'true' },
      headers: { FromAlert: 'true' },
    })
    expect(forAlert.status).toBeGreaterThanOrEqual(500)
  })
})

describe('F25 a server that restarts', () => {
  it('is 503 until it is ready, and right again then', async () => {
    await shards.two.kill()
    const back = shards.restart(shards.two)
    const seen = new Set<number>()
    let isBack = false
    void back.then(() => {
      isBack = true
    })
    while (!isBack) {
      seen.add((await ask('revenue')).status)
      await sleep(20)
    }
    await back
    expect([...seen].filter((status) => status !== 200 && status !== 503)).toEqual([])
    const { status, json } = await recovered('revenue')
    expect([status, json.data.result[0].value[1]]).toEqual([200, '4'])
  })

  it('as one replica of two is not noticed at all', async () => {
    // That which answers now: it is the one that would be asked next.
    const first = (await recovered('transport')).headers.get('x-gatehouse-replicas')
    const killed = shards.one[first === 'one/one-a' ? 0 : 1]
    const answers: number[] = []
    let isOver = false
    const load = (async () => {
      while (!isOver) {
        answers.push((await ask('transport')).status)
        await sleep(10)
      }
    })()
    await sleep(300)
    await killed.kill()
    await sleep(500)
    await shards.restart(killed)
    await sleep(1_500)
    isOver = true
    await load
    expect(answers.length).toBeGreaterThan(20)
    expect(answers.filter((status) => status !== 200)).toEqual([])
  })
})
