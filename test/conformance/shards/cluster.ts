import { join } from 'node:path'
import { type Prometheus, type PrometheusVersion, startPrometheus, temporaryDir } from '@gatehouse/local'
import { remoteWrite, type WrittenSeries } from '../../support/remote-write.ts'
import { corpusSeries, dataEnd, dataStart, type Tenant } from './data.ts'

/** Features that make every function of the version available. */
const features: Readonly<Record<PrometheusVersion, string>> = {
  '2': 'native-histograms,promql-experimental-functions',
  '3': 'native-histograms,promql-experimental-functions',
}

const flags = (version: PrometheusVersion) => [
  '--web.enable-remote-write-receiver',
  `--enable-feature=${features[version]}`,
  '--query.max-samples=5000000',
]

/** What the cluster's servers hold. */
export interface Cluster {
  readonly version: PrometheusVersion
  /** All data. */
  readonly reference: Prometheus
  /** What team-x or the environment `prod` is allowed: the reference for alternative constraints. */
  readonly allowed: Prometheus
  /** Servers by the tenants they hold, for example `ab`. */
  readonly shards: ReadonlyMap<string, Prometheus>
  /** Prometheus servers that read shards remotely, by the tenants of each shard: `abcd,ef`. */
  readonly engines: ReadonlyMap<string, Prometheus>
  stop(): Promise<void>
}

/** The slices of the servers, and which of them make a data source of two or three shards. */
export const slices = ['ab', 'cd', 'ef', 'abcd'] as const
export const topologies = { 2: ['abcd', 'ef'], 3: ['ab', 'cd', 'ef'] } as const

/** The alternative constraints of the `allowed` server. */
export function isAllowed(labels: ReadonlyMap<string, string>): boolean {
  return labels.get('team') === 'team-x' || labels.get('env') === 'prod' || labels.get('job') === 'api'
}

// Servers take samples up to an hour behind the newest; writing all series in steps keeps them in order.
const stepMs = 30 * 60_000

async function load(server: Prometheus, series: readonly WrittenSeries[]): Promise<void> {
  for (let from = dataStart; from <= dataEnd + 60_000; from += stepMs) {
    const part = series.map((one) => ({
      labels: one.labels,
      samples: one.samples.filter(({ time }) => time >= from && time < from + stepMs),
    }))
    await remoteWrite(
      server.url,
      part.filter(({ samples }) => samples.length > 0),
    )
  }
}

/** Starts the servers of one Prometheus version and loads the corpus's data: some seconds. */
export async function startCluster(version: PrometheusVersion): Promise<Cluster> {
  const folder = temporaryDir()
  const series = corpusSeries()
  const started: Prometheus[] = []
  const start = async (name: string, some: readonly WrittenSeries[], config = {}) => {
    const server = await startPrometheus({
      dataDir: join(folder.path, name),
      version,
      flags: flags(version),
      config,
    })
    started.push(server)
    if (some.length > 0) await load(server, some)
    return server
  }
  const reference = await start('reference', series)
  const allowed = await start(
    'allowed',
    series.filter(({ labels }) => isAllowed(labels)),
  )
  const shards = new Map<string, Prometheus>()
  for (const slice of slices) {
    const own = series.filter(({ tenant }) => slice.includes(tenant satisfies Tenant))
    shards.set(slice, await start(`shard-${slice}`, own))
  }
  const engines = new Map<string, Prometheus>()
  for (const topology of Object.values(topologies)) {
    const remote_read = topology.map((slice) => ({
      url: `${shards.get(slice)?.url}/api/v1/read`,
      read_recent: true,
    }))
    engines.set(topology.join(), await start(`engine-${topology.length}`, [], { remote_read }))
  }
  const stop = async () => {
    await Promise.all(started.map((server) => server.stop()))
    folder.remove()
  }
  return { version, reference, allowed, shards, engines, stop }
}
