import { existsSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { removeServerDir } from '../process/account.ts'
import type { Keeper } from '../process/keeper.ts'
import { together } from '../process/together.ts'
import type { PrometheusConfig } from '../prometheus/config.ts'
import { type Prometheus, type PrometheusVersion, startPrometheus } from '../prometheus/start.ts'
import { writeHistory } from './history.ts'
import { tenantRules } from './rules.ts'
import type { Target } from './targets.ts'

/** One shard of the demo: which tenants' series it holds and how many interchangeable replicas serve it. */
export interface ShardPlan {
  readonly name: string
  readonly tenants: readonly string[]
  readonly replicas: readonly string[]
}

/** Two real shards, one of them a pair of replicas. */
export const shardPlans: readonly ShardPlan[] = [
  { name: 'shard-0', tenants: ['transport', 'health'], replicas: ['shard-0-a', 'shard-0-b'] },
  { name: 'shard-1', tenants: ['revenue'], replicas: ['shard-1-a'] },
]

export interface Replica {
  readonly name: string
  readonly prometheus: Prometheus
}

/** A running shard. */
export interface Shard {
  readonly name: string
  readonly tenants: readonly string[]
  readonly replicas: readonly Replica[]
}

/** How to start the demo's shards. */
export interface ShardsOptions {
  readonly dataDir: string
  readonly version: PrometheusVersion
  readonly keeper: Keeper
  /** Loopback port of a replica, by name. */
  readonly portOf: (replica: string) => number
  /** What the shards scrape, and where the exporter serves it. */
  readonly targets: readonly Target[]
  readonly exporterPort: number
  /** Hours of history to generate on the first start; 0 for none. */
  readonly historyHours: number
  /** Told when the history of a shard is about to be generated. */
  readonly onHistory?: (shard: string) => void
}

const historyStep = 60

/** Scrape configuration for these targets: every 15 s, each with the labels that say whose it is. */
export function scrapeTargets(targets: readonly Target[], exporterPort: number): PrometheusConfig {
  const static_configs = targets.map(({ path, labels: { job: _job, ...labels } }) => ({
    targets: [`127.0.0.1:${exporterPort}`],
    labels: { ...labels, __metrics_path__: path },
  }))
  return {
    global: { scrape_interval: '15s', evaluation_interval: '15s' },
    scrape_configs: [{ job_name: 'model-server', static_configs }],
  }
}

interface Started extends Replica {
  readonly live: {
    config: PrometheusConfig
    externalLabels: Record<string, string>
    ruleGroups: ReturnType<typeof tenantRules>
  }
  /** Its folder has no history yet. */
  readonly isNew: boolean
  readonly historyFile: string
}

async function startReplica(plan: ShardPlan, name: string, options: ShardsOptions): Promise<Started> {
  const dataDir = join(options.dataDir, name)
  const historyFile = `${dataDir}.history.json`
  const isNew = !existsSync(historyFile)
  // Without the note that the history is complete, what is there may be half of one.
  if (isNew) removeServerDir(dataDir)
  const mine = options.targets.filter(({ labels }) => plan.tenants.includes(labels['tenant'] ?? ''))
  const live = {
    config: scrapeTargets(mine, options.exporterPort),
    externalLabels: { shard: plan.name, replica: basename(name) },
    ruleGroups: plan.tenants.flatMap(tenantRules),
  }
  const prometheus = await startPrometheus({
    dataDir,
    version: options.version,
    keeper: options.keeper,
    port: options.portOf(name),
    // What was missed first: once a live sample is in, Prometheus refuses what is older.
    flags: ['--web.enable-remote-write-receiver', '--enable-feature=exemplar-storage'],
  })
  return { name, prometheus, live, isNew, historyFile }
}

async function fillShard(
  plan: ShardPlan,
  replicas: readonly Started[],
  options: ShardsOptions,
): Promise<void> {
  const fresh = replicas.filter(({ isNew }) => isNew)
  const until = Math.floor(Date.now() / 1000 / historyStep) * historyStep
  const oldest = until - options.historyHours * 3_600
  if (options.historyHours > 0 && fresh.length > 0) options.onHistory?.(plan.name)
  const write = (from: number, servers: readonly Started[]): Promise<number> =>
    writeHistory({
      targets: options.targets.filter(({ labels }) => plan.tenants.includes(labels['tenant'] ?? '')),
      urls: servers.map(({ prometheus }) => prometheus.url),
      from,
      until: Date.now() / 1000,
      step: historyStep,
    })
  if (fresh.length > 0) await write(oldest, fresh)
  // Stopped for a while, a replica would answer nothing over recent ranges until it has scraped twice again.
  for (const replica of replicas.filter(({ isNew }) => !isNew)) {
    const newest = await newestSample(replica.prometheus.url)
    if (newest !== undefined) await write(Math.max(oldest, newest + historyStep), [replica])
  }
  await Promise.all(
    replicas.map(async ({ prometheus, live, historyFile }) => {
      await prometheus.reload(live)
      writeFileSync(historyFile, JSON.stringify({ until, hours: options.historyHours }))
    }),
  )
}

/** Time of the newest sample a server holds, Unix seconds; undefined when it holds none. */
async function newestSample(url: string): Promise<number | undefined> {
  const response = await fetch(`${url}/api/v1/status/tsdb?limit=1`)
  const { data } = (await response.json()) as { data?: { headStats?: { maxTime?: number } } }
  const newest = data?.headStats?.maxTime
  return newest === undefined || newest <= 0 ? undefined : newest / 1000
}

/**
 * Starts the demo's shards. Before they begin to scrape, each is filled with generated history: on the first start all of
 * it, later what was missed since the last.
 */
export function startShards(options: ShardsOptions): Promise<Shard[]> {
  return together(
    shardPlans.map(async (plan) => {
      const replicas = await together(plan.replicas.map((name) => startReplica(plan, name, options)))
      await fillShard(plan, replicas, options)
      return {
        name: plan.name,
        tenants: plan.tenants,
        replicas: replicas.map(({ name, prometheus }) => ({ name, prometheus })),
      }
    }),
  )
}
