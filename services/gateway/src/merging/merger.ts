import { isMarkedAsUntransferable, Worker } from 'node:worker_threads'
import { GatehouseError } from '@gatehouse/errors'
import { refuse } from '@gatehouse/query'
import type { Answer } from '../answer.ts'
import { mergeChunks, type MergedBytes, type MergeJob, type MergeOutcome } from './job.ts'

/** A body as it came. */
export type Chunks = readonly Buffer[]

/** What came of merging: an answer, or what only the global engine can compute. */
export type Merged =
  | { readonly kind: 'answer'; readonly answer: Answer }
  | Exclude<MergedBytes, { kind: 'answer' }>

/** The answer that came of merging. @throws GatehouseError where there is none without the global engine. */
export function answerOf(merged: Merged): Answer {
  if (merged.kind === 'beyond') throw refuse(merged.beyond)
  return merged.answer
}

/** Merges answers of shards: small ones at once, large ones on a thread of their own, so that nobody else waits for them. */
export interface Merger {
  /** The bodies, and their memory, are its own from here on. @throws GatehouseError as the merges do; the signal's reason if that aborted it. */
  merge(job: MergeJob, bodies: readonly Chunks[], signal: AbortSignal): Promise<Merged>
  /** Counts bytes that are held to be merged; gives them back when told. @throws GatehouseError `unavailable` if there are too many. */
  hold(bytes: number): void
  release(bytes: number): void
  close(): Promise<void>
}

/** Reading and computing with less takes a few ms. */
const smallBytes = 262_144
/** What all requests together may hold. */
const maxHeldBytes = 536_870_912
/** A thread that has nothing to do is ended: it holds some 40 MB. */
const idleMs = 30_000

interface Waiter {
  readonly resolve: (outcome: MergeOutcome) => void
  readonly reject: (error: Error) => void
}

function lengthOf(bodies: readonly Chunks[]): number {
  return bodies.flat().reduce((sum, { length }) => sum + length, 0)
}

function readOutcome(outcome: MergeOutcome): Merged {
  switch (outcome.kind) {
    case 'error': {
      const { code, message, detail } = outcome
      throw new GatehouseError(code, message, detail === undefined ? {} : { detail })
    }
    case 'beyond':
      return outcome
    case 'answer': {
      const { buffer, byteOffset, length } = outcome.body
      const body = Buffer.from(buffer, byteOffset, length)
      return { kind: 'answer', answer: { kind: 'bytes', body, gzip: undefined } }
    }
  }
}

/** The thread, begun when it is needed and ended when it has not been for a while. */
function createThread() {
  const waiting = new Map<number, Waiter>()
  let worker: Worker | undefined
  let idle: NodeJS.Timeout | undefined
  let lastId = 0

  const fail = (own: Worker, error: Error): void => {
    if (worker === own) worker = undefined
    for (const { reject } of waiting.values()) reject(error)
    waiting.clear()
  }
  const end = async (): Promise<void> => {
    clearTimeout(idle)
    const own = worker
    worker = undefined
    await own?.terminate()
  }
  const begin = (): Worker => {
    const own = new Worker(new URL('./thread.ts', import.meta.url))
    own.unref()
    own.on('message', ({ id, outcome }: { id: number; outcome: MergeOutcome }) => {
      waiting.get(id)?.resolve(outcome)
      waiting.delete(id)
      if (waiting.size > 0) return
      idle = setTimeout(() => void end(), idleMs)
      idle.unref()
    })
    own.on('error', (cause) => {
      fail(own, new GatehouseError('internal', 'the thread that merges answers failed', { cause }))
    })
    own.on('exit', () => fail(own, new GatehouseError('unavailable', 'the gateway is stopping')))
    return own
  }

  return {
    run(job: MergeJob, chunks: readonly Chunks[]): Promise<MergeOutcome> {
      clearTimeout(idle)
      worker ??= begin()
      const id = ++lastId
      const buffers = new Set(chunks.flat().map(({ buffer }) => buffer))
      // Short ones lie in a pool that others use, too: those are copied.
      const transfer = [...buffers]
        .filter((buffer) => buffer instanceof ArrayBuffer)
        .filter((buffer) => !isMarkedAsUntransferable(buffer))
      const { promise, resolve, reject } = Promise.withResolvers<MergeOutcome>()
      waiting.set(id, { resolve, reject })
      worker.postMessage({ id, job, chunks }, transfer)
      return promise
    },
    end,
  }
}

/** Rejects when the signal aborts. */
function aborted(signal: AbortSignal): { readonly promise: Promise<never>; readonly off: () => void } {
  const { promise, reject } = Promise.withResolvers<never>()
  const onAbort = (): void => reject(signal.reason)
  signal.addEventListener('abort', onAbort)
  return { promise, off: () => signal.removeEventListener('abort', onAbort) }
}

/** Creates the merger; its thread is begun with the first large answer. */
export function createMerger(): Merger {
  const thread = createThread()
  let held = 0
  return {
    async merge(job, bodies, signal) {
      if (lengthOf(bodies) <= smallBytes)
        return readOutcome(
          mergeChunks(
            job,
            bodies.map((chunks) => [...chunks]),
          ),
        )
      signal.throwIfAborted()
      const { promise, off } = aborted(signal)
      try {
        return readOutcome(await Promise.race([thread.run(job, bodies), promise]))
      } finally {
        off()
      }
    },
    hold(bytes) {
      held += bytes
      if (held <= maxHeldBytes) return
      throw new GatehouseError('unavailable', 'too many large answers are being merged', { retryAfter: 1 })
    },
    release(bytes) {
      held -= bytes
    },
    close: thread.end,
  }
}
