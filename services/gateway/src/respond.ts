import type { OutgoingHttpHeaders, ServerResponse } from 'node:http'
import { GatehouseError, type Rendered } from '@gatehouse/errors'
import { type Exchange, tooLarge } from '@gatehouse/upstream'
import type { Answer } from './answer.ts'

/** How an answer is sent. */
export interface ResponseOptions {
  readonly requestId: string
  /** Longest body, bytes. */
  readonly maxResponseBytes: number
  /** Longest time a client may leave its answer unread, ms. */
  readonly idleTimeout: number
  /** Whether this is the connection's last answer. */
  readonly isLast: boolean
}

/** How sending ended: the bytes of the body, and why it broke off if it did. */
export interface Sent {
  readonly bytes: number
  readonly error: Error | undefined
}

const closingBrace = 0x7d

function unread(): GatehouseError {
  return new GatehouseError('canceled', 'the client does not read its answer')
}

function gone(): GatehouseError {
  return new GatehouseError('canceled', 'the client went away')
}

/** The answer's own headers; those of an upstream are never copied. */
function commonHeaders({ requestId, isLast }: ResponseOptions): OutgoingHttpHeaders {
  const headers: OutgoingHttpHeaders = {
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    'x-request-id': requestId,
  }
  if (isLast) headers['connection'] = 'close'
  return headers
}

/** Waits until the last byte has left, or gives the client up. */
function finish(res: ServerResponse, body: Buffer, options: ResponseOptions): Promise<Error | undefined> {
  const { promise, resolve } = Promise.withResolvers<Error | undefined>()
  res.end(body)
  if (res.writableFinished) return Promise.resolve(undefined)
  const timer = setTimeout(() => {
    res.destroy()
    resolve(unread())
  }, options.idleTimeout)
  res.once('finish', () => resolve(undefined))
  res.once('close', () => {
    clearTimeout(timer)
    resolve(res.writableFinished ? undefined : gone())
  })
  return promise
}

async function sendBody(res: ServerResponse, rendered: Rendered, options: ResponseOptions): Promise<Sent> {
  const body = Buffer.from(rendered.body)
  res.writeHead(rendered.status, {
    ...commonHeaders(options),
    ...rendered.headers,
    'content-length': body.length,
  })
  return { bytes: body.length, error: await finish(res, body, options) }
}

/** Whether a body's last piece ends as a JSON object does, white space aside. */
function endsLikeJson(piece: Buffer): boolean {
  let last = piece.length - 1
  while (last > 0 && (piece[last] ?? 0) <= 0x20) last -= 1
  return piece[last] === closingBrace
}

/**
 * Passes a shard's body through as it comes, with back-pressure, one piece behind: the last piece is looked at before it is sent. If the
 * body breaks off, so does the connection: the client must never take a part for the whole.
 */
function stream(res: ServerResponse, exchange: Exchange, options: ResponseOptions): Promise<Sent> {
  const { promise, resolve } = Promise.withResolvers<Sent>()
  let bytes = 0
  let held: Buffer | undefined
  let idle: NodeJS.Timeout | undefined
  const head = (length: number | undefined): void => {
    if (res.headersSent) return
    const headers = { ...commonHeaders(options), 'content-type': 'application/json' }
    res.writeHead(200, length === undefined ? headers : { ...headers, 'content-length': length })
  }
  const breakOff = (error: Error): void => {
    clearTimeout(idle)
    exchange.abort(error)
    res.destroy()
    resolve({ bytes, error })
  }
  res.on('drain', () => {
    clearTimeout(idle)
    exchange.resume()
  })
  res.once('close', () => {
    if (!res.writableFinished) breakOff(gone())
  })
  exchange.attach({
    data(chunk) {
      bytes += chunk.length
      if (bytes > options.maxResponseBytes) {
        breakOff(tooLarge(options.maxResponseBytes))
        return false
      }
      const previous = held
      held = chunk
      if (previous === undefined) return true
      head(exchange.contentLength)
      if (res.write(previous)) return true
      idle = setTimeout(() => breakOff(unread()), options.idleTimeout)
      return false
    },
    end() {
      if (held === undefined || !endsLikeJson(held)) {
        return breakOff(new GatehouseError('bad_gateway', 'the answer of an upstream broke off'))
      }
      head(exchange.contentLength ?? held.length)
      void finish(res, held, options).then((error) => resolve({ bytes, error }))
    },
    error: breakOff,
  })
  return promise
}

/** Sends an answer. Never rejects; a client that has gone away is not an error here. */
export function respond(res: ServerResponse, answer: Answer, options: ResponseOptions): Promise<Sent> {
  if (answer.kind === 'body') return sendBody(res, answer.rendered, options)
  return stream(res, answer.exchange, options)
}
