import type { IncomingMessage, ServerResponse } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { ensureTools, type Prometheus, startPrometheus, temporaryDir } from '@gatehouse/local'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { type GatewayWorld, startGatewayWorld } from '../support/gateway-world.ts'
import { type ApiAnswer, callApi } from '../support/prometheus-api.ts'
import { openSocket } from '../support/raw-http.ts'
import {
  type RecordingPrometheus,
  sendJson,
  startRecordingPrometheus,
} from '../support/recording-prometheus.ts'

// What many clients, large answers and changes under load do; the shards are stand-ins that count and record.

let world: GatewayWorld
let one: RecordingPrometheus
let two: RecordingPrometheus
let token: string
let talkative: Prometheus
const dir = temporaryDir()

const accessOf = (tenants: { readonly one: readonly string[]; readonly two: readonly string[] }): string => `
apiVersion: gatehouse/v1
kind: Access
orgs:
  - uid: org
    name: Org
    tenants: [a, b, c]
    serviceAccounts: [{ uid: all, name: All }]
    dataSources:
      - uid: metrics
        name: Metrics
        shards:
          - { name: one, tenants: ${JSON.stringify(tenants.one)}, replicas: [{ name: r, url: "${one.url}" }] }
          - { name: two, tenants: ${JSON.stringify(tenants.two)}, replicas: [{ name: r, url: "${two.url}" }] }
      - uid: rules
        name: Rules
        shards: [{ name: s, tenants: [a, b, c], replicas: [{ name: r, url: "${talkative.url}" }] }]
    grants: [{ serviceAccount: all, role: viewer }]
`

/** A real Prometheus with an alert whose description is a novel. */
async function startTalkative(): Promise<Prometheus> {
  await ensureTools(['prometheus-2'])
  const alert = {
    alert: 'Long',
    expr: 'vector(0) > 1',
    labels: { tenant: 'a' },
    annotations: { x: 'y'.repeat(40_000_000) },
  }
  return startPrometheus({ dataDir: dir.path, ruleGroups: [{ name: 'g', interval: '1h', rules: [alert] }] })
}

beforeAll(async () => {
  ;[one, two, talkative] = await Promise.all([
    startRecordingPrometheus(),
    startRecordingPrometheus(),
    startTalkative(),
  ])
  world = await startGatewayWorld({
    access: accessOf({ one: ['a', 'b'], two: ['c'] }),
    gateway: { deadline: '20s' },
  })
  token = await world.token('org', 'all')
})
afterAll(async () => {
  await world.close()
  await Promise.all([one.close(), two.close(), talkative.stop()])
  dir.remove()
})
afterEach(() => {
  one.behave(undefined)
  two.behave(undefined)
})

let asked = 0
/** A query that nobody asked before, of the first shard unless told otherwise. */
const fresh = (tenant = 'a'): Record<string, string> => {
  asked += 1
  return { query: `up{tenant="${tenant}",n="${asked}"}`, time: '1000' }
}
const ask = (parameters: Record<string, string>, signal?: AbortSignal): Promise<ApiAnswer> =>
  callApi(world.base(), 'query', { token, parameters, ...(signal === undefined ? {} : { signal }) })

const vector = '{"status":"success","data":{"resultType":"vector","result":[]}}'

/** Answers when told to. */
function held(shard: RecordingPrometheus): { readonly release: (status?: number) => void } {
  const waiting: ServerResponse[] = []
  shard.behave((_message, res) => void waiting.push(res))
  return {
    release(status = 200) {
      for (const res of waiting.splice(0)) sendJson(res, status, status === 200 ? vector : '{}')
    },
  }
}

