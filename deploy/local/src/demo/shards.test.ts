import { join } from 'node:path'
import { execFileSync } from 'node:child_process'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { defaultKeeper } from '../process/default-keeper.ts'
import { freePort } from '../process/ports.ts'
import { temporaryDir } from '../process/temporary.ts'
import { promtoolPath } from '../prometheus/start.ts'
import { ensureTools } from '../tools.ts'
import { startExporter } from './exporter.ts'
import { type Shard, shardPlans, startShards } from './shards.ts'
import { demoTargets } from './targets.ts'

interface Sample {
  metric: Record<string, string>
  value: [number, string]
}

const dir = temporaryDir()
const targets = demoTargets(Math.floor(Date.now() / 1000))
let exporter: Awaited<ReturnType<typeof startExporter>>
const ports = new Map<string, number>()

beforeAll(async () => {
  await ensureTools(['prometheus-2'])
  exporter = await startExporter(targets)
  for (const { replicas } of shardPlans) for (const name of replicas) ports.set(name, await freePort())
}, 120_000)
afterAll(async () => {
  await exporter.stop()
  dir.remove()
})

const start = (onHistory?: () => void): Promise<Shard[]> =>
  startShards({
    dataDir: dir.path,
    version: '2',
    keeper: defaultKeeper(),
    portOf: (name) => ports.get(name) ?? 0,
    targets,
    exporterPort: exporter.port,
    historyHours: 3,
    ...(onHistory && { onHistory }),
  })
const stop = (shards: Shard[]): Promise<unknown> =>
  Promise.all(shards.flatMap(({ replicas }) => replicas.map(({ prometheus }) => prometheus.stop())))
const replica = (shards: Shard[], name: string): string =>
  shards.flatMap(({ replicas }) => replicas).find((one) => one.name === name)?.prometheus.url ?? ''

async function query(url: string, expr: string): Promise<Sample[]> {
  const response = await fetch(`${url}/api/v1/query?query=${encodeURIComponent(expr)}`)
  const { data } = (await response.json()) as { data: { result: Sample[] } }
  return data.result
}

describe('startShards', () => {
  it('fills each shard with its own tenants, goes on live without a break, and goes on after a stop', async () => {
    const shards = await start()
    const [a, b, c] = ['shard-0-a', 'shard-0-b', 'shard-1-a'].map((name) => replica(shards, name)) as [
      string,
      string,
      string,
    ]
    const tenants = 'group by (tenant) (ml_model_info)'
    const seen = async (url: string): Promise<unknown> =>
      new Set((await query(url, tenants)).map(({ metric }) => metric['tenant']))
    expect(await seen(a)).toEqual(new Set(['health', 'transport']))
    expect(await seen(b)).toEqual(new Set(['health', 'transport']))
    expect(await seen(c)).toEqual(new Set(['revenue']))
    // The same history in both replicas.
    const total = 'sum(increase(ml_predictions_total[2h] offset 5m))'
    expect((await query(a, total))[0]?.value[1]).toBe((await query(b, total))[0]?.value[1])

    // Live samples have a sub-second part; those of the history are on full minutes.
    const live = 'count(timestamp(ml_model_info) % 60 != 0)'
    await expect.poll(() => query(a, live), { timeout: 40_000, interval: 500 }).not.toEqual([])
    expect(await query(a, 'sum(resets(ml_predictions_total[30m])) or vector(0)')).toMatchObject([
      { value: [expect.anything(), '0'] },
    ])
    const steady =
      'max(rate(http_requests_total{route="/healthz"}[10m])) < 0.11 and min(rate(http_requests_total{route="/healthz"}[10m])) > 0.09'
    expect(await query(a, steady)).toHaveLength(1)
    await stop(shards)

    let rewritten = false
    const again = await start(() => {
      rewritten = true
    })
    expect(rewritten).toBe(false)
    expect((await query(replica(again, 'shard-0-a'), `${total} > 0`)).length).toBe(1)
    await stop(again)
  }, 90_000)

  it('gives rules that promtool accepts', () => {
    const promtool = promtoolPath() ?? ''
    for (const { replicas } of shardPlans)
      for (const name of replicas)
        expect(
          execFileSync(promtool, ['check', 'rules', join(dir.path, name, 'rules.yml')]).toString(),
        ).toContain('SUCCESS')
  })
})
