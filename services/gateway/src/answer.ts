import type { GatehouseError } from '@gatehouse/errors'
import { type Rendered, renderPrometheus } from '@gatehouse/errors'
import { annotate, annotateLong, type LimitNotes, type Measured } from '@gatehouse/query'
import type { BodyStream } from './cached/held-body.ts'

/** What goes back to the client: a body made here, or one shard's answer passed through as it comes. */
export type Answer = { readonly headers?: Readonly<Record<string, string>> } & Source

type Source =
  | { readonly kind: 'body'; readonly rendered: Rendered }
  /** A JSON success, and its compressed form made on demand where there is one. */
  | {
      readonly kind: 'bytes'
      readonly body: Buffer
      readonly gzip: (() => Promise<Buffer>) | undefined
      /** Follows the body, which is too long to be copied for that. */
      readonly tail?: Buffer
      /** Its content type, if it is not JSON. */
      readonly type?: string
    }
  /** `end` is called when it has been sent or given up; `samples` are those read for it, known when it has been sent. */
  | {
      readonly kind: 'stream'
      readonly exchange: BodyStream
      readonly end?: () => void
      readonly samples?: () => number | undefined
      /** Told what it comes to so far. @throws GatehouseError `execution`: it breaks off. */
      readonly check?: ((passing: Passing) => LimitNotes) | undefined
    }

/** What is measured of an answer as it is sent. */
export type Passing = Pick<Measured, 'responseBytes' | 'series' | 'samples'>

/** Prometheus's success envelope around the JSON text of `data`. */
export function successText(data: string, warnings: readonly string[]): string {
  const suffix = warnings.length === 0 ? '' : `,"warnings":${JSON.stringify(warnings)}`
  return `{"status":"success","data":${data}${suffix}}`
}

/** An answer of {@link successText}. */
export function success(data: string, warnings: readonly string[] = []): Answer {
  const body = successText(data, warnings)
  return { kind: 'body', rendered: { status: 200, headers: { 'content-type': 'application/json' }, body } }
}

/** Prometheus's error envelope. */
export function failure(error: GatehouseError, requestId: string): Answer {
  return { kind: 'body', rendered: renderPrometheus(error, requestId) }
}

/** HTTP status of an answer. */
export function statusOf(answer: Answer): number {
  return answer.kind === 'body' ? answer.rendered.status : 200
}

/** A JSON success with annotations added to those it has. @throws GatehouseError `bad_gateway` if the body is none. */
export function annotated(body: Buffer, notes: LimitNotes): Answer {
  const long = annotateLong(body, notes) ?? { body: annotate(body, notes) }
  return { kind: 'bytes', ...long, gzip: undefined }
}

/** The body of an answer that is there whole, without its tail; undefined for one that is passed through. */
export function wholeBody(answer: Answer): Buffer | undefined {
  if (answer.kind === 'body') return Buffer.from(answer.rendered.body)
  return answer.kind === 'bytes' ? answer.body : undefined
}

/** What follows the body of an answer that is there whole. */
export function tailOf(answer: Answer): Buffer {
  return (answer.kind === 'bytes' ? answer.tail : undefined) ?? Buffer.alloc(0)
}

/** Gives an answer up that will not be sent. */
export function discard(answer: Answer, reason: Error): void {
  if (answer.kind !== 'stream') return
  answer.exchange.abort(reason)
  answer.end?.()
}