describe('F08 the same question from many at once', () => {
  it('is asked once', async () => {
    const { release } = held(one)
    const before = one.requests.length
    const question = fresh()
    const answers = Array.from({ length: 200 }, () => ask(question))
    while (one.requests.length === before) await sleep(20)
    await sleep(300)
    release()
    const statuses = (await Promise.all(answers)).map(({ status }) => status)
    expect(statuses).toEqual(Array.from({ length: 200 }, () => 200))
    expect(one.requests.length - before).toBe(1)
  })

  it('fails for all of them, without each trying by itself', async () => {
    const { release } = held(one)
    const before = one.requests.length
    const question = fresh()
    const answers = Array.from({ length: 50 }, () => ask(question))
    while (one.requests.length === before) await sleep(20)
    await sleep(300)
    release(422)
    const statuses = (await Promise.all(answers)).map(({ status }) => status)
    expect(statuses).toEqual(Array.from({ length: 50 }, () => 422))
    expect(one.requests.length - before).toBe(1)
  })

  it('F07 goes on for the others when who asked first goes away', async () => {
    const { release } = held(one)
    const before = one.requests.length
    const question = fresh()
    const first = new AbortController()
    const gone = ask(question, first.signal).catch(() => 'gone')
    while (one.requests.length === before) await sleep(20)
    const others = [ask(question), ask(question)]
    await sleep(200)
    first.abort()
    expect(await gone).toBe('gone')
    await sleep(100)
    release()
    // A question that was let go of may be asked anew for those who still wait.
    const timer = setInterval(release, 50)
    const statuses = (await Promise.all(others)).map(({ status }) => status)
    clearInterval(timer)
    expect(statuses).toEqual([200, 200])
    expect(one.requests.length - before).toBeLessThanOrEqual(2)
  })
})

describe('F05 answers of 64 MB at once', () => {
  const size = 64_000_000
  const piece = Buffer.from(`${'x'.repeat(65_535)},`)

  function large(_message: IncomingMessage, res: ServerResponse): void {
    res.writeHead(200, { 'content-type': 'application/json' })
    res.write('{"status":"success","data":"')
    let written = 0
    const more = (): void => {
      while (written < size) {
        written += piece.length
        if (!res.write(piece)) return void res.once('drain', more)
      }
      res.end('"}')
    }
    more()
  }

  it('pass through with back-pressure: memory holds none of them whole', async () => {
    one.behave(large)
    // What is used for the first time stays.
    await ask(fresh())
    // What bodies are held in. The whole process's memory says little: it does not give back what it once had.
    const heldBytes = (): number => process.memoryUsage().arrayBuffers
    const before = heldBytes()
    let most = before
    const watch = setInterval(() => {
      most = Math.max(most, heldBytes())
    }, 20)
    const readers = Array.from({ length: 6 }, async () => {
      const { query = '' } = fresh()
      const socket = await openSocket(world.gateway.url)
      const target = `/prom/metrics/api/v1/query?time=1000&query=${encodeURIComponent(query)}`
      socket.write(
        `GET ${target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer ${token}\r\n\r\n`,
      )
      // The shard could write it all in that time, so that it would pile up.
      await sleep(1_500)
      let length = 0
      for await (const chunk of socket) {
        length += (chunk as Buffer).length
      }
      return length
    })
    const lengths = await Promise.all(readers)
    clearInterval(watch)
    for (const length of lengths) expect(length).toBeGreaterThan(size)
    // 384 MB went through; the gateway, the shard and the readers share this process.
    expect(most - before).toBeLessThan(160_000_000)
  })
})

describe('F06 rules of 40 MB', () => {
  it('of a real Prometheus are 502 that says the limit, and the gateway goes on', async () => {
    const { status, json } = await callApi(world.base('rules'), 'rules', { token, method: 'GET' })
    expect([status, json.errorType, json.error]).toEqual([
      502,
      'bad_gateway',
      "the shards' lists are larger than 33554432 bytes, the most that is filtered here",
    ])
    expect((await ask(fresh())).status).toBe(200)
  })
})

describe('F24 a shard map that changes under load', () => {
  it('moves a tenant: each question goes to one shard, and none to the old one afterwards', async () => {
    let isOver = false
    const statuses = new Set<number>()
    const load = Array.from({ length: 4 }, async () => {
      while (!isOver) {
        statuses.add((await ask(fresh('b'))).status)
        await sleep(5)
      }
    })
    await sleep(300)
    await world.apply(accessOf({ one: ['a'], two: ['b', 'c'] }))
    // In force within two seconds.
    await sleep(2_000)
    const at = one.requests.length
    await sleep(500)
    isOver = true
    await Promise.all(load)
    expect([...statuses]).toEqual([200])
    expect(one.requests.length).toBe(at)
    const questions = (shard: RecordingPrometheus) =>
      shard.requests
        .map(({ body }) => new URLSearchParams(body).get('query'))
        .filter((text) => text?.includes('"b"'))
    const [old, now] = [questions(one), questions(two)]
    expect([old.length > 0, now.length > 0]).toEqual([true, true])
    expect(old.filter((text) => now.includes(text))).toEqual([])
  })
})
