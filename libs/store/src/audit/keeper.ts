import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { type AuditEvent, type EventCode, type Finding, type Signer, systemEvent } from '@gatehouse/audit'
import type { Pool } from '../pool.ts'
import { type Anchor, anchorCheckpoints } from './anchor.ts'
import { pruneExports, runNextExport } from './export-jobs.ts'
import { createChangeRecorder } from './record-change.ts'
import { sealAudit } from './seal.ts'
import { createFeed, type Feed } from './sinks/feed.ts'
import type { Sink } from './sinks/sink.ts'
import { pruneVerifications, runNextVerification } from './verification-jobs.ts'

/** What looks after the audit log in the background. */
export interface KeeperOptions {
  readonly pool: Pool
  /** Seals the log and signs exports; without one, neither is done. */
  readonly signer?: Signer
  readonly anchors?: readonly Anchor[]
  readonly sinks?: readonly Sink[]
  /** ms between checkpoints; default one minute. */
  readonly sealEveryMs?: number
  /** Records what the keeper itself finds. */
  readonly append: (event: AuditEvent) => Promise<void>
  readonly onError?: (error: unknown) => void
}

/** Figures of a keeper. */
export interface KeeperStats {
  readonly checkpoints: number
  /** Chains that could not be sealed the last time, each with its first bad event. */
  readonly findings: readonly Finding[]
  /** When a checkpoint was last made or found to be needless, ms since the epoch; 0 before the first. */
  readonly sealedAt: number
}

/** Seals, anchors, exports and feeds sinks until it is closed. Several processes may run one each. */
export interface AuditKeeper {
  stats(): KeeperStats
  close(): Promise<void>
}

const jobsEveryMs = 1_000
const sinksEveryMs = 1_000
const retryMs = 5_000
const keepVerificationsMs = 90 * 86_400_000
const failingReportMs = 60_000

class Keeper implements AuditKeeper {
  readonly #options: KeeperOptions
  readonly #record = createChangeRecorder()
  readonly #stopping = new AbortController()
  readonly #loops: readonly Promise<void>[]
  readonly #feeds: readonly Feed[]
  #checkpoints = 0
  #findings: readonly Finding[] = []
  #sealedAt = 0

  constructor(options: KeeperOptions) {
    this.#options = options
    const { signer, sinks = [], sealEveryMs = 60_000, pool } = options
    const holder = randomUUID()
    const loops: Promise<void>[] = []
    if (signer !== undefined) {
      loops.push(this.#loop(sealEveryMs, () => this.#seal(signer)))
      loops.push(this.#loop(jobsEveryMs, () => runNextExport(pool, signer)))
      loops.push(this.#loop(jobsEveryMs, () => this.#verify(signer)))
    }
    const feeds: Feed[] = []
    for (const sink of sinks) {
      const feed = createFeed(pool, sink, holder)
      feeds.push(feed)
      loops.push(
        this.#loop(
          sinksEveryMs,
          this.#reporting(sink, () => feed.step()),
        ),
      )
    }
    this.#loops = loops
    this.#feeds = feeds
  }

  stats(): KeeperStats {
    return { checkpoints: this.#checkpoints, findings: this.#findings, sealedAt: this.#sealedAt }
  }

  async close(): Promise<void> {
    this.#stopping.abort()
    await Promise.all(this.#loops)
    // Postgres may be away: the leases end by themselves.
    await Promise.allSettled(this.#feeds.map((feed) => feed.release()))
    for (const sink of this.#options.sinks ?? []) await sink.close?.()
  }

  /** Runs `step` again and again: at once while it has more to do, later after a fault. */
  async #loop(everyMs: number, step: () => Promise<boolean>): Promise<void> {
    const { signal } = this.#stopping
    while (!signal.aborted) {
      let wait = everyMs
      try {
        if (await step()) continue
      } catch (error) {
        wait = Math.max(everyMs, retryMs)
        this.#options.onError?.(error)
      }
      await sleep(wait, undefined, { signal, ref: false }).catch(() => undefined)
    }
  }

  async #seal(signer: Signer): Promise<boolean> {
    const { pool, anchors = [] } = this.#options
    const { checkpoint, findings } = await sealAudit(pool, signer)
    if (checkpoint !== undefined) this.#checkpoints += 1
    this.#sealedAt = Date.now()
    const known = new Set(this.#findings.map(({ message }) => message))
    const fresh = findings.filter(({ message }) => !known.has(message))
    this.#findings = findings
    if (fresh.length > 0) await this.#note('S010E', 'audit:seal', { findings: fresh.slice(0, 20) })
    const results = await Promise.allSettled(anchors.map((anchor) => anchorCheckpoints(pool, anchor)))
    for (const result of results) if (result.status === 'rejected') this.#options.onError?.(result.reason)
    await pruneExports(pool, Date.now())
    await pruneVerifications(pool, new Date(Date.now() - keepVerificationsMs))
    return false
  }

  /** Makes a verification that somebody asked for; what it found is an event of the log it looked at. */
  #verify(signer: Signer): Promise<boolean> {
    return runNextVerification(this.#options.pool, [signer], (tx, { uid, org }, report) => {
      const { events, checkpoint, findings } = report
      const isSound = findings.length === 0
      const event = systemEvent({
        code: isSound ? 'E005I' : 'E005E',
        action: 'audit:verify',
        process: 'keeper',
        result: isSound ? 'allowed' : 'failed',
        detail: { verification: uid, events, checkpoint, findings: findings.slice(0, 20) },
        orgUid: org ?? undefined,
        now: Date.now(),
        uuid: randomUUID(),
      })
      return this.#record(tx, event)
    })
  }

  /** Records, once each, that a sink has been failing for a while and that it works again. */
  #reporting({ name }: Sink, step: () => Promise<boolean>): () => Promise<boolean> {
    let failingSince: number | undefined
    let isReported = false
    return async () => {
      try {
        const isMore = await step()
        if (isReported) await this.#note('S009I', 'audit:send', { sink: name })
        failingSince = undefined
        isReported = false
        return isMore
      } catch (error) {
        failingSince ??= Date.now()
        if (!isReported && Date.now() - failingSince > failingReportMs) {
          isReported = true
          await this.#note('S009W', 'audit:send', { sink: name, error: String(error) })
        }
        throw error
      }
    }
  }

  #note(code: EventCode, action: string, detail: Readonly<Record<string, unknown>>): Promise<void> {
    const result = code.endsWith('I') ? 'allowed' : 'failed'
    const what = { code, action, process: 'keeper', detail, result } as const
    return this.#options.append(systemEvent({ ...what, now: Date.now(), uuid: randomUUID() }))
  }
}

/** Starts looking after the audit log. */
export function startAuditKeeper(options: KeeperOptions): AuditKeeper {
  return new Keeper(options)
}
