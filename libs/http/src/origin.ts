import type { IncomingHttpHeaders } from 'node:http'
import { GatehouseError } from '@gatehouse/errors'

const safe = new Set(['GET', 'HEAD', 'OPTIONS'])

/**
 * Refuses a changing request that another site's page caused: its `Origin` must be ours, and so must what the browser says in
 * `Sec-Fetch-Site`. Programs send neither and carry a token, which no page can make a browser send.
 * @throws GatehouseError `forbidden`
 */
export function checkOrigin(method: string, headers: IncomingHttpHeaders, ownOrigin: string): void {
  if (safe.has(method)) return
  const { origin, 'sec-fetch-site': site } = headers
  if (origin !== undefined && origin !== ownOrigin)
    throw new GatehouseError('forbidden', 'the request comes from another origin')
  if (site !== undefined && site !== 'same-origin')
    throw new GatehouseError('forbidden', 'the request was caused by another site')
}
