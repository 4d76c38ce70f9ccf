import { GatehouseError, type ErrorCode, toGatehouseError } from '@gatehouse/errors'
import type { EvaluatePlan } from '@gatehouse/query'
import type { Answer } from '../answer.ts'
import { type Merged, mergeEvaluation } from '../merge-evaluation.ts'
import { mergeExemplars } from '../merge-exemplars.ts'
import { mergeLists } from '../merge-lists.ts'
import type { Forwarded } from '../requests.ts'

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

/** What came of a job on another thread. */
export type MergeOutcome =
  | { readonly kind: 'answer'; readonly body: Uint8Array<ArrayBuffer> }
  | Extract<Merged, { kind: 'beyond' }>
  | {
      readonly kind: 'error'
      readonly code: ErrorCode
      readonly message: string
      readonly detail: string | undefined
    }

/** Merges bodies. @throws GatehouseError as the merges do. */
export function mergeBodies(job: MergeJob, bodies: readonly Buffer[]): Merged {
  switch (job.kind) {
    case 'evaluation':
      return mergeEvaluation(job, bodies)
    case 'lists':
      return { kind: 'answer', answer: mergeLists(job.question, bodies) }
    case 'exemplars':
      return { kind: 'answer', answer: mergeExemplars(bodies) }
  }
}

/** Text growing into bytes that can be handed over. */
function createSink(capacity: number) {
  let bytes = Buffer.from(new ArrayBuffer(Math.max(capacity, 65_536)))
  let length = 0
  return {
    add(text: string): void {
      const most = length + text.length * 3
      if (most > bytes.length && length + Buffer.byteLength(text) > bytes.length) {
        const larger = Buffer.from(new ArrayBuffer(Math.ceil(most * 1.5)))
        bytes.copy(larger, 0, 0, length)
        bytes = larger
      }
      length += bytes.write(text, length)
    },
    end: (): Uint8Array<ArrayBuffer> => new Uint8Array(bytes.buffer, 0, length),
  }
}

function* textsOf(answer: Answer): Generator<string, void> {
  if (answer.kind === 'body') yield answer.rendered.body
  else if (answer.kind === 'pieces') yield* answer.pieces
  else throw new GatehouseError('internal', `a merged answer of kind ${answer.kind}`)
}

/** Joins the chunks of a body, whose memory is given back at once rather than when somebody collects it. */
function joined(chunks: Uint8Array[]): Buffer {
  const body = Buffer.concat(chunks)
  // Short ones share theirs with others.
  for (const { buffer, byteLength } of chunks.splice(0))
    if (buffer instanceof ArrayBuffer && buffer.byteLength === byteLength) buffer.transfer(0)
  return body
}

/** Merges bodies into bytes, each body in the chunks it came in, which are used up. Never throws. */
export function runJob(job: MergeJob, chunks: readonly Uint8Array[][]): MergeOutcome {
  try {
    const bodies = chunks.map(joined)
    const merged = mergeBodies(job, bodies)
    if (merged.kind === 'beyond') return merged
    const sink = createSink(bodies.reduce((sum, body) => sum + body.length, 0))
    for (const text of textsOf(merged.answer)) sink.add(text)
    return { kind: 'answer', body: sink.end() }
  } catch (thrown) {
    const { code, message, detail } = toGatehouseError(thrown)
    return { kind: 'error', code, message, detail }
  }
}
