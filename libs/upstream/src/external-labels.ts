import { configRequest, type Replica, type Shard } from '@gatehouse/query'
import { parse } from 'yaml'
import { readBody } from './read-body.ts'
import type { Upstream } from './upstream.ts'

/** Labels and the values they have. */
export type LabelValues = ReadonlyMap<string, ReadonlySet<string>>

/** What is known of the labels that servers add to what leaves them. */
export interface ExternalLabels {
  /**
   * The external labels that tell the replicas of a shard apart, with the values they have there: they say who answered, not what is
   * measured. None of a replica that has not told yet; only a replica's first probe is waited for.
   */
  distinguishing(shard: Shard): Promise<LabelValues>
}

const freshMs = 60_000
const retryMs = 5_000
const probeTimeoutMs = 2_000
const maxBytes = 16_777_216
const most = 10_000

interface Entry {
  labels: Readonly<Record<string, string>> | undefined
  nextProbeAt: number
  readonly first: Promise<void>
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The `external_labels` of the answer of `status/config`. @throws Error if it has no configuration. */
export function externalLabelsIn(body: string): Readonly<Record<string, string>> {
  const answer: unknown = JSON.parse(body)
  const text = isRecord(answer) && isRecord(answer['data']) ? answer['data']['yaml'] : undefined
  if (typeof text !== 'string') throw new Error('no configuration')
  const [section = ''] = /^global:\n(?:[ \t].*\n?)*/m.exec(text) ?? []
  // Prometheus quotes values only where YAML would take them for something else: as text they all are what they say.
  const read: unknown = parse(section, { schema: 'failsafe' })
  const labels = isRecord(read) && isRecord(read['global']) ? read['global']['external_labels'] : undefined
  if (!isRecord(labels)) return {}
  return Object.fromEntries(Object.entries(labels).map(([name, value]) => [name, String(value)]))
}

/** Creates the memory of external labels; what a replica told is remembered while it is gone. */
export function createExternalLabels(upstream: Upstream): ExternalLabels {
  const entries = new Map<string, Entry>()

  const probe = async (shard: Shard, replica: Replica): Promise<void> => {
    try {
      const signal = AbortSignal.timeout(probeTimeoutMs)
      const alone = { ...shard, replicas: [replica] }
      const { exchange } = await upstream.open(alone, configRequest(), signal)
      const labels = externalLabelsIn((await readBody(exchange, maxBytes)).toString('utf8'))
      set(replica, { labels, nextProbeAt: performance.now() + freshMs })
    } catch {
      set(replica, { nextProbeAt: performance.now() + retryMs })
    }
  }

  const set = ({ url }: Replica, told: Partial<Entry>): void => {
    const entry = entries.get(url)
    if (entry !== undefined) Object.assign(entry, told)
  }

  const labelsOf = async (shard: Shard, replica: Replica): Promise<Entry['labels']> => {
    const known = entries.get(replica.url)
    if (known === undefined) {
      if (entries.size >= most) entries.clear()
      const { promise, resolve } = Promise.withResolvers<void>()
      const entry: Entry = { labels: undefined, nextProbeAt: Number.POSITIVE_INFINITY, first: promise }
      entries.set(replica.url, entry)
      void probe(shard, replica).then(resolve)
      await promise
      return entry.labels
    }
    if (performance.now() >= known.nextProbeAt) {
      known.nextProbeAt = Number.POSITIVE_INFINITY
      void probe(shard, replica)
    }
    await known.first
    return known.labels
  }

  return {
    async distinguishing(shard) {
      if (shard.replicas.length < 2) return new Map()
      const told = await Promise.all(shard.replicas.map((replica) => labelsOf(shard, replica)))
      const known = told.filter((labels) => labels !== undefined)
      const names = new Set(known.flatMap((labels) => Object.keys(labels)))
      const valuesOf = (name: string) => new Set(known.map((labels) => labels[name] ?? ''))
      return new Map(
        [...names].map((name) => [name, valuesOf(name)] as const).filter(([, values]) => values.size > 1),
      )
    },
  }
}
