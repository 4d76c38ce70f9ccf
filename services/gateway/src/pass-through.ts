import type { ServerResponse } from 'node:http'
import { tooLarge } from '@gatehouse/upstream'
import { brokenOff, endsLikeJson } from './broken-off.ts'
import type { BodyStream } from './cached/held-body.ts'
import { finish, gone, jsonHead, type ResponseOptions, type Sent, unread, writeHead } from './delivery.ts'

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
      options.counter?.add(piece)
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
        return breakOff(brokenOff())
      }
      if (!res.headersSent) writeHead(res, jsonHead(held.length), options)
      void finish(res, held, options).then((error) => resolve({ bytes, error }))
    },
    error: breakOff,
  })
  return promise
}
