import { type ErrorCode, toGatehouseError } from '@gatehouse/errors'
import { type EvaluatePlan, releaseBuffer } from '@gatehouse/query'
import type { LabelValues } from '@gatehouse/upstream'
import type { Exposition } from '../exposition.ts'
import { federate } from '../federation.ts'
import { type FilterJob, filterLists } from '../filter/filter-lists.ts'
import { type MergedText, mergeEvaluation } from '../merge-evaluation.ts'
import { mergeExemplars } from '../merge-exemplars.ts'
import { mergeLists } from '../merge-lists.ts'
import type { Forwarded } from '../requests.ts'
import { engineAnswer } from './engine-answer.ts'

/** The answers to an expression's requests are to be evaluated. */
export interface EvaluationJob {
  readonly kind: 'evaluation'
  readonly question: Forwarded
  readonly evaluation: EvaluatePlan
  /** Said with the answer, besides what evaluating it shows. */
  readonly warnings: readonly string[]
}

/** Bodies of shards, and what is to be made of them. Plain data: it may cross to another thread. */
export type MergeJob =
  | EvaluationJob
  | { readonly kind: 'lists'; readonly question: Forwarded }
  | { readonly kind: 'exemplars' }
  | FilterJob
  /** `dropped` holds for each body the labels that say which replica exposed it. */
  | {
      readonly kind: 'federation'
      readonly dropped: readonly (LabelValues | undefined)[]
      readonly exposition: Exposition
    }
  | { readonly kind: 'engine' }

/** What came of merging: an answer, or what only the global engine can compute. */
export type MergedBytes =
  | { readonly kind: 'answer'; readonly body: Uint8Array<ArrayBuffer> }
  | Extract<MergedText, { kind: 'beyond' }>

/** What came of a job on another thread. */
export type MergeOutcome =
  | MergedBytes
  | {
      readonly kind: 'error'
      readonly code: ErrorCode
      readonly message: string
      readonly detail: string | undefined
    }

/** @throws GatehouseError as the merges do. */
function mergeBodies(job: MergeJob, bodies: readonly Buffer[]): MergedText {
  switch (job.kind) {
    case 'evaluation':
      return mergeEvaluation(job, bodies)
    case 'lists':
      return { kind: 'answer', pieces: [mergeLists(job.question, bodies)] }
    case 'exemplars':
      return { kind: 'answer', pieces: [mergeExemplars(bodies)] }
    case 'filter':
      return { kind: 'answer', pieces: [filterLists(job, bodies)] }
    case 'federation': {
      const exposed = bodies.map((body, i) => ({ body, dropped: job.dropped[i] }))
      return { kind: 'answer', pieces: federate(exposed, job.exposition) }
    }
    case 'engine':
      return { kind: 'answer', pieces: engineAnswer(bodies) }
  }
}

/** Joins the chunks of a body, whose memory is given back. */
function joined(chunks: Uint8Array[]): Buffer {
  const body = Buffer.concat(chunks)
  for (const chunk of chunks.splice(0)) releaseBuffer(chunk)
  return body
}

const firstBlock = 65_536
const largestBlock = 4_194_304

/** Gathers an answer in blocks: what grew in one piece would be there twice each time it grows. */
function createSink() {
  const blocks: Buffer[] = []
  let block = Buffer.allocUnsafeSlow(firstBlock)
  let length = 0
  const add = (piece: Uint8Array): void => {
    for (let rest = piece; rest.length > 0; ) {
      if (length === block.length) {
        blocks.push(block)
        block = Buffer.allocUnsafeSlow(Math.min(2 * block.length, largestBlock))
        length = 0
      }
      const part = rest.subarray(0, block.length - length)
      block.set(part, length)
      length += part.length
      rest = rest.subarray(part.length)
    }
  }
  return {
    add(piece: string | Uint8Array): void {
      if (typeof piece !== 'string') add(piece)
      // At most three bytes a character.
      else if (3 * piece.length <= block.length - length) length += block.write(piece, length)
      else add(Buffer.from(piece))
    },
    /** The answer as bytes that can be handed over. */
    end(): Uint8Array<ArrayBuffer> {
      const total = blocks.reduce((sum, one) => sum + one.length, length)
      const whole = new Uint8Array(total)
      let at = 0
      for (const one of [...blocks, block.subarray(0, length)]) {
        whole.set(one, at)
        at += one.length
        releaseBuffer(one)
      }
      return whole
    },
  }
}

/** Merges bodies into bytes, each body in the chunks it came in, which are used up. @throws GatehouseError as the merges do. */
export function mergeChunks(job: MergeJob, chunks: readonly Uint8Array[][]): MergedBytes {
  const bodies = chunks.map(joined)
  const merged = mergeBodies(job, bodies)
  if (merged.kind === 'beyond') return merged
  const sink = createSink()
  for (const piece of merged.pieces) sink.add(piece)
  bodies.forEach(releaseBuffer)
  return { kind: 'answer', body: sink.end() }
}

/** As {@link mergeChunks}, but never throws. */
export function runJob(job: MergeJob, chunks: readonly Uint8Array[][]): MergeOutcome {
  try {
    return mergeChunks(job, chunks)
  } catch (thrown) {
    const { code, message, detail } = toGatehouseError(thrown)
    return { kind: 'error', code, message, detail }
  }
}
