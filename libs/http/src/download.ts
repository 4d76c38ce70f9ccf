import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { GatehouseError } from '@gatehouse/errors'
import type { Response } from 'express'
import { z } from 'zod'

/** An answer that is a file, sent piece by piece; as the `response` of a route use {@link download}. */
export interface Download {
  readonly type: string
  readonly fileName: string
  readonly bytes: AsyncIterable<Uint8Array>
}

function isDownload(value: unknown): value is Download {
  return typeof value === 'object' && value !== null && 'bytes' in value && 'fileName' in value
}

/** Response schema of a route that answers with a file of this media type. */
export function download(type: string): z.ZodType<Download> {
  return z.custom<Download>(isDownload).meta({ contentMediaType: type, format: 'binary', type: 'string' })
}

/** The media type of a {@link download} schema; undefined for every other one. */
export function downloadType(schema: z.ZodType): string | undefined {
  const type = schema.meta()?.['contentMediaType']
  return typeof type === 'string' ? type : undefined
}

function toCanceled(error: unknown): unknown {
  const isGone = error instanceof Error && 'code' in error && error.code === 'ERR_STREAM_PREMATURE_CLOSE'
  return isGone ? new GatehouseError('canceled', 'the client went away', { cause: error }) : error
}

/**
 * Sends a file. What fails on the way cuts the connection, so that a part is not taken for the whole.
 * @throws GatehouseError `canceled` when the client leaves; what `bytes` throws.
 */
export async function sendDownload(response: Response, { type, fileName, bytes }: Download): Promise<void> {
  response.setHeader('content-type', type)
  response.setHeader('content-disposition', `attachment; filename="${fileName}"`)
  try {
    await pipeline(Readable.from(bytes, { objectMode: false }), response)
  } catch (error) {
    throw toCanceled(error)
  }
}

/** The answer of a route, if it is a file. */
export function asDownload(schema: z.ZodType, answer: unknown): Download | undefined {
  return downloadType(schema) !== undefined && isDownload(answer) ? answer : undefined
}
