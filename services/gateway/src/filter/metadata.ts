import { compareBytes } from '@gatehouse/query'
import { listIn, textIn } from './json.ts'

/** Suffixes that the series of a metric family have, by its type. */
const suffixes: Readonly<Record<string, readonly string[]>> = {
  histogram: ['_bucket', '_count', '_sum', '_created'],
  gaugehistogram: ['_bucket', '_gcount', '_gsum'],
  summary: ['_count', '_sum', '_created'],
  counter: ['_total', '_created'],
  info: ['_info'],
}

/** Every suffix by which a series' name can differ from its family's. */
export const familySuffixes: readonly string[] = [...new Set(Object.values(suffixes).flat())]

interface Entry {
  readonly type: string
  readonly help: string
  readonly unit: string
}

/** What one shard says: its metadata, and the names of the series the caller may see there. */
export interface ShardMetadata {
  readonly names: ReadonlySet<string>
  readonly data: unknown
}

function isOwn(name: string, { type }: Entry, names: ReadonlySet<string>): boolean {
  if (names.has(name)) return true
  const own = Object.hasOwn(suffixes, type) ? (suffixes[type] ?? []) : []
  return own.some((suffix) => names.has(name + suffix))
}

/**
 * The data of `metadata` from those of the shards: families of which the caller sees series on that shard. `limit` is the most
 * families, `limitPerMetric` the most entries of each; 0 is none of the former and any number of the latter, as in Prometheus.
 */
export function metadataData(
  shards: readonly ShardMetadata[],
  limits: { readonly limit: number | undefined; readonly limitPerMetric: number | undefined },
): object {
  const families = new Map<string, Map<string, Entry>>()
  for (const { names, data } of shards) {
    if (typeof data !== 'object' || data === null) continue
    for (const name of Object.keys(data)) {
      for (const raw of listIn(data, name)) {
        const entry = { type: textIn(raw, 'type'), help: textIn(raw, 'help'), unit: textIn(raw, 'unit') }
        if (!isOwn(name, entry, names)) continue
        const entries = families.get(name) ?? new Map<string, Entry>()
        families.set(name, entries.set(JSON.stringify(entry), entry))
      }
    }
  }
  const { limit = families.size, limitPerMetric = 0 } = limits
  const shown = [...families].toSorted(([a], [b]) => compareBytes(a, b)).slice(0, limit)
  const most = limitPerMetric === 0 ? Number.POSITIVE_INFINITY : limitPerMetric
  return Object.fromEntries(shown.map(([name, entries]) => [name, [...entries.values()].slice(0, most)]))
}
