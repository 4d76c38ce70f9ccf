import { GatehouseError } from '@gatehouse/errors'

const maxBytes = 1_048_576
const timeoutMs = 5_000

/** Whether a URL's host is this machine, where plain http shows nothing to a network. */
export function isLoopback(url: URL): boolean {
  return /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/.test(url.hostname)
}

function refuse(detail: string, cause?: unknown): GatehouseError {
  return new GatehouseError('unavailable', 'the identity provider is not available', {
    detail,
    retryAfter: 5,
    cause,
  })
}

async function readBounded(response: Response): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of response.body ?? []) {
    const bytes = Buffer.from(chunk)
    length += bytes.length
    if (length > maxBytes) throw refuse(`answer longer than ${maxBytes} bytes`)
    chunks.push(bytes)
  }
  return Buffer.concat(chunks)
}

/** The part of `fetch` that jose and openid-client use. */
export type IssuerFetch = (url: string, init?: object) => Promise<Response>

/** Origins where an issuer's endpoints may be: its own, and those the configuration names. */
export function originsOf(issuer: string, others: readonly string[] = []): ReadonlySet<string> {
  return new Set([issuer, ...others].map((url) => new URL(url).origin))
}

/**
 * A `fetch` for one issuer: only its own origin and those the configuration names, only https (http on loopback), no redirects, at most
 * 1 MiB and 5 s. A discovery document therefore cannot send client credentials or key look-ups elsewhere.
 * @throws GatehouseError `unavailable` from the returned function, with the reason in `detail`.
 */
export function createIssuerFetch(issuer: string, otherOrigins: readonly string[] = []): IssuerFetch {
  const origins = originsOf(issuer, otherOrigins)
  return async (url, init: RequestInit = {}) => {
    const target = new URL(url)
    if (!origins.has(target.origin))
      throw refuse(`${target.origin} is neither the issuer's own origin nor one of endpointOrigins`)
    if (target.protocol !== 'https:' && !isLoopback(target)) throw refuse(`${target.origin} is not https`)
    const signal = AbortSignal.any([AbortSignal.timeout(timeoutMs), ...(init.signal ? [init.signal] : [])])
    try {
      const response = await fetch(target, { ...init, redirect: 'manual', signal })
      if (response.status >= 300 && response.status < 400) {
        await response.body?.cancel()
        throw refuse(`${target.href} answered with a redirect, ${response.status}`)
      }
      const body = await readBounded(response)
      const isEmpty = response.status === 204 || body.length === 0
      return new Response(isEmpty ? null : new Uint8Array(body), {
        status: response.status,
        headers: response.headers,
      })
    } catch (error) {
      if (error instanceof GatehouseError) throw error
      throw refuse(`${target.href}: ${String(error)}`, error)
    }
  }
}
