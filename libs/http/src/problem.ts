import type { ServerResponse } from 'node:http'
import {
  type ErrorCode,
  errorTable,
  GatehouseError,
  renderProblem,
  toGatehouseError,
} from '@gatehouse/errors'
import type { Format } from './format.ts'

const byStatus = new Map<number, ErrorCode>([
  [400, 'bad_data'],
  [404, 'not_found'],
  [413, 'too_large'],
  [415, 'unsupported_media_type'],
])

/** Express and its body parser throw errors that carry a status; anything else unknown is `internal`. */
export function errorFrom(thrown: unknown): GatehouseError {
  if (thrown instanceof Error && 'status' in thrown && !(thrown instanceof GatehouseError)) {
    const code = typeof thrown.status === 'number' ? byStatus.get(thrown.status) : undefined
    if (code !== undefined)
      return new GatehouseError(code, errorTable[code].title, { detail: thrown.message, cause: thrown })
  }
  return toGatehouseError(thrown)
}

/**
 * Answers with problem details (RFC 9457). The challenge names only Bearer: browsers answer a Basic challenge, even of a script's
 * request, with a password dialog of their own.
 */
export function sendProblem(response: ServerResponse, error: GatehouseError, requestId: string): void {
  const { status, headers, body } = renderProblem(error, requestId)
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value)
  if (error.code === 'unauthenticated') response.setHeader('www-authenticate', 'Bearer realm="gatehouse"')
  response.statusCode = status
  response.setHeader('content-length', Buffer.byteLength(body))
  response.end(body)
}

/** Answers in the format of the route that failed: problem details unless it speaks another protocol. */
export function sendError(
  response: ServerResponse,
  error: GatehouseError,
  { requestId, format }: { readonly requestId: string; readonly format: Format | undefined },
): void {
  if (format === undefined) return sendProblem(response, error, requestId)
  const body = JSON.stringify(format.renderError(error))
  if (error.code === 'unauthenticated') response.setHeader('www-authenticate', 'Bearer realm="gatehouse"')
  response.setHeader('content-type', format.type)
  response.setHeader('content-length', Buffer.byteLength(body))
  response.statusCode = error.status
  response.end(body)
}
