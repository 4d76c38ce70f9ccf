import type { ServerResponse } from 'node:http'
import { leavingError } from '@gatehouse/cache'
import type { Rendered } from '@gatehouse/errors'
import type { Answer } from './answer.ts'
import { drained, finish, jsonHead, type ResponseOptions, type Sent, writeHead } from './delivery.ts'
import { passThrough } from './pass-through.ts'

async function sendBody(res: ServerResponse, rendered: Rendered, options: ResponseOptions): Promise<Sent> {
  const body = Buffer.from(rendered.body)
  const length = rendered.status === 204 ? undefined : body.length
  writeHead(res, { status: rendered.status, headers: rendered.headers, length }, options)
  return { bytes: body.length, error: await finish(res, body, options) }
}

/** Longest part of a body that is written at once: a client has to read that much in time, not all of it. */
const sliceBytes = 1_048_576

function slices(body: Buffer): Buffer[] {
  const count = Math.max(1, Math.ceil(body.length / sliceBytes))
  return Array.from({ length: count }, (_, i) => body.subarray(i * sliceBytes, (i + 1) * sliceBytes))
}

async function sendSlices(
  res: ServerResponse,
  parts: readonly Buffer[],
  options: ResponseOptions,
): Promise<Sent> {
  let bytes = 0
  for (const part of parts.slice(0, -1)) {
    bytes += part.length
    const isFull = !res.destroyed && !res.write(part)
    const unsent = isFull ? await drained(res, options.idleTimeout) : undefined
    const error = options.signal.aborted ? leavingError(options.signal) : unsent
    if (error === undefined) continue
    res.destroy()
    return { bytes, error }
  }
  const last = parts.at(-1) ?? Buffer.alloc(0)
  return { bytes: bytes + last.length, error: await finish(res, last, options) }
}

/** Shorter bodies are sent as they are: compressing them would cost more than it saves. */
const worthCompressing = 1_024

async function sendBytes(
  res: ServerResponse,
  { body, gzip, tail, type }: Extract<Answer, { kind: 'bytes' }>,
  options: ResponseOptions,
): Promise<Sent> {
  const isGzip = options.acceptsGzip && gzip !== undefined && body.length >= worthCompressing
  const sent = isGzip ? await gzip() : body
  const length = sent.length + (tail?.length ?? 0)
  const { status, headers } = jsonHead(length)
  const own = type === undefined ? {} : { 'content-type': type }
  const coding = isGzip ? { 'content-encoding': 'gzip' } : {}
  const vary = body.length >= worthCompressing ? { vary: 'accept-encoding' } : {}
  writeHead(res, { status, headers: { ...headers, ...own, ...coding, ...vary }, length }, options)
  return sendSlices(res, tail === undefined ? slices(sent) : [...slices(sent), tail], options)
}

/** Sends an answer. A client that has gone away is not an error here. */
export function respond(res: ServerResponse, answer: Answer, options: ResponseOptions): Promise<Sent> {
  for (const [name, value] of Object.entries(answer.headers ?? {})) res.setHeader(name, value)
  switch (answer.kind) {
    case 'body':
      return sendBody(res, answer.rendered, options)
    case 'bytes':
      return sendBytes(res, answer, options)
    case 'stream':
      return passThrough(res, answer, options).finally(() => answer.end?.())
  }
}
