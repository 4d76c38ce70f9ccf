import { createServer as createPlain, type Server, type ServerOptions } from 'node:http'
import { createServer as createSecure } from 'node:https'
import { createSecureContext } from 'node:tls'
import { createMaterial, type ListenTls } from '@gatehouse/config'

const lookEveryMs = 2_000
/** Node's own is two minutes, during which a connection that says nothing is held open. */
const handshakeTimeoutMs = 10_000

export interface HttpServerDeps {
  readonly options: ServerOptions
  /** Certificate and key; without them the server speaks plain HTTP. */
  readonly tls: ListenTls | undefined
  /** Told when a changed certificate cannot be used; the last good one stays in force. */
  readonly onError: (error: Error) => void
}

/**
 * Creates a server that is not listening yet: with TLS 1.2 or newer if it has a certificate, which is read again when its files change.
 * @throws Error naming the files of a certificate that cannot be read or used.
 */
export function createHttpServer({ options, tls, onError }: HttpServerDeps): Server {
  if (tls === undefined) return createPlain(options)
  const material = createMaterial(
    [tls.certFile, tls.keyFile],
    ([cert = '', key = '']) => {
      const given = { cert, key, minVersion: 'TLSv1.2' } as const
      createSecureContext(given)
      return given
    },
    onError,
  )
  let inForce = material.current()
  const server = createSecure({ ...options, ...inForce, handshakeTimeout: handshakeTimeoutMs })
  const timer = setInterval(() => {
    const now = material.current()
    if (now === inForce) return
    server.setSecureContext(now)
    inForce = now
  }, lookEveryMs)
  timer.unref()
  server.once('close', () => clearInterval(timer))
  return server
}
