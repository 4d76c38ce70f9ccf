import type { IncomingMessage } from 'node:http'
import { GatehouseError } from '@gatehouse/errors'

/** The `ETag` of a version. */
export function etagOf(version: number | string): string {
  return `"${version}"`
}

/**
 * The version a change is based on, from `If-Match`.
 * @throws GatehouseError `bad_data` if the header is missing or names no single version.
 */
export function versionFrom(request: IncomingMessage): number {
  const match = /^"(\d{1,9})"$/.exec(request.headers['if-match'] ?? '')
  if (match?.[1] === undefined)
    throw new GatehouseError('bad_data', 'send If-Match with the ETag of what you are changing')
  return Number(match[1])
}
