import { type ChildProcess, spawn } from 'node:child_process'
import { readdirSync, writeFileSync } from 'node:fs'
import { Agent, request } from 'node:http'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { temporaryDir } from '@gatehouse/local'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { freePort } from '../support/free-port.ts'
import { type GatewayWorld, startGatewayWorld } from '../support/gateway-world.ts'
import { type ApiAnswer, callApi } from '../support/prometheus-api.ts'
import {
  type RecordingPrometheus,
  sendJson,
  startRecordingPrometheus,
} from '../support/recording-prometheus.ts'

const count = 3
const folder = temporaryDir()
let shard: RecordingPrometheus
/** Only its database and tokens are used. */
let world: GatewayWorld
let child: ChildProcess
let url: string
let token: string
let limited: string
let alone: string
let exited: Promise<number | null>

const access = (shardUrl: string): string => `apiVersion: gatehouse/v1
kind: Access
orgs:
  - uid: a
    name: A
    tenants: [a]
    teams: [{ uid: everybody, name: Everybody }]
    serviceAccounts: [{ uid: one, name: One }, { uid: two, name: Two }, { uid: three, name: Three }]
    dataSources:
      - uid: metrics
        name: Metrics
        shards: [{ name: s, tenants: [a], replicas: [{ name: s, url: "${shardUrl}" }] }]
    grants: [{ serviceAccount: one, role: viewer }, { serviceAccount: two, role: viewer }, { serviceAccount: three, role: viewer }]
`

async function untilReady(): Promise<void> {
  for (let i = 0; i < 500; i += 1) {
    const answer = await fetch(`${url}/-/ready`).catch(() => undefined)
    if (answer?.ok === true) return
    await sleep(100)
  }
  throw new Error('the gateway was not ready')
}

beforeAll(async () => {
  shard = await startRecordingPrometheus()
  world = await startGatewayWorld({ access: access(shard.url) })
  token = await world.token('a', 'one')
  limited = await world.token('a', 'two')
  alone = await world.token('a', 'three')
  const port = await freePort()
  url = `http://127.0.0.1:${port}`
  const file = join(folder.path, 'config.yaml')
  writeFileSync(
    file,
    JSON.stringify({
      database: world.config.database,
      gateway: { listenAddress: `127.0.0.1:${port}`, workers: count },
      // Of two sizes of answers the large one is to be passed on as it comes.
      cache: { maxEntryBytes: 2_097_152 },
      limits: {
        slotsPerShard: 5,
        queueWait: '5s',
        overrides: [
          { org: 'a', serviceAccount: 'two', rate: { perSecond: 0.01, burst: 300 } },
          { org: 'a', serviceAccount: 'three', slots: 1 },
        ],
      },
      audit: { spoolDir: join(folder.path, 'spool') },
      log: { level: 'error' },
    }),
  )
  const main = fileURLToPath(import.meta.resolve('@gatehouse/gateway/main'))
  child = spawn(process.execPath, [main, '--config.file', file], { stdio: 'inherit' })
  exited = new Promise((resolve) => child.once('exit', (code) => resolve(code)))
  await untilReady()
}, 60_000)
afterAll(async () => {
  if (child.exitCode === null) child.kill('SIGKILL')
  await world.close()
  await shard.close()
  folder.remove()
})

/** Each on a connection of its own, so that they spread over the workers. */
const call = (path: string, parameters: Record<string, string>, as = token): Promise<ApiAnswer> =>
  callApi(`${url}/prom/metrics`, path, {
    parameters,
    token: as,
    method: path.startsWith('label/') ? 'GET' : 'POST',
    headers: { connection: 'close' },
    signal: AbortSignal.timeout(10_000),
  })
const range = (points: number, query: string) => ({
  query,
  start: '0',
  end: String((points - 1) * 60),
  step: '60',
})

/** A matrix at the times that were asked for. */
function answerRange(body: string): string {
  const form = new URLSearchParams(body)
  const [start, end] = [Number(form.get('start')), Number(form.get('end'))]
  const values: [number, string][] = []
  for (let t = start; t <= end; t += 60) values.push([t, String(t)])
  return JSON.stringify({
    status: 'success',
    data: { resultType: 'matrix', result: [{ metric: { tenant: 'a' }, values }] },
  })
}
const answering = (ms: number, seen = { now: 0, most: 0 }) => {
  shard.behave((_message, res) => {
    const body = shard.requests.at(-1)?.body ?? ''
    seen.now += 1
    seen.most = Math.max(seen.most, seen.now)
    setTimeout(() => {
      seen.now -= 1
      sendJson(res, 200, answerRange(body))
    }, ms)
  })
  return seen
}
const metric = async (name: string): Promise<number> => {
  const text = await (await fetch(`${url}/metrics`)).text()
  return Number(new RegExp(`^${name} (.+)$`, 'm').exec(text)?.[1])
}

