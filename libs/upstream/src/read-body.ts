import { GatehouseError } from '@gatehouse/errors'
import type { Exchange } from './exchange.ts'

type Readable = Pick<Exchange, 'attach' | 'abort'>

/**
 * Reads a whole body of at most `maxBytes`.
 * @throws GatehouseError `execution` if it is larger, `bad_gateway` if it breaks off; the signal's reason if that aborted it.
 */
export async function readBody(exchange: Readable, maxBytes: number): Promise<Buffer> {
  let left = maxBytes
  const chunks = await readChunks(exchange, (chunk) => {
    left -= chunk.length
    if (left < 0) throw tooLarge(maxBytes)
    return chunk
  })
  return Buffer.concat(chunks)
}

/**
 * Reads a whole body in the chunks it comes in. Of each what `keep` gives back is kept; what it throws ends the exchange. The memory of a
 * chunk is the connection's: what is to be handed over must be a copy.
 * @throws GatehouseError `bad_gateway` if it breaks off; what `keep` throws; the signal's reason if that aborted it.
 */
export function readChunks(exchange: Readable, keep: (chunk: Buffer) => Buffer): Promise<Buffer[]> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    exchange.attach({
      data(chunk) {
        try {
          chunks.push(keep(chunk))
        } catch (error) {
          exchange.abort(error as Error)
        }
        return true
      },
      end: () => resolve(chunks),
      error: (error) => reject(error instanceof GatehouseError ? error : brokenOff(error)),
    })
  })
}

/** Refusal of an answer beyond the byte limit. */
export function tooLarge(maxBytes: number): GatehouseError {
  return new GatehouseError(
    'execution',
    `the answer is larger than ${maxBytes} bytes; ask for fewer series, a shorter range or a larger step`,
  )
}

function brokenOff(error: Error): GatehouseError {
  return new GatehouseError('bad_gateway', 'the answer of an upstream broke off', {
    detail: error.message,
    cause: error,
  })
}
