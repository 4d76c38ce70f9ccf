import { GatehouseError } from '@gatehouse/errors'
import type { BodySink, Exchange } from '@gatehouse/upstream'
import { brokenOff, endsLikeJson } from '../broken-off.ts'

/** A body that is passed on as it comes, with back-pressure. */
export type BodyStream = Pick<Exchange, 'contentLength' | 'attach' | 'resume' | 'abort'>

/** A body that was read whole, or the stream it is too large to be held. */
export type Held =
  | { readonly kind: 'body'; readonly body: Buffer }
  | { readonly kind: 'stream'; readonly stream: BodyStream }

/** The stream of what was read so far and what follows. */
function resumed(exchange: BodyStream, read: readonly Buffer[]): BodyStream {
  let waiting = [...read]
  let sink: BodySink | undefined
  const feed = (): void => {
    if (sink === undefined) return
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) if (!sink.data(next)) return
    const rest = sink
    sink = undefined
    exchange.attach(rest)
  }
  return {
    contentLength: exchange.contentLength,
    attach(wanted) {
      sink = wanted
      feed()
    },
    resume() {
      if (sink === undefined) exchange.resume()
      else feed()
    },
    abort(reason) {
      waiting = []
      exchange.abort(reason)
    },
  }
}

/** Reads a body of at most `maxBytes`; a larger one stands still until its stream is attached to. @throws what broke the body off. */
export function holdOrStream(exchange: BodyStream, maxBytes: number): Promise<Held> {
  if ((exchange.contentLength ?? 0) > maxBytes) return Promise.resolve({ kind: 'stream', stream: exchange })
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let length = 0
    exchange.attach({
      data(chunk) {
        chunks.push(chunk)
        length += chunk.length
        if (length <= maxBytes) return true
        resolve({ kind: 'stream', stream: resumed(exchange, chunks) })
        return false
      },
      end() {
        const body = Buffer.concat(chunks, length)
        if (endsLikeJson(body)) resolve({ kind: 'body', body })
        else reject(brokenOff())
      },
      // After the hand-over the stream's own sink is told.
      error: (error) => reject(error instanceof GatehouseError ? error : brokenOff(error.message)),
    })
  })
}