describe('several processes are one gateway', () => {
  it('each has an audit spool of its own', () => {
    expect(readdirSync(join(folder.path, 'spool')).toSorted()).toEqual([
      'gateway-1',
      'gateway-2',
      'gateway-3',
    ])
  })

  it('equal requests at one time are one, whichever process takes them and whosever they are', async () => {
    answering(600)
    const before = shard.requests.length
    const answers = await Promise.all(
      Array.from({ length: 32 }, (_, i) =>
        call('query_range', range(10, `herd_${i % 4}`), i % 8 < 4 ? token : alone),
      ),
    )
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]))
    expect(new Set(answers.map(({ text }) => text)).size).toBe(1)
    expect(shard.requests.length - before).toBe(4)
  })

  it('what one process fetched, all have; a window that moved fetches only its end', async () => {
    answering(0)
    await call('query_range', range(60, 'shared'))
    const before = shard.requests.length
    for (let i = 0; i < 12; i += 1) {
      const answer = await call('query_range', range(60, 'shared'))
      expect([answer.headers.get('x-gatehouse-cache'), answer.text]).toEqual([
        'hit',
        answerRange(new URLSearchParams({ start: '0', end: '3540' }).toString()),
      ])
    }
    expect(shard.requests.length).toBe(before)
    for (let points = 61; points < 67; points += 1) {
      const { text } = await call('query_range', range(points, 'shared'))
      expect(text).toBe(
        answerRange(new URLSearchParams({ start: '0', end: String((points - 1) * 60) }).toString()),
      )
      expect(new URLSearchParams(shard.requests.at(-1)?.body).get('start')).toBe(`${(points - 1) * 60}.000`)
    }
    expect(shard.requests.length).toBe(before + 6)
  })

  it('nobody waits for an equal request of somebody who may not run it yet, in whichever process', async () => {
    const { promise: isOver, resolve: over } = Promise.withResolvers<void>()
    shard.behave((_m, res) => {
      const body = shard.requests.at(-1)?.body ?? ''
      void (body.includes('held') ? isOver : Promise.resolve()).then(() =>
        sendJson(res, 200, answerRange(body)),
      )
    })
    const running = call('query_range', range(2, 'held'), alone)
    await sleep(100)
    const names = Array.from({ length: 6 }, (_, i) => `not_yet_${i}`)
    const waiting = names.map((name) => call('query_range', range(2, name), alone))
    await sleep(100)
    const answers = await Promise.all(names.map((name) => call('query_range', range(2, name))))
    expect(answers.map(({ status }) => status)).toEqual(names.map(() => 200))
    // Whose answer it is makes no difference to those who waited.
    expect((await Promise.all(waiting)).map(({ status }) => status)).toEqual(names.map(() => 200))
    over()
    expect((await running).status).toBe(200)
  })

  it('errors are shared with their code and words', async () => {
    shard.behave((_m, res) =>
      sendJson(res, 422, '{"status":"error","errorType":"execution","error":"too many samples"}'),
    )
    const answers = await Promise.all(Array.from({ length: 9 }, () => call('query_range', range(2, 'bad'))))
    for (const { status, json } of answers) expect([status, json.errorType]).toEqual([422, 'execution'])
  })

  it('large answers are passed on as they come', async () => {
    const text = `{"status":"success","data":["${'x'.repeat(3_000_000)}"]}`
    shard.behave((_m, res) => res.writeHead(200, { 'content-type': 'application/json' }).end(text))
    const answers = await Promise.all(Array.from({ length: 6 }, () => call('label/x/values', { start: '1' })))
    for (const answer of answers) expect([answer.status, answer.text.length]).toEqual([200, text.length])
  })

  it('slots are counted together', async () => {
    const seen = answering(60)
    const answers = await Promise.all(
      Array.from({ length: 40 }, (_, i) => call('query_range', range(2, `slot${i}`))),
    )
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]))
    expect(seen.most).toBe(4)
    expect(await metric('gatehouse_queue_running')).toBe(0)
  })

  it.each([
    ['short', 10, 10],
    ['large', 5, 3_000_000],
  ])(
    'slots come back from clients that leave, whenever they do: %s answers',
    async (size, ms, bytes) => {
      const text = `{"status":"success","data":["${'x'.repeat(bytes)}"]}`
      shard.behave((_m, res) => {
        setTimeout(() => res.writeHead(200, { 'content-type': 'application/json' }).end(text), ms)
      })
      const leave = async (round: number, i: number): Promise<void> => {
        const headers = { authorization: `Bearer ${token}`, connection: 'close' }
        const signal = AbortSignal.timeout(4 + ((round * 7 + i * 3) % 70))
        const asked = fetch(`${url}/prom/metrics/api/v1/label/${size}${round}_${i}/values?start=1`, {
          headers,
          signal,
        })
        await asked.then((answer) => answer.text()).catch(() => undefined)
      }
      for (let round = 0; round < 12; round += 1)
        await Promise.all(Array.from({ length: 24 }, (_, i) => leave(round, i)))
      // Sooner than what nobody takes is given up for its age.
      await expect.poll(() => metric('gatehouse_queue_running'), { timeout: 3_000 }).toBe(0)
      answering(0)
      for (let i = 0; i < 6; i += 1)
        expect((await call('query_range', range(2, `after_${size}${i}`))).status).toBe(200)
    },
    30_000,
  )

  it('metrics are one page of all of them', async () => {
    const total = await metric('gatehouse_requests_total{endpoint="query_range",code="200"}')
    const asked = 32 + 1 + 12 + 6 + 13 + 40 + 12
    expect(total).toBe(asked)
    expect(await metric('gatehouse_requests_in_flight')).toBe(0)
  })

  it('rates are counted together', async () => {
    const answers = await Promise.all(
      Array.from({ length: 500 }, () =>
        call('format_query', { query: 'up' }, limited).then(({ status }) => status),
      ),
    )
    // What is leased and not used for a second is lost.
    const allowed = answers.filter((status) => status === 200).length
    expect(allowed).toBeLessThanOrEqual(300)
    expect(allowed).toBeGreaterThan(200)
    expect(answers.filter((status) => status === 429).length).toBe(500 - allowed)
  })
})

