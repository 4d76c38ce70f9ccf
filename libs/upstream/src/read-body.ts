import { GatehouseError } from '@gatehouse/errors'
import type { Exchange } from './exchange.ts'

/**
 * Reads a whole body of at most `maxBytes`.
 * @throws GatehouseError what `beyond` makes if it is larger, `execution` by default; `bad_gateway` if it breaks off; the signal's reason if
 *   that aborted it.
 */
export function readBody(
  exchange: Pick<Exchange, 'attach' | 'abort'>,
  maxBytes: number,
  beyond: () => GatehouseError = () => tooLarge(maxBytes),
): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let length = 0
    exchange.attach({
      data(chunk) {
        length += chunk.length
        if (length > maxBytes) exchange.abort(beyond())
        else chunks.push(chunk)
        return true
      },
      end: () => resolve(Buffer.concat(chunks, length)),
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
