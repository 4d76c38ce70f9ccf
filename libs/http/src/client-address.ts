import type { IncomingMessage } from 'node:http'
import { isIP } from 'node:net'
import type { Networks } from '@gatehouse/config'

/** An entry of X-Forwarded-For without a port; undefined if it is no address. */
function addressIn(entry: string): string | undefined {
  const text = entry.trim()
  const bare = /^\[([^\]]+)\](?::\d+)?$/.exec(text)?.[1] ?? /^([\d.]+):\d+$/.exec(text)?.[1] ?? text
  return isIP(bare) === 0 ? undefined : bare
}

/**
 * The address of the client: that of the connection, or what a trusted proxy says in `X-Forwarded-For`. The header is read from its end,
 * for as long as whoever added an entry is trusted: what stands before was written by somebody else.
 */
export function clientAddress({ socket, headers }: IncomingMessage, trusted: Networks): string | undefined {
  let address = socket.remoteAddress
  const said = headers['x-forwarded-for']
  if (said === undefined) return address
  const entries = (Array.isArray(said) ? said.join(',') : said).split(',')
  while (address !== undefined && trusted.has(address)) {
    const entry = entries.pop()
    const next = entry === undefined ? undefined : addressIn(entry)
    if (next === undefined) break
    address = next
  }
  return address
}
