import { randomUUID } from 'node:crypto'
import { mkdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import {
  type AuditEvent,
  type EventCode,
  eventTime,
  prepareEvent,
  systemEvent,
  toStoredEvent,
} from '@gatehouse/audit'
import { type GatehouseError, isGatehouseError } from '@gatehouse/errors'
import { auditUnavailable, createGroupCommit, type GroupCommit } from './group-commit.ts'
import type { LabelValues } from './label-values.ts'
import { lockSpool, type SpoolLock } from './lock.ts'
import { createPseudonyms } from './pseudonyms.ts'
import { type Recovered, recoverSpool } from './recover.ts'
import { segmentPath } from './segment.ts'
import { sha256 } from './sha256.ts'
import { createSpoolLog, type Entry, type SpoolLog, type SpoolPosition } from './spool-log.ts'

/** How a spool is kept. */
export interface SpoolOptions {
  /** Folder of all spools; each writer has one below it. */
  readonly dir: string
  /** Name of this writer, stable over restarts and used by one process at a time: `[A-Za-z0-9][A-Za-z0-9.-]*`. */
  readonly writerId: string
  /**
   * What an acknowledged event survives: `write` (default) the death of the process, `fsync` also the loss of power.
   */
  readonly level?: 'write' | 'fsync'
  /** Bytes the spool may hold; above, `append` refuses. Default 256 MiB. */
  readonly maxBytes?: number
  /** Bytes after which a segment is closed. Default 8 MiB, at most a quarter of `maxBytes`. */
  readonly segmentBytes?: number
  /** Keeps label values in queries as keyed hashes, where an org wants it. */
  readonly labelValues?: LabelValues
  /** Longest wait for the disk, ms; then everything waiting is refused. Default 2,000. */
  readonly maxWaitMs?: number
}

/** Figures of a spool. */
export interface SpoolStats {
  readonly appended: number
  readonly refused: number
  /** Writes to the file; `appended / flushes` is the size of a group commit. */
  readonly flushes: number
  readonly spoolBytes: number
  readonly maxBytes: number
  /** Why the last refusal happened; undefined while events are accepted. */
  readonly refusing: string | undefined
}

const lineOverhead = 512
/** How often a spool that refused tries whether it can record again, ms, and below which part of its bound. */
const retryMs = 1_000
const roomAgain = 0.9
const writerName = /^[A-Za-z0-9][A-Za-z0-9.-]{0,62}$/

interface Opened {
  readonly dir: string
  readonly lock: SpoolLock
  readonly recovered: Recovered
  readonly writer: string
  readonly log: SpoolLog
}

async function openLog(options: SpoolOptions, maxBytes: number): Promise<Opened> {
  if (!writerName.test(options.writerId)) throw new TypeError(`not a writer's name: ${options.writerId}`)
  const dir = join(options.dir, options.writerId)
  mkdirSync(dir, { recursive: true, mode: 0o700 })
  const lock = await lockSpool(dir)
  try {
    const recovered = recoverSpool(dir)
    // A spool that was lost begins new chains: going on under the old name would fork them.
    const writer = recovered.writer ?? `${options.writerId}.${randomUUID().slice(0, 8)}`
    const log = await createSpoolLog(dir, {
      writer,
      heads: recovered.heads,
      firstSegment: (recovered.segments.at(-1) ?? 0) + 1,
      // Divided, not shifted: bounds from 2 GiB on are no 32-bit integers.
      segmentBytes: Math.min(options.segmentBytes ?? 8 << 20, Math.floor(maxBytes / 4)),
      fsync: options.level === 'fsync',
    })
    return { dir, lock, recovered, writer, log }
  } catch (error) {
    lock.release()
    throw error
  }
}

function bytesOf(dir: string, segments: readonly number[]): number {
  return segments.reduce((sum, segment) => sum + statSync(segmentPath(dir, segment)).size, 0)
}

interface Refusal {
  readonly since: number
  readonly reason: string
  readonly count: number
}

/** A local, append-only, bounded record of audit events, one writer's. */
export class Spool {
  /** The writer as its chains name it: `writerId` and a random part that changes when the folder is lost. */
  readonly writer: string
  readonly dir: string
  readonly #name: string
  readonly #maxBytes: number
  readonly #lock: SpoolLock
  readonly #log: SpoolLog
  readonly #commit: GroupCommit<Entry>
  readonly #pseudonyms = createPseudonyms()
  readonly #labelValues: LabelValues | undefined
  #heldBytes: number
  #waitingBytes = 0
  #appended = 0
  #refused = 0
  #refusal: Refusal | undefined
  #retry: NodeJS.Timeout | undefined
  #isClosed = false

  private constructor(options: SpoolOptions, maxBytes: number, opened: Opened) {
    this.writer = opened.writer
    this.dir = opened.dir
    this.#name = options.writerId
    this.#maxBytes = maxBytes
    this.#lock = opened.lock
    this.#labelValues = options.labelValues
    this.#log = opened.log
    this.#heldBytes = bytesOf(opened.dir, opened.recovered.segments)
    this.#commit = createGroupCommit((entries) => opened.log.add(entries), options.maxWaitMs ?? 2_000)
  }

  /**
   * Opens a writer's spool, taking up what an earlier process left.
   * @throws GatehouseError `conflict` if a running process holds it; Error if the folder cannot be used.
   */
  static async open(options: SpoolOptions): Promise<Spool> {
    const maxBytes = options.maxBytes ?? 256 << 20
    const opened = await openLog(options, maxBytes)
    const spool = new Spool(options, maxBytes, opened)
    const { segments, tornBytes, damaged } = opened.recovered
    if (damaged !== undefined) await spool.#note('S006E', { setAside: damaged })
    else if (segments.length > 0) await spool.#note('S005I', { segments: segments.length, tornBytes })
    return spool
  }

  /**
   * Records an event; resolves when it is durable at the spool's level.
   * @throws GatehouseError `audit_unavailable` if it cannot be recorded: the answer must not leave then.
   */
  async append(event: AuditEvent): Promise<void> {
    try {
      await this.#record(event)
    } catch (error) {
      throw this.#refuse(error)
    }
    if (this.#refusal !== undefined) await this.#noteGap(this.#refusal)
  }

  /** Figures for metrics and readiness. */
  stats(): SpoolStats {
    return {
      appended: this.#appended,
      refused: this.#refused,
      flushes: this.#commit.commits(),
      spoolBytes: this.#bytes(),
      maxBytes: this.#maxBytes,
      refusing: this.#refusal?.reason,
    }
  }

  /** How far a shipper may read. */
  position(): SpoolPosition {
    return this.#log.position()
  }

  /** Tells that so many bytes have been shipped and deleted. */
  release(bytes: number): void {
    this.#heldBytes -= bytes
  }

  /** Pseudonyms in use whose identities have been written. */
  refs(): string[] {
    return this.#pseudonyms.refs()
  }

  /** These identities were erased: their actors get new pseudonyms. */
  forget(refs: ReadonlySet<string>): void {
    this.#pseudonyms.forget(refs)
  }

  /** Refuses what comes from now on, waits for what was accepted, then calls `last` and gives the folder free. */
  async close(last?: () => Promise<void>): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    clearTimeout(this.#retry)
    await this.#commit.idle()
    try {
      await last?.()
    } finally {
      await this.#log.close()
      this.#lock.release()
    }
  }

  #bytes(): number {
    return this.#heldBytes + this.#log.bytesWritten()
  }

  async #record(event: AuditEvent): Promise<void> {
    if (this.#isClosed) throw auditUnavailable('the spool is closed')
    const pseudonym = this.#pseudonyms.of(event)
    const hidden = this.#labelValues?.hide(event)
    const stored = toStoredEvent(hidden?.event ?? event, pseudonym?.identity.ref ?? null)
    const text = prepareEvent(stored, sha256)
    const companions = [...(pseudonym === undefined ? [] : [pseudonym]), ...(hidden?.values ?? [])]
    const size = Buffer.byteLength(text) + lineOverhead
    if (this.#bytes() + this.#waitingBytes + size > this.#maxBytes)
      throw auditUnavailable('the spool is full')
    this.#waitingBytes += size
    try {
      await this.#commit.add({ org: event.orgUid, text, companions })
    } finally {
      this.#waitingBytes -= size
    }
    this.#appended += 1
  }

  #refuse(error: unknown): GatehouseError {
    const problem = isGatehouseError(error) ? error : auditUnavailable(String(error), error)
    const { since, reason, count } = this.#refusal ?? {
      since: Date.now(),
      reason: problem.detail ?? problem.message,
      count: 0,
    }
    this.#refused += 1
    this.#refusal = { since, reason, count: count + 1 }
    this.#tryLater()
    return problem
  }

  /** Leaves a trace of what could not be recorded, as soon as anything can. */
  async #noteGap(gap: Refusal): Promise<void> {
    const { since, count, reason } = gap
    this.#refusal = undefined
    try {
      const span = { from: eventTime(since), to: eventTime(Date.now()), refused: count, reason }
      await this.#note('S007W', span)
    } catch {
      this.#putBack(gap)
    }
  }

  #putBack({ since, reason, count }: Refusal): void {
    this.#refusal = { since, reason, count: count + (this.#refusal?.count ?? 0) }
    this.#tryLater()
  }

  /** Nobody may ask again of a process that is not ready, so it finds out by itself when it can record. */
  #tryLater(): void {
    if (this.#isClosed || this.#retry !== undefined) return
    this.#retry = setTimeout(() => {
      this.#retry = undefined
      if (this.#refusal === undefined) return
      if (this.#bytes() > this.#maxBytes * roomAgain) this.#tryLater()
      else void this.#noteGap(this.#refusal)
    }, retryMs).unref()
  }

  #note(code: EventCode, detail: Readonly<Record<string, unknown>>): Promise<void> {
    const result = code.endsWith('I') ? 'allowed' : 'failed'
    const what = { code, action: 'audit:record', process: this.#name, detail, result } as const
    return this.#record(systemEvent({ ...what, now: Date.now(), uuid: randomUUID() }))
  }
}
