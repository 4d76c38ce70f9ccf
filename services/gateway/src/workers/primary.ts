import cluster, { type Worker } from 'node:cluster'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openPrimary, type WorkerPlace } from '@gatehouse/cache'
import type { Config } from '@gatehouse/config'
import { createMetrics, type Logger } from '@gatehouse/telemetry'
import { closeLostConnections } from './lost-connections.ts'

/** The workers of a gateway, looked after. */
export interface Workers {
  /** Resolves with a reason when the gateway cannot go on. */
  readonly failed: Promise<string>
  /** Lets every worker finish its requests and end. Safe to call twice. */
  close(): Promise<void>
}

/** What the primary tells a worker. */
export type ToWorker = { readonly place: WorkerPlace } | 'stop'

/** What a worker that has begun to run asks the primary. */
export type FromWorker = 'place?'

/** A worker that ends sooner than this after its start is started again ever more slowly. */
const steadyMs = 5_000
const firstPauseMs = 200
const longestPauseMs = 5_000
/** Beyond the grace for requests, workers flush their audit spool. */
const endingMs = 10_000

function send(worker: Worker, message: ToWorker): void {
  if (worker.isConnected()) worker.send(message)
}

/** Keeps one worker per slot running. */
function createKeeper(placeOf: (slot: number) => WorkerPlace, log: Logger) {
  const running = new Map<number, Worker>()
  const listening = new WeakSet<Worker>()
  const { promise: failed, resolve: fail } = Promise.withResolvers<string>()
  let isClosing = false

  const start = (slot: number, quickEnds: number, wasUp: boolean): void => {
    const worker = cluster.fork()
    closeLostConnections(worker)
    const startedAt = performance.now()
    let isUp = wasUp
    running.set(slot, worker)
    worker.on(
      'message',
      (message: FromWorker) => message === 'place?' && send(worker, { place: placeOf(slot) }),
    )
    worker.once('listening', () => {
      listening.add(worker)
      isUp = true
    })
    worker.once('exit', (code, signal) => {
      running.delete(slot)
      if (isClosing) return
      // What cannot even start once will not by being tried again.
      if (!isUp) return fail(`worker ${slot + 1} did not start (${signal ?? `code ${code}`})`)
      const quick = performance.now() - startedAt < steadyMs ? quickEnds + 1 : 0
      const pause = quick === 0 ? 0 : Math.min(longestPauseMs, firstPauseMs * 2 ** (quick - 1))
      log.error({ worker: slot + 1, code, signal, pause }, 'a worker has ended and is started again')
      setTimeout(() => isClosing || start(slot, quick, isUp), pause)
    })
  }

  return {
    start,
    failed,
    async close(graceMs: number): Promise<void> {
      isClosing = true
      const workers = [...running.values()]
      const gone = workers.map((worker) => new Promise<void>((end) => worker.once('exit', () => end())))
      for (const worker of workers) {
        if (listening.has(worker)) send(worker, 'stop')
        // Has nothing to finish, and would hear of it only when it has started.
        else worker.process.kill('SIGKILL')
      }
      const cut = setTimeout(() => {
        for (const worker of workers) worker.process.kill('SIGKILL')
      }, graceMs)
      await Promise.all(gone)
      clearTimeout(cut)
    },
  }
}

/** Starts `count` workers that listen on one address, and looks after them. @throws Error if their sockets cannot be made. */
export async function startWorkers(config: Config, count: number, log: Logger): Promise<Workers> {
  // Only this user may enter it.
  const dir = mkdtempSync(join(tmpdir(), 'gatehouse-'))
  const common = await openPrimary({ dir, count, limits: config.limits, metrics: createMetrics() })
  const keeper = createKeeper((slot) => ({ slot, count, dir }), log)
  for (let slot = 0; slot < count; slot += 1) keeper.start(slot, 0, false)
  const { drain, notReadyFor } = config.gateway
  let closing: Promise<void> | undefined
  const close = async (): Promise<void> => {
    await keeper.close(drain + notReadyFor + endingMs)
    await common.close()
    rmSync(dir, { recursive: true, force: true })
    log.info('stopped')
  }
  return {
    failed: keeper.failed,
    close: () => {
      closing ??= close()
      return closing
    },
  }
}