describe('processes that end', () => {
  const pids = async (): Promise<number[]> => {
    const { stdout } = spawn('ps', ['-o', 'pid=', '--ppid', String(child.pid)], {
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    let text = ''
    for await (const piece of stdout) text += String(piece)
    return text.trim().split(/\s+/).map(Number)
  }

  /** How a request ends: its status, or why there is none. */
  const ask = (agent: Agent, i: number): Promise<string> =>
    new Promise((resolve) => {
      const headers = { authorization: `Bearer ${token}` }
      request(`${url}/prom/metrics/api/v1/format_query?query=up${i}`, { agent, headers }, (res) => {
        res.resume().on('end', () => resolve(String(res.statusCode)))
        res.on('error', (error: NodeJS.ErrnoException) => resolve(String(error.code)))
      })
        .on('error', (error: NodeJS.ErrnoException) => resolve(String(error.code)))
        .end()
    })

  it('are started again, and the others go on', async () => {
    const before = await pids()
    expect(before).toHaveLength(count)
    process.kill(before[0] ?? 0, 'SIGKILL')
    const statuses: number[] = []
    for (let i = 0; i < 30; i += 1)
      statuses.push((await call('format_query', { query: 'up' }).catch(() => ({ status: 0 }))).status)
    // A connection that was on its way to the ended process is lost; no other is.
    expect(statuses.filter((status) => status !== 200).length).toBeLessThanOrEqual(2)
    let after: number[] = []
    for (let i = 0; i < 100 && after.length < count; i += 1) {
      await sleep(100)
      after = await pids()
    }
    expect(after).toHaveLength(count)
    expect(after).not.toContain(before[0])
    await untilReady()
  })

  it('leave no connection hanging: those that wait for a process that is killed are answered or closed', async () => {
    const [first = 0, ...others] = await pids()
    // A stopped process takes connections no further than its queue, where they wait when it is killed.
    process.kill(first, 'SIGSTOP')
    const kept = new Agent({ keepAlive: true })
    const ended: string[] = []
    const asked = Array.from({ length: 40 }, async (_, i) => {
      const how = await ask(i % 2 === 0 ? kept : new Agent(), i)
      ended.push(how)
    })
    await sleep(300)
    process.kill(first, 'SIGKILL')
    const all = Promise.all(asked).then(() => 'all ended')
    expect(await Promise.race([all, sleep(5_000, `${ended.length} of 40 ended`)])).toBe('all ended')
    expect(new Set(ended)).toContain('200')
    expect([...new Set(ended)].filter((how) => !['200', 'ECONNRESET', 'EPIPE'].includes(how))).toEqual([])
    // A client that keeps connections gets on with the next one.
    for (let i = 0; i < 10; i += 1) expect(await ask(kept, i)).toBe('200')
    kept.destroy()
    let after: number[] = []
    for (let i = 0; i < 100 && after.length < count; i += 1) {
      await sleep(100)
      after = await pids()
    }
    expect(after).toEqual(expect.arrayContaining(others))
    await untilReady()
  })

  it('finish their requests on SIGTERM', async () => {
    answering(800)
    const asked = shard.requests.length
    const running = Array.from({ length: 3 }, (_, i) =>
      fetch(`${url}/prom/metrics/api/v1/label/n${i}/values?start=1`, {
        headers: { authorization: `Bearer ${token}` },
      }),
    )
    for (let i = 0; i < 50 && shard.requests.length < asked; i += 1) await sleep(20)
    await sleep(200)
    child.kill('SIGTERM')
    for (const answer of await Promise.all(running))
      expect([answer.status, await answer.text()]).toEqual([200, expect.stringContaining('success')])
    expect(await exited).toBe(0)
  })
})
