import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import type { GatehouseError } from '@gatehouse/errors'
import type { Memory, RenderedEntry } from './memory.ts'
import type { CacheRequest, Clock } from './model.ts'
import type { SharedLevel } from './redis/shared-level.ts'

const compress = promisify(gzip)

/** Longest time an expired text is given while it is refreshed. */
const longestStaleMs = 30_000

/** Level 1 takes a quarter of the time of level 6 for 15 % more bytes. */
export function gzipped(body: Buffer): Promise<Buffer> {
  return compress(body, { level: 1 })
}

export interface TextsDeps {
  readonly memory: Memory
  readonly shared: SharedLevel | undefined
  readonly clock: Clock
}

/** Keeps the very texts of answers under their exact keys. */
export interface Texts {
  /** @throws the error that is kept instead of an answer. */
  find(
    key: string,
    request: CacheRequest,
  ): { readonly entry: RenderedEntry; readonly isStale: boolean } | undefined
  /** What other gateways keep, if it is younger than `ttl`. */
  findShared(key: string, request: CacheRequest, ttl: number): Promise<RenderedEntry | undefined>
  /** Keeps a text for `ttl` ms. Afterwards it may be given as stale for as long again, except that of a range query. */
  keep(key: string, request: CacheRequest, body: Buffer, ttl: number): RenderedEntry
  /** Writes a text to the second level. */
  share(key: string, body: Buffer, ttl: number): void
  keepError(key: string, error: GatehouseError, ttl: number): void
  /** The compressed form of a kept text, made on first use and kept beside it. */
  gzip(key: string, entry: RenderedEntry): Promise<Buffer>
}

/** Creates the texts over both levels. */
export function createTexts({ memory, shared, clock }: TextsDeps): Texts {
  const keep: Texts['keep'] = (key, { policyVersion, key: { times } }, body, ttl) => {
    const expiresAt = clock.monotonic() + ttl
    const entry: RenderedEntry = {
      kind: 'rendered',
      body,
      gzip: undefined,
      expiresAt,
      // A range is extended by its missing end instead.
      staleUntil: times.kind === 'range' ? expiresAt : expiresAt + Math.min(ttl, longestStaleMs),
      policyVersion,
    }
    memory.set(key, entry)
    return entry
  }

  return {
    find(key, request) {
      const entry = memory.get(key)
      const now = clock.monotonic()
      if (entry?.kind === 'error' && now < entry.expiresAt) throw entry.error
      if (entry?.kind !== 'rendered') return undefined
      if (now < entry.expiresAt) return { entry, isStale: false }
      const mayBeStale = request.allowStale && entry.policyVersion === request.policyVersion
      return mayBeStale && now < entry.staleUntil ? { entry, isStale: true } : undefined
    },

    async findShared(key, request, ttl) {
      if (shared === undefined || !shared.isUp) return undefined
      const [sealed] = await shared.read([key])
      if (sealed === undefined) return undefined
      const age = clock.now() - sealed.bornAt
      return age < 0 || age >= ttl ? undefined : keep(key, request, sealed.body, ttl - age)
    },

    keep,
    share(key, body, ttl) {
      const bornAt = clock.now()
      shared?.write(key, { from: 0, to: 0, bornAt, body }, ttl)
    },

    keepError(key, error, ttl) {
      if (ttl > 0) memory.set(key, { kind: 'error', error, expiresAt: clock.monotonic() + ttl })
    },

    async gzip(key, entry) {
      if (entry.gzip !== undefined) return entry.gzip
      entry.gzip = await gzipped(entry.body)
      // Weighed again, if it is still there.
      if (memory.get(key) === entry) memory.set(key, entry)
      return entry.gzip
    },
  }
}
