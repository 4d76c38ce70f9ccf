import type { OutgoingHttpHeaders, ServerResponse } from 'node:http'
import { GatehouseError } from '@gatehouse/errors'
import type { SeriesCounter } from './count-series.ts'

/** How an answer is sent. */
export interface ResponseOptions {
  readonly requestId: string
  /** Longest body, bytes. */
  readonly maxResponseBytes: number
  /** Longest time a client may leave its answer unread, ms. */
  readonly idleTimeout: number
  /** Whether this is the connection's last answer. */
  readonly isLast: boolean
  /** Whether the client takes gzip. */
  readonly acceptsGzip: boolean
  /** Told of the pieces of a long answer, as they are sent. */
  readonly counter?: SeriesCounter | undefined
  /** Aborts when the request is to end: its time is over, or an operator ends it. */
  readonly signal: AbortSignal
}

/** How sending ended: the bytes of the body, and why it broke off if it did. */
export interface Sent {
  readonly bytes: number
  readonly error: Error | undefined
}

/** The client left its answer unread for too long. */
export function unread(): GatehouseError {
  return new GatehouseError('canceled', 'the client does not read its answer')
}

/** The client closed its connection. */
export function gone(): GatehouseError {
  return new GatehouseError('canceled', 'the client went away')
}

/** Headers of every answer; those of an upstream are never copied. */
function commonHeaders({ requestId, isLast }: ResponseOptions): OutgoingHttpHeaders {
  const headers: OutgoingHttpHeaders = {
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    'x-request-id': requestId,
  }
  if (isLast) headers['connection'] = 'close'
  return headers
}

/** Writes the head of an answer; its length if it is known. */
export function writeHead(
  res: ServerResponse,
  head: { status: number; headers: OutgoingHttpHeaders; length: number | undefined },
  options: ResponseOptions,
): void {
  const headers = { ...commonHeaders(options), ...head.headers }
  if (head.length !== undefined) headers['content-length'] = head.length
  res.writeHead(head.status, headers)
}

/** The head of a JSON success. */
export function jsonHead(length: number | undefined) {
  return { status: 200, headers: { 'content-type': 'application/json' }, length }
}

/** Sends the last piece and waits until it has left, or gives the client up. */
export function finish(
  res: ServerResponse,
  last: Buffer | string,
  options: ResponseOptions,
): Promise<Error | undefined> {
  if (res.destroyed) return Promise.resolve(gone())
  const { promise, resolve } = Promise.withResolvers<Error | undefined>()
  // A short text goes out with the head in one write; a buffer would be a second piece of it.
  if (typeof last !== 'string' && last.length <= 16_384) res.end(last.toString('latin1'), 'latin1')
  else res.end(last)
  // The kernel took it all: nothing is left to wait for, which is so for every small answer.
  if (res.socket === null || res.socket.writableLength === 0) return Promise.resolve(undefined)
  const timer = setTimeout(() => {
    res.destroy()
    resolve(unread())
  }, options.idleTimeout)
  res.once('finish', () => {
    clearTimeout(timer)
    resolve(undefined)
  })
  res.once('close', () => {
    clearTimeout(timer)
    resolve(res.writableFinished ? undefined : gone())
  })
  return promise
}

/** Waits until a full buffer has drained. Resolves with an error when the client is gone or does not read. */
export function drained(res: ServerResponse, idleTimeout: number): Promise<Error | undefined> {
  const { promise, resolve } = Promise.withResolvers<Error | undefined>()
  const end = (error: Error | undefined): void => {
    clearTimeout(timer)
    res.off('drain', onDrain)
    res.off('close', onClose)
    resolve(error)
  }
  const onDrain = (): void => end(undefined)
  const onClose = (): void => end(gone())
  const timer = setTimeout(() => end(unread()), idleTimeout)
  res.once('drain', onDrain)
  res.once('close', onClose)
  return promise
}
