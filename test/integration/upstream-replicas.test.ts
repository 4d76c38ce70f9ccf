import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  agencies,
  demoTargets,
  ensureTools,
  type Prometheus,
  startPrometheus,
  temporaryDir,
  writeHistory,
} from '@gatehouse/local'
import {
  instantRequest,
  rangeRequest,
  seriesRequest,
  type Shard,
  type UpstreamRequest,
} from '@gatehouse/query'
import { createMetrics } from '@gatehouse/telemetry'
import {
  createAddressPolicy,
  createConnections,
  createUpstream,
  readBody,
  type Upstream,
} from '@gatehouse/upstream'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

// Real replicas with holes: one was away for ten minutes, another for ten other ones, a third is ten minutes behind.

const dir = temporaryDir()
const step = 15
const historySeconds = 1_800
const minutesAgo = (minutes: number): number => now - minutes * 60
let now: number
let servers: Record<'whole' | 'early' | 'late' | 'behind', Prometheus>
const closers: (() => unknown)[] = []

beforeAll(async () => {
  await ensureTools(['prometheus-2'])
  const start = (name: string) =>
    startPrometheus({ dataDir: join(dir.path, name), flags: ['--web.enable-remote-write-receiver'] })
  const [whole, early, late, behind] = await Promise.all(['whole', 'early', 'late', 'behind'].map(start))
  if (whole === undefined || early === undefined || late === undefined || behind === undefined)
    throw new Error('not all started')
  servers = { whole, early, late, behind }
  now = Math.floor(Date.now() / 60_000) * 60
  const targets = demoTargets(now, agencies.slice(0, 1))
  const write = (server: Prometheus, from: number, until: number) =>
    writeHistory({ targets, urls: [server.url], from, until, step })
  const start0 = now - historySeconds
  await Promise.all([
    write(whole, start0, now + 1),
    write(early, start0, minutesAgo(25)).then(() => write(early, minutesAgo(15), now + 1)),
    write(late, start0, minutesAgo(12)).then(() => write(late, minutesAgo(4), now + 1)),
    write(behind, start0, minutesAgo(10)),
  ])
})
afterAll(async () => {
  for (const close of closers) await close()
  await Promise.all(Object.values(servers).map((server) => server.stop()))
  dir.remove()
})

function open(fillsGaps: boolean): Upstream {
  const upstream = createUpstream({
    connections: createConnections({
      rules: [],
      addresses: createAddressPolicy([]),
      timeout: 1_000,
      onError: () => undefined,
    }),
    options: { headersTimeout: 20_000, idleTimeout: 5_000, maxConnections: 8 },
    maxResponseBytes: 50_000_000,
    metrics: createMetrics(),
    fillsGaps,
  })
  closers.push(() => upstream.close())
  return upstream
}

const shardOf = (...names: (keyof typeof servers)[]): Shard => ({
  name: 'one',
  slice: { tenants: ['transport'] },
  replicas: names.map((name) => ({ name, url: servers[name].url })),
})

async function ask(upstream: Upstream, shard: Shard, request: UpstreamRequest) {
  const { exchange, replica } = await upstream.open(shard, request, AbortSignal.timeout(20_000))
  const text = (await readBody(exchange, 50_000_000)).toString()
  return { replica, text, data: (JSON.parse(text) as { data: unknown }).data }
}

const range = (query: string): UpstreamRequest =>
  rangeRequest(
    query as never,
    { start: (now - historySeconds) * 1_000, end: now * 1_000, step: 15_000 },
    { timeout: 10_000 },
  )
const lines = (answer: { data: unknown }) => (answer.data as { result: { values: unknown[] }[] }).result

describe('a replica that is behind or has a hole', () => {
  it.each([
    ['behind', 'whole'],
    ['early', 'whole'],
    ['late', 'whole'],
  ] as const)('(%s) is asked after one that has it all', async (worse, better) => {
    const upstream = open(false)
    const shard = shardOf(worse, better)
    const request = instantRequest('up' as never, now * 1_000, { timeout: 5_000 })
    await ask(upstream, shard, request)
    await sleep(1_100)
    await ask(upstream, shard, request)
    let replica = ''
    for (let i = 0; i < 40 && replica !== better; i += 1) {
      await sleep(50)
      replica = (await ask(upstream, shard, request)).replica
    }
    expect(replica).toBe(better)
  })
})

describe('replicas put together', () => {
  it.each([
    'up',
    'sum(up)',
    'sum by (job) (up) * 2',
    'last_over_time(ml_predictions_total[14s])',
    'sum by (team) (last_over_time(ml_predictions_total[14s]))',
    'avg without (instance) (last_over_time(ml_predictions_total[14s])) / 7',
    '-max_over_time(ml_predictions_total[14s])',
  ])('%s is what one without holes answers, byte for byte', async (query) => {
    const whole = await ask(open(false), shardOf('whole'), range(query))
    const alone = await ask(open(false), shardOf('early'), range(query))
    const filled = await ask(open(true), shardOf('early', 'late'), range(query))
    expect(lines(whole).length).toBeGreaterThan(0)
    expect(alone.data).not.toEqual(whole.data)
    expect(filled.replica).toBe('early+late')
    expect(filled.text).toBe(whole.text)
  })

  it.each([
    'up == 0',
    'absent(up)',
    'count(up) or vector(0)',
    'topk(1, up)',
    'count_values("v", up)',
    'up unless up',
    'max_over_time((up == 0)[1m:15s])',
  ])(
    '%s, which may have no value for another reason than a hole, is what one of them answers',
    async (query) => {
      const alone = await ask(open(false), shardOf('early'), range(query))
      const { replica, data } = await ask(open(true), shardOf('early', 'late'), range(query))
      expect([replica, data]).toEqual(['early', alone.data])
    },
  )

  it('give series of any of them', async () => {
    const request = seriesRequest(['up' as never], {
      start: minutesAgo(25) * 1_000 + 1,
      end: minutesAgo(16) * 1_000,
    })
    const whole = await ask(open(false), shardOf('whole'), request)
    const filled = await ask(open(true), shardOf('early', 'late'), request)
    const sorted = ({ data }: { data: unknown }) =>
      (data as object[]).map((one) => JSON.stringify(one)).toSorted()
    expect(sorted(filled).length).toBeGreaterThan(0)
    expect(sorted(filled)).toEqual(sorted(whole))
  })

  it('do with one when another is gone or hangs', async () => {
    const gone: Shard = {
      ...shardOf('whole'),
      replicas: [{ name: 'gone', url: 'http://127.0.0.1:9' }, ...shardOf('whole').replicas],
    }
    const { replica } = await ask(open(true), gone, range('up'))
    expect(replica).toBe('whole')
    process.kill(servers.late.pid, 'SIGSTOP')
    // A signal takes effect when the kernel gets to it.
    await sleep(100)
    try {
      const started = performance.now()
      expect((await ask(open(true), shardOf('late', 'whole'), range('up'))).replica).toBe('whole')
      expect(performance.now() - started).toBeLessThan(8_000)
    } finally {
      process.kill(servers.late.pid, 'SIGCONT')
    }
  })
})
