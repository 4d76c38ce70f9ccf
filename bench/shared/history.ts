import { join } from 'node:path'
import { agencies, demoTargets, type Prometheus, startPrometheus, writeHistory } from '@gatehouse/local'

const historySeconds = 7 * 3_600
const stepSeconds = 30

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
}

/** Starts them and writes the series. Takes up to a minute. */
export async function startHistory(dir: string, port?: number): Promise<History> {
  const start = (name: string, own?: number): Promise<Prometheus> =>
    startPrometheus({
      dataDir: join(dir, name),
      flags: ['--web.enable-remote-write-receiver'],
      ...(own === undefined ? {} : { port: own }),
    })
  const servers = [await start('bare', port), await start('one'), await start('two')] as const
  const now = Math.floor(Date.now() / 1000 / 60) * 60 - 120
  const targets = demoTargets(now)
  const tenants = agencies.map(({ tenant }) => tenant)
  const [first = '', ...rest] = tenants
  const isFirst = (labels: Readonly<Record<string, string>>): boolean => labels['tenant'] === first
  const history = { from: now - historySeconds, until: now + 1, step: stepSeconds }
  const own = targets.filter(({ labels }) => isFirst(labels))
  const others = targets.filter(({ labels }) => !isFirst(labels))
  for (const [i, part] of [targets, own, others].entries())
    await writeHistory({ ...history, targets: part, urls: [servers[i]?.url ?? ''] })
  return { servers, tenants, first, rest, now }
}
