import type { ServerResponse } from 'node:http'
import { setImmediate } from 'node:timers/promises'
import { leavingError } from '@gatehouse/cache'
import type { Rendered } from '@gatehouse/errors'
import type { Answer } from './answer.ts'
import { drained, finish, jsonHead, type ResponseOptions, type Sent, writeHead } from './delivery.ts'
import { measured, passThrough, refused } from './pass-through.ts'

/** Length of the texts that pieces are gathered into, in characters. */
const gathered = 65_536

async function sendBody(res: ServerResponse, rendered: Rendered, options: ResponseOptions): Promise<Sent> {
  const body = Buffer.from(rendered.body)
  const length = rendered.status === 204 ? undefined : body.length
  writeHead(res, { status: rendered.status, headers: rendered.headers, length }, options)
  return { bytes: body.length, error: await finish(res, body, options) }
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
  if (tail !== undefined) res.write(sent)
  return { bytes: length, error: await finish(res, tail ?? sent, options) }
}

/** Sends what is rendered on the way, letting others have their turn in between. */
async function sendPieces(
  res: ServerResponse,
  { pieces, check }: Extract<Answer, { kind: 'pieces' }>,
  options: ResponseOptions,
): Promise<Sent> {
  let text = ''
  let bytes = 0
  const count = (chunk: Buffer): Error | undefined => {
    bytes += chunk.length
    options.counter?.add(chunk)
    return options.signal.aborted ? leavingError(options.signal) : refused(check, measured(bytes, options))
  }
  const breakOff = (error: Error | undefined): Sent => {
    res.destroy()
    return { bytes, error }
  }
  for (const piece of pieces) {
    text += piece
    if (text.length < gathered) continue
    const chunk = Buffer.from(text)
    text = ''
    const over = count(chunk)
    if (over !== undefined) return breakOff(over)
    if (!res.headersSent) writeHead(res, jsonHead(undefined), options)
    const error = res.write(chunk) ? await setImmediate(undefined) : await drained(res, options.idleTimeout)
    if (error !== undefined || res.destroyed) return breakOff(error)
  }
  const last = Buffer.from(text)
  const over = count(last)
  if (over !== undefined) return breakOff(over)
  if (!res.headersSent) writeHead(res, jsonHead(last.length), options)
  return { bytes, error: await finish(res, last, options) }
}

/** Sends an answer. A client that has gone away is not an error here. */
export function respond(res: ServerResponse, answer: Answer, options: ResponseOptions): Promise<Sent> {
  for (const [name, value] of Object.entries(answer.headers ?? {})) res.setHeader(name, value)
  switch (answer.kind) {
    case 'body':
      return sendBody(res, answer.rendered, options)
    case 'bytes':
      return sendBytes(res, answer, options)
    case 'pieces':
      return sendPieces(res, answer, options)
    case 'stream':
      return passThrough(res, answer, options).finally(() => answer.end?.())
  }
}
