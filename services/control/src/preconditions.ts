import { createHash } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { GatehouseError } from '@gatehouse/errors'

/** The `ETag` of a version. */
export function etagOf(version: number | string): string {
  return `"${version}"`
}

/**
 * Whether `If-Match` names this `ETag`: by itself, in a list, or as `*`. Weak ones name nothing (RFC 9110, 13.1.1).
 * @throws GatehouseError `bad_data` without the header, or if it is neither `*` nor a list of entity tags.
 */
function isMatched(request: IncomingMessage, etag: string): boolean {
  const sent = request.headers['if-match']?.trim()
  if (sent === undefined || sent === '')
    throw new GatehouseError('bad_data', 'send If-Match with the ETag of what you are changing')
  if (sent === '*') return true
  const tags = sent.split(',').map((tag) => tag.trim())
  if (!tags.every((tag) => /^(W\/)?"[!#-+\--~]*"$/.test(tag)))
    throw new GatehouseError('bad_data', 'If-Match: * or ETags such as "3", with commas between them')
  return tags.includes(etag)
}

function refuseUnmatched(request: IncomingMessage, etag: string): void {
  if (!isMatched(request, etag))
    throw new GatehouseError('precondition_failed', 'it was changed meanwhile; load it again')
}

/**
 * The version a change is based on: the one that is there, as `If-Match` has to name it.
 * @throws GatehouseError `bad_data` without a proper `If-Match`, `precondition_failed` if it names another version.
 */
export function versionFrom(request: IncomingMessage, { version }: { readonly version: number }): number {
  refuseUnmatched(request, etagOf(version))
  return version
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
  refuseUnmatched(request, contentEtag(current))
}
