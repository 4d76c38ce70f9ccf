import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import { z } from 'zod'
import type { Pool } from '../pool.ts'
import { erasedRefs } from './insert.ts'
import { withAudit } from './scope.ts'
import { listSegments } from './segment.ts'
import { createSegmentReader, type SegmentReader } from './segment-reader.ts'
import { makeCurrentPartitions, shipBatch } from './ship.ts'
import type { SpoolPosition } from './spool-log.ts'

/** A spool as the shipper sees it. */
export interface Source {
  readonly writer: string
  readonly dir: string
  position(): SpoolPosition
  release(bytes: number): void
  refs(): string[]
  forget(refs: ReadonlySet<string>): void
}

/** Figures of a shipper. */
export interface ShipperStats {
  /** Events that Postgres took. */
  readonly shipped: number
  readonly failures: number
  /** Seconds since everything recorded was in Postgres; 0 when it is. */
  readonly lagSeconds: number
  readonly lastError: string | undefined
}

/** Sends a spool to Postgres in the background, retrying for as long as it takes. */
export interface Shipper {
  /** There is something new. */
  wake(): void
  stats(): ShipperStats
  /** Sends what is left, for at most `timeoutMs`, and stops. Resolves to whether all of it was sent. */
  stop(timeoutMs: number): Promise<boolean>
}

// Long enough to gather a batch, short enough for an auditor who watches. Under steady load a batch of a few events at a time would cost
// more than the requests they tell of; one of this size has gathered enough.
const lingerMs = 50
const largeBatchBytes = 256 << 10
const firstBackoffMs = 100
const maxBackoffMs = 5_000
const dayMs = 86_400_000
const erasureCheckMs = 5_000

const positionSchema = z.object({ segment: z.int().min(0), offset: z.int().min(0) })

function startOf(dir: string): SpoolPosition {
  const first = listSegments(dir)[0] ?? 1
  try {
    const noted = positionSchema.parse(JSON.parse(readFileSync(join(dir, 'shipped'), 'utf8')))
    if (noted.segment >= first) return noted
  } catch {
    // None noted: begin at the beginning, which Postgres answers with "there already".
  }
  return { segment: first, offset: 0 }
}

class SpoolShipper implements Shipper {
  readonly #source: Source
  readonly #pool: Pool
  readonly #reader: SegmentReader
  readonly #stopping = new AbortController()
  readonly #running: Promise<void>
  #deadline = Number.POSITIVE_INFINITY
  #wakeUp: (() => void) | undefined
  #isAwake = true
  #shipped = 0
  #failures = 0
  #failed = 0
  #behindSince: number | undefined = Date.now()
  #lastError: string | undefined
  #partitionsAt = 0
  #erasuresAt = 0

  constructor(source: Source, pool: Pool) {
    this.#source = source
    this.#pool = pool
    this.#reader = createSegmentReader(source.dir, startOf(source.dir))
    this.#running = this.#run()
  }

  wake(): void {
    this.#isAwake = true
    this.#behindSince ??= Date.now()
    this.#wakeUp?.()
  }

  stats(): ShipperStats {
    const lag = this.#behindSince === undefined ? 0 : Date.now() - this.#behindSince
    return {
      shipped: this.#shipped,
      failures: this.#failures,
      lagSeconds: lag < 1_000 ? 0 : lag / 1_000,
      lastError: this.#lastError,
    }
  }

  async stop(timeoutMs: number): Promise<boolean> {
    this.#deadline = Date.now() + timeoutMs
    this.wake()
    this.#stopping.abort()
    await this.#running
    writeFileSync(join(this.#source.dir, 'shipped'), JSON.stringify(this.#reader.position()))
    return this.#behindSince === undefined
  }

  async #run(): Promise<void> {
    while (await this.#hasWork()) await this.#shipNext()
    await this.#reader.close()
  }

  /** Waits until there may be something to send; false when it is time to end. */
  async #hasWork(): Promise<boolean> {
    const isStopping = this.#stopping.signal.aborted
    if (this.#isAwake) return Date.now() < this.#deadline
    if (isStopping) return false
    await new Promise<void>((resolve) => {
      // Now and then even when nothing happens: whoever was erased meanwhile is not to be named by the old pseudonym.
      const timer = setTimeout(resolve, erasureCheckMs).unref()
      this.#wakeUp = () => {
        clearTimeout(timer)
        resolve()
      }
    })
    this.#wakeUp = undefined
    await this.#pause(lingerMs)
    return true
  }

  async #shipNext(): Promise<void> {
    try {
      await this.#keepHouse()
      // Cleared before reading: what is committed after this is read now or announced anew.
      this.#isAwake = false
      const now = Date.now()
      const limit = this.#source.position()
      const batch = await this.#reader.read(limit)
      if (batch === undefined) {
        if (!this.#isAwake) this.#behindSince = undefined
      } else {
        this.#isAwake = true
        this.#shipped += await shipBatch(this.#pool, this.#source.writer, batch)
        this.#reader.done(batch)
        // What had been recorded by then is all in Postgres, though there is always more under load.
        if (isDeepStrictEqual(this.#reader.position(), limit)) this.#behindSince = now
        if (batch.bytes < largeBatchBytes) await this.#pause(lingerMs)
      }
      this.#source.release(this.#reader.deleted())
      this.#failed = 0
      this.#lastError = undefined
    } catch (error) {
      this.#isAwake = true
      await this.#fail(error)
    }
  }

  async #keepHouse(): Promise<void> {
    const now = Date.now()
    if (now - this.#partitionsAt > dayMs) {
      await makeCurrentPartitions(this.#pool, new Date(now))
      this.#partitionsAt = now
    }
    const refs = now - this.#erasuresAt > erasureCheckMs ? this.#source.refs() : []
    if (refs.length === 0) return
    const erased = await withAudit(this.#pool, 'all', (tx) => erasedRefs(tx, refs))
    this.#source.forget(new Set(erased))
    this.#erasuresAt = now
  }

  async #fail(error: unknown): Promise<void> {
    this.#failures += 1
    this.#failed += 1
    const detail = error instanceof Error && 'detail' in error ? String(error.detail) : ''
    this.#lastError = `${String(error)}${detail === '' ? '' : `: ${detail}`}`
    const wait = Math.min(maxBackoffMs, firstBackoffMs * 2 ** Math.min(this.#failed - 1, 10))
    await this.#pause(wait * (0.75 + Math.random() / 2))
  }

  /** Sleeps; when stopping, only after a failure and as long as the deadline allows. */
  async #pause(ms: number): Promise<void> {
    const { signal } = this.#stopping
    if (!signal.aborted) await sleep(ms, undefined, { signal, ref: false }).catch(() => undefined)
    else if (this.#failed > 0) await sleep(Math.min(ms, Math.max(0, this.#deadline - Date.now())))
  }
}

/** Starts shipping a spool. */
export function startShipper(source: Source, pool: Pool): Shipper {
  return new SpoolShipper(source, pool)
}
