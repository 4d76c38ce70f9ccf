import type { ServerResponse } from 'node:http'
import { GatehouseError } from '@gatehouse/errors'
import { tooLarge } from '@gatehouse/upstream'
import type { BodyStream } from './cached/held-body.ts'
import { finish, gone, jsonHead, type ResponseOptions, type Sent, unread, writeHead } from './delivery.ts'

const closingBrace = 0x7d

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
export function passThrough(
  res: ServerResponse,
  exchange: BodyStream,
  options: ResponseOptions,
): Promise<Sent> {
  const { promise, resolve } = Promise.withResolvers<Sent>()
  const { maxResponseBytes, idleTimeout } = options
  let bytes = 0
  let held: Buffer | undefined
  let idle: NodeJS.Timeout | undefined
  const breakOff = (error: Error): void => {
    clearTimeout(idle)
    exchange.abort(error)
    res.destroy()
    resolve({ bytes, error })
  }
  const send = (piece: Buffer): boolean => {
    if (!res.headersSent) writeHead(res, jsonHead(exchange.contentLength), options)
    return res.write(piece)
  }
  res.on('drain', () => {
    clearTimeout(idle)
    exchange.resume()
  })
  res.once('close', () => {
    if (!res.writableFinished) breakOff(gone())
  })
  exchange.attach({
    data(piece) {
      bytes += piece.length
      if (bytes > maxResponseBytes) {
        breakOff(tooLarge(maxResponseBytes))
        return false
      }
      const previous = held
      held = piece
      if (previous === undefined || send(previous)) return true
      idle = setTimeout(() => breakOff(unread()), idleTimeout)
      return false
    },
    end() {
      if (held === undefined || !endsLikeJson(held)) {
        return breakOff(new GatehouseError('bad_gateway', 'the answer of an upstream broke off'))
      }
      if (!res.headersSent) writeHead(res, jsonHead(held.length), options)
      void finish(res, held, options).then((error) => resolve({ bytes, error }))
    },
    error: breakOff,
  })
  return promise
}
