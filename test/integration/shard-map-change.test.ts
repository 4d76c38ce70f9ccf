import { createServer, request, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { ensureTools, type Prometheus } from '@gatehouse/local'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Cluster, startCluster } from '../conformance/shards/cluster.ts'
import { dataStart, tenants } from '../conformance/shards/data.ts'
import { type GatewayWorld, startGatewayWorld } from '../support/gateway-world.ts'
import { callApi } from '../support/prometheus-api.ts'

/** A shard behind something that can hold its requests up, and counts them. */
interface Gate {
  readonly url: string
  delayMs: number
  queries: number
  close(): void
}

async function startGate(shard: Prometheus): Promise<Gate> {
  const server: Server = createServer((message, res) => {
    const isQuery = message.url?.startsWith('/api/v1/query') === true
    if (isQuery) gate.queries += 1
    const { method, headers } = message
    setTimeout(
      () => {
        const forwarded = request(`${shard.url}${message.url}`, { method, headers }, (answer) => {
          res.writeHead(answer.statusCode ?? 502, answer.headers)
          answer.pipe(res)
        })
        message.pipe(forwarded)
      },
      isQuery ? gate.delayMs : 0,
    )
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const gate: Gate = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    delayMs: 0,
    queries: 0,
    close() {
      server.close()
      server.closeAllConnections()
    },
  }
  return gate
}

type Shards = readonly (readonly [name: string, tenants: string, url: string])[]

let cluster: Cluster
let world: GatewayWorld
let token: string
const gates = new Map<string, Gate>()
const gateOf = (name: string): Gate => {
  const gate = gates.get(name)
  if (gate === undefined) throw new Error(`no gate ${name}`)
  return gate
}

function accessWith(shards: Shards): string {
  const copies = ['=', '!='].map((op) => ({
    name: op === '=' ? 'prod' : 'others',
    tenants,
    series: `{env${op}"prod"}`,
    replicas: [{ name: 'a', url: cluster.reference.url }],
  }))
  return JSON.stringify({
    apiVersion: 'gatehouse/v1',
    kind: 'Access',
    orgs: [
      {
        uid: 'gov',
        name: 'Gov',
        tenants,
        serviceAccounts: [{ uid: 'all', name: 'All' }],
        grants: [{ serviceAccount: 'all', role: 'viewer' }],
        dataSources: [
          {
            uid: 'metrics',
            name: 'Metrics',
            shards: shards.map(([name, own, url]) => ({
              name,
              tenants: own.split(''),
              replicas: [{ name: 'a', url }],
            })),
          },
          { uid: 'copied', name: 'Copied', shards: copies },
        ],
      },
    ],
  })
}

const over = (...names: readonly string[]): Shards => names.map((name) => [name, name, gateOf(name).url])

beforeAll(async () => {
  await ensureTools(['prometheus-2'])
  cluster = await startCluster('2')
  for (const { name, server } of [...cluster.shardsOf('two'), ...cluster.shardsOf('three')])
    if (!gates.has(name)) gates.set(name, await startGate(server))
  world = await startGatewayWorld({ access: accessWith(over('abcd', 'ef')) })
  token = await world.token('gov', 'all')
})
afterAll(async () => {
  await world.close()
  for (const gate of gates.values()) gate.close()
  await cluster.stop()
})

const query = 'sum by (env) (temperature)'
const time = String(dataStart / 1000 + 63 * 60)

interface Told {
  readonly status: number
  readonly result: unknown
  readonly shards: readonly string[]
}

/** The answer with the shards that gave it, without the cache. */
async function ask(dataSource = 'metrics'): Promise<Told> {
  const { status, json, headers } = await callApi(world.base(dataSource), 'query', {
    token,
    parameters: { query, time },
    headers: { 'cache-control': 'no-store' },
  })
  const replicas = headers.get('x-gatehouse-replicas')?.split(', ') ?? []
  const shards = replicas.map((name) => name.replace(/\/.*/, '')).toSorted()
  return { status, result: json.data?.result, shards }
}

async function expected(): Promise<unknown> {
  const { json } = await callApi(cluster.reference.url, 'query', { parameters: { query, time } })
  return json.data.result
}

const maps = [
  ['abcd', 'ef'],
  ['ab', 'cd', 'ef'],
] as const

describe('a shard map that changes', () => {
  it('answers every request by one map, the old or the new one', async () => {
    const result = await expected()
    const seen = new Set<string>()
    let isOver = false
    const worker = async (): Promise<number> => {
      let count = 0
      for (; !isOver; count += 1) {
        const told = await ask()
        expect([told.status, told.result]).toEqual([200, result])
        expect(maps).toContainEqual(told.shards)
        seen.add(told.shards.join())
      }
      return count
    }
    const workers = [worker(), worker(), worker()]
    for (let i = 0; i < 6; i += 1) await world.apply(accessWith(over(...(maps[(i + 1) % 2] ?? maps[0]))))
    isOver = true
    const counts = await Promise.all(workers)
    expect(Math.min(...counts)).toBeGreaterThan(5)
    expect([...seen].toSorted()).toEqual(['ab,cd,ef', 'abcd,ef'])
  })

  it('does not touch a request that is under way, and soon sends nothing to the shard that is left', async () => {
    await world.apply(accessWith(over('abcd', 'ef')))
    const old = gateOf('abcd')
    old.delayMs = 2_000
    const underWay = ask()
    await sleep(300)
    await world.apply(accessWith(over('ab', 'cd', 'ef')))
    const later = await ask()
    expect([later.result, later.shards]).toEqual([await expected(), ['ab', 'cd', 'ef']])
    const before = await underWay
    expect([before.result, before.shards]).toEqual([await expected(), ['abcd', 'ef']])
    old.queries = 0
    for (let i = 0; i < 20; i += 1) expect((await ask()).shards).toEqual(['ab', 'cd', 'ef'])
    expect(old.queries).toBe(0)
    old.delayMs = 0
  })

  it('may have series in two shards while they are copied: each counts once', async () => {
    // Both shards are the same server, which has everything.
    const { result, shards } = await ask('copied')
    expect(shards).toEqual(['others', 'prod'])
    const byEnv = (list: unknown): unknown =>
      (list as { metric: { env: string } }[]).toSorted((a, b) => (a.metric.env < b.metric.env ? -1 : 1))
    expect(byEnv(result)).toEqual(byEnv(await expected()))
  })
})
