import { join } from 'node:path'
import {
  agencies,
  demoTargets,
  type Prometheus,
  startPrometheus,
  type Target,
  writeHistory,
} from '@gatehouse/local'

const historySeconds = 7 * 3_600
const stepSeconds = 30
/** Prometheus takes nothing older than its newest sample by an hour, whatever the series. */
const batchSeconds = 1_800

/** How much larger than the demo the servers' data are: instances of each of its targets. */
export interface Size {
  readonly instances: number
  readonly instancesWithHistograms: number
}

/** Three Prometheus servers with seven hours of the demo's series: all of them, the first tenant's, the others'. */
export interface History {
  readonly servers: readonly [bare: Prometheus, one: Prometheus, two: Prometheus]
  readonly tenants: readonly string[]
  /** The tenant of the second server. */
  readonly first: string
  /** The tenants of the third. */
  readonly rest: readonly string[]
  /** Unix seconds of the last sample. */
  readonly now: number
  /** Writes samples of a later time, in Unix seconds, as scraping would. */
  write(from: number, until: number): Promise<void>
}

/** The demo's targets, each with many instances. */
function manyTargets(now: number, { instances, instancesWithHistograms }: Size): Target[] {
  return demoTargets(now).flatMap(({ path, labels, families }) =>
    Array.from({ length: instances }, (_, i) => ({
      path,
      labels: { ...labels, instance: `${labels['instance']}-${i}` },
      families: families.filter(({ type }) => type !== 'histogram' || i < instancesWithHistograms),
    })),
  )
}

export interface HistoryOptions {
  /** Of the first server; a free one if absent. */
  readonly port?: number | undefined
  /** As large as the demo if absent. */
  readonly size?: Size | undefined
}

/** Starts them and writes the series. Takes up to a minute, and as many times that as they are larger than the demo. */
export async function startHistory(dir: string, { port, size }: HistoryOptions = {}): Promise<History> {
  const start = (name: string, own?: number): Promise<Prometheus> =>
    startPrometheus({
      dataDir: join(dir, name),
      flags: ['--web.enable-remote-write-receiver'],
      ...(own === undefined ? {} : { port: own }),
    })
  const servers = [await start('bare', port), await start('one'), await start('two')] as const
  const now = Math.floor(Date.now() / 1000 / 60) * 60 - 120
  const targets = manyTargets(now, size ?? { instances: 1, instancesWithHistograms: 1 })
  const tenants = agencies.map(({ tenant }) => tenant)
  const [first = '', ...rest] = tenants
  const isFirst = (labels: Readonly<Record<string, string>>): boolean => labels['tenant'] === first
  const [bare, one, two] = servers
  const parts = [
    { targets: targets.filter(({ labels }) => isFirst(labels)), urls: [bare.url, one.url] },
    { targets: targets.filter(({ labels }) => !isFirst(labels)), urls: [bare.url, two.url] },
  ]
  const write = async (start: number, end: number): Promise<void> => {
    for (let from = start; from < end; from += batchSeconds) {
      const until = Math.min(from + batchSeconds, end)
      for (const part of parts) await writeHistory({ ...part, from, until, step: stepSeconds })
    }
  }
  await write(now - historySeconds, now + 1)
  return { servers, tenants, first, rest, now, write }
}
