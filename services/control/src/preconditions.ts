import { createHash } from 'node:crypto'
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

/** The `ETag` of something without a version of its own: a hash of how it is shown. */
export function contentEtag(answer: unknown): string {
  return `"${createHash('sha256').update(JSON.stringify(answer)).digest('base64url').slice(0, 16)}"`
}

/**
 * Refuses a change that is not based on what is there now, as {@link contentEtag} of it says.
 * @throws GatehouseError `bad_data` without `If-Match`, `precondition_failed` if it differs.
 */
export function requireMatch(request: IncomingMessage, current: unknown): void {
  const sent = request.headers['if-match']
  if (sent === undefined)
    throw new GatehouseError('bad_data', 'send If-Match with the ETag of what you are changing')
  if (sent !== contentEtag(current))
    throw new GatehouseError('precondition_failed', 'it was changed meanwhile; load it again')
}
