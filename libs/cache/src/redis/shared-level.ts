import { ErrorReply } from 'redis'
import type { CacheMetrics } from '../metrics.ts'
import { type Claims, createClaims } from './claims.ts'
import type { RedisClient, RedisLink } from './link.ts'
import type { Sealed, Sealer } from './sealed.ts'

/** The second level: entries shared by gateways. Every failure is a miss; writing never makes an answer wait. */
export interface SharedLevel extends Claims {
  /** Reads several entries in one round trip; undefined for each that is missing, wrong or late. */
  read(keys: readonly string[]): Promise<readonly (Sealed | undefined)[]>
  /** Writes in the background, for `ttlMs`. */
  write(key: string, entry: Sealed, ttlMs: number): void
  /** Whether reading makes sense at all now. */
  readonly isUp: boolean
  /** Resolves when what was to be written is written, or given up. */
  idle(): Promise<void>
  close(): Promise<void>
}

/** Values beyond this are not read, whatever Redis holds under the name. */
const maxValueBytes = 8_388_608
/** What may wait to be written; more is dropped. */
const maxPendingBytes = 16_777_216

/** GETRANGE bounds what a value may cost; a missing one is empty. */
async function readValue(client: RedisClient, name: string): Promise<Buffer> {
  try {
    return (await client.getRange(name, 0, maxValueBytes)) ?? Buffer.alloc(0)
  } catch (error) {
    // Somebody else's key: no reason to think Redis itself is ill.
    if (error instanceof ErrorReply && error.message.startsWith('WRONGTYPE '))
      return Buffer.from('wrong type')
    throw error
  }
}

/** Creates the second level over one connection. */
export function createSharedLevel(link: RedisLink, sealer: Sealer, metrics: CacheMetrics): SharedLevel {
  const pending = new Set<Promise<void>>()
  let pendingBytes = 0

  const open = async (key: string, value: Buffer): Promise<Sealed | undefined> => {
    if (value.length === 0) return undefined
    const entry = await sealer.open(key, value).catch(() => undefined)
    if (entry === undefined) metrics.redisCommands.inc({ command: 'read', result: 'mismatch' })
    return entry
  }

  const store = async (key: string, entry: Sealed, ttlMs: number): Promise<void> => {
    const value = await sealer.seal(key, entry)
    await link.run('write', (client) =>
      client.set(sealer.name(key), value, { expiration: { type: 'PX', value: Math.ceil(ttlMs) } }),
    )
  }

  return {
    ...createClaims(link, sealer),
    async read(keys) {
      const stop = metrics.redisSeconds.startTimer()
      const values = await link.run('read', (client) =>
        Promise.all(keys.map((key) => readValue(client, sealer.name(key)))),
      )
      stop()
      if (values === undefined) return keys.map(() => undefined)
      return Promise.all(keys.map((key, i) => open(key, values[i] ?? Buffer.alloc(0))))
    },
    write(key, entry, ttlMs) {
      const { length } = entry.body
      if (!link.isUp || pendingBytes + length > maxPendingBytes) {
        metrics.redisCommands.inc({ command: 'write', result: 'dropped' })
        return
      }
      pendingBytes += length
      const stored = store(key, entry, ttlMs)
        .catch(() => {})
        .finally(() => {
          pendingBytes -= length
          pending.delete(stored)
        })
      pending.add(stored)
    },
    get isUp() {
      return link.isUp
    },
    async idle() {
      while (pending.size > 0) await Promise.all(pending)
    },
    close: () => link.close(),
  }
}
