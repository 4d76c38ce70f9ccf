import { join } from 'node:path'
import { type Prometheus, type PrometheusVersion, startPrometheus, temporaryDir } from '@gatehouse/local'
import { createAdmission, type Moment, type ShardSlice } from '@gatehouse/query'
import { remoteWrite, type WrittenSeries } from '../../support/remote-write.ts'
import { corpusSeries, dataEnd, dataStart } from './data.ts'
import { type MapName, shardMaps } from './maps.ts'
import { evaluationIntervalMs, type Place } from './run.ts'

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
  /** The shards of a map. */
  shardsOf(map: MapName): readonly Place[]
  /** A Prometheus that reads the shards of a map remotely. */
  engineOf(map: MapName): Prometheus | undefined
  stop(): Promise<void>
}

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
    const present = part.filter(({ samples }) => samples.length > 0)
    if (present.length > 0) await remoteWrite(server.url, present)
  }
}

type CorpusSeries = ReturnType<typeof corpusSeries>[number]

/** The part of all series that a slice holds, and only that: nothing of it may be needed elsewhere. */
function heldBy(
  { tenants, matchers = [], samples = {} }: ShardSlice,
  all: readonly CorpusSeries[],
): readonly WrittenSeries[] {
  const admits = createAdmission([matchers])
  const [from, until] = [timeOf(samples.from) ?? -Infinity, timeOf(samples.until) ?? Infinity]
  return all
    .filter(({ tenant, labels }) => tenants.includes(tenant) && admits(Object.fromEntries(labels)))
    .map(({ labels, samples: own }) => ({
      labels,
      samples: own.filter(({ time }) => time >= from && time <= until),
    }))
}

function timeOf(moment: Moment | undefined): number | undefined {
  return moment !== undefined && 'at' in moment ? moment.at : undefined
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
      config: { global: { evaluation_interval: `${evaluationIntervalMs / 1000}s` }, ...config },
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
  const places = new Map<string, Place>()
  const engines = new Map<MapName, Prometheus>()
  for (const [map, shards] of shardMaps) {
    for (const [name, slice] of shards) {
      if (!places.has(name))
        places.set(name, { name, slice, server: await start(name, heldBy(slice, series)) })
    }
    const remote_read = shards.map(([name]) => ({
      url: `${places.get(name)?.server.url}/api/v1/read`,
      read_recent: true,
    }))
    engines.set(map, await start(`engine-${map}`, [], { remote_read }))
  }
  const shardsOf = (map: MapName) => (shardMaps.get(map) ?? []).flatMap(([name]) => places.get(name) ?? [])
  const stop = async () => {
    await Promise.all(started.map((server) => server.stop()))
    folder.remove()
  }
  return { version, reference, allowed, shardsOf, engineOf: (map) => engines.get(map), stop }
}
