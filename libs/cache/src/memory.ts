import type { GatehouseError } from '@gatehouse/errors'
import { type Extent, extentBytes } from '@gatehouse/query'
import { LRUCache } from 'lru-cache'
import type { CacheMetrics } from './metrics.ts'

/** The text of one answer, and its compressed form once somebody asked for it. Times are monotonic ms. */
export interface RenderedEntry {
  readonly kind: 'rendered'
  readonly body: Buffer
  gzip: Buffer | undefined
  readonly expiresAt: number
  /** Until then it may be given while a new answer is fetched, within `policyVersion`. */
  readonly staleUntil: number
  readonly policyVersion: string
}

/** What is known of one expression, step and phase. */
export interface ExtentsEntry {
  readonly kind: 'extents'
  readonly extents: readonly Extent[]
  /** How far back from now clients ask; what is older is let go. ms */
  readonly reach: number
}

/** An error that the query itself causes. */
export interface ErrorEntry {
  readonly kind: 'error'
  readonly error: GatehouseError
  readonly expiresAt: number
}

export type Entry = RenderedEntry | ExtentsEntry | ErrorEntry

/** The first level: entries of this process, least recently used out first, bounded by bytes. */
export interface Memory {
  get(key: string): Entry | undefined
  set(key: string, entry: Entry): void
  delete(key: string): void
  readonly bytes: number
}

/** Creates the first level. */
export function createMemory(maxBytes: number, metrics: CacheMetrics): Memory {
  const entries = new LRUCache<string, Entry>({
    maxSize: maxBytes,
    sizeCalculation: (entry, key) => entryBytes(entry) + 2 * key.length + 256,
  })
  const observe = (): void => {
    metrics.memoryBytes.set(entries.calculatedSize)
    metrics.memoryEntries.set(entries.size)
  }
  return {
    get: (key) => entries.get(key),
    set(key, entry) {
      // An entry that is set again must be weighed again: a compressed form may have been added.
      entries.delete(key)
      entries.set(key, entry)
      observe()
    },
    delete(key) {
      entries.delete(key)
      observe()
    },
    get bytes() {
      return entries.calculatedSize
    },
  }
}

function entryBytes(entry: Entry): number {
  switch (entry.kind) {
    case 'rendered':
      return entry.body.length + (entry.gzip?.length ?? 0)
    case 'extents':
      return entry.extents.reduce((sum, extent) => sum + extentBytes(extent), 0)
    case 'error':
      return 1024
  }
}
