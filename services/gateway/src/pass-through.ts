import type { ServerResponse } from 'node:http'
import { leavingError } from '@gatehouse/cache'
import { toGatehouseError } from '@gatehouse/errors'
import { tooLarge } from '@gatehouse/upstream'
import { brokenOff, endsLikeJson } from './broken-off.ts'
import type { Answer, Passing } from './answer.ts'
import { finish, gone, jsonHead, type ResponseOptions, type Sent, unread, writeHead } from './delivery.ts'

/** What an answer comes to so far. */
function measured(bytes: number, { counter }: Pick<ResponseOptions, 'counter'>): Passing {
  return { responseBytes: bytes, ...(counter === undefined ? {} : { series: counter.count }) }
}

type Streamed = Extract<Answer, { kind: 'stream' }>

/** Why an answer must not go on; undefined if it may. */
function refused(check: Streamed['check'], passing: Passing): Error | undefined {
  try {
    check?.(passing)
    return undefined
  } catch (error) {
    return toGatehouseError(error)
  }
}

/**
 * Passes a shard's body through as it comes, with back-pressure, one piece behind: the last piece is looked at before it is sent. If the
 * body breaks off, so does the connection: the client must never take a part for the whole.
 */
export function passThrough(
  res: ServerResponse,
  { exchange, check, samples }: Streamed,
  options: ResponseOptions,
): Promise<Sent> {
  const { promise, resolve } = Promise.withResolvers<Sent>()
  const { maxResponseBytes, idleTimeout } = options
  let bytes = 0
  let held: Buffer | undefined
  let idle: NodeJS.Timeout | undefined
  const { signal } = options
  const leave = (): void => breakOff(leavingError(signal))
  const breakOff = (error: Error): void => {
    clearTimeout(idle)
    signal.removeEventListener('abort', leave)
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
  signal.addEventListener('abort', leave, { once: true })
  if (signal.aborted) leave()
  exchange.attach({
    data(piece) {
      bytes += piece.length
      options.counter?.add(piece)
      if (bytes > maxResponseBytes) {
        breakOff(tooLarge(maxResponseBytes))
        return false
      }
      const over = refused(check, measured(bytes, options))
      if (over !== undefined) {
        breakOff(over)
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
      // Known only now; without its end nobody takes the answer for whole.
      const read = samples?.()
      const over = read === undefined ? undefined : refused(check, { samples: read })
      if (over !== undefined) return breakOff(over)
      signal.removeEventListener('abort', leave)
      if (!res.headersSent) writeHead(res, jsonHead(held.length), options)
      void finish(res, held, options).then((error) => resolve({ bytes, error }))
    },
    error: breakOff,
  })
  return promise
}
