import { readFileSync } from 'node:fs'
import { get as getPlain, type RequestOptions } from 'node:http'
import { get as getSecure } from 'node:https'

/** What `/-/ready` said. */
export interface Readiness {
  readonly isReady: boolean
  readonly text: string
}

const timeoutMs = 2_500

/**
 * Asks a running service whether it is ready. Never rejects.
 * @param certFile The certificate it shows: that very one is trusted, whatever name the service is asked by.
 */
export function probeReady(url: string, certFile?: string): Promise<Readiness> {
  const { promise, resolve } = Promise.withResolvers<Readiness>()
  const fail = (error: Error): void =>
    resolve({ isReady: false, text: `${url} does not answer: ${error.message}` })
  const options: RequestOptions = { signal: AbortSignal.timeout(timeoutMs), agent: false }
  const ask = () => {
    const target = `${url}/-/ready`
    if (!url.startsWith('https:')) return getPlain(target, options)
    const pinned =
      certFile === undefined
        ? {}
        : {
            ca: readFileSync(certFile),
            allowPartialTrustChain: true,
            checkServerIdentity: () => undefined,
          }
    return getSecure(target, { ...options, ...pinned })
  }
  try {
    ask()
      .on('response', (response) => {
        let text = ''
        response.setEncoding('utf8')
        response.on('data', (chunk: string) => {
          text += chunk
        })
        response.on('end', () => resolve({ isReady: response.statusCode === 200, text: text.trim() }))
        response.on('error', fail)
      })
      .on('error', fail)
  } catch (error) {
    fail(error instanceof Error ? error : new Error(String(error)))
  }
  return promise
}
