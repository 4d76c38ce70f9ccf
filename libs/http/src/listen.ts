import type { Server } from 'node:http'
import { Server as SecureServer } from 'node:https'
import { setTimeout as sleep } from 'node:timers/promises'
import { GatehouseError } from '@gatehouse/errors'

/** A server that listens. */
export interface Listening {
  /** Base URL without a trailing slash, with the port really bound. */
  readonly url: string
  /** True from the start of {@link Listening.close}; readiness must be false then. */
  isDraining(): boolean
  /** Says that it is not ready for a while, stops accepting, lets requests in flight finish within the grace, cuts the rest. Safe to call twice. */
  close(): Promise<void>
}

function parseListenAddress(listenAddress: string): { host: string; port: number } {
  const at = listenAddress.lastIndexOf(':')
  const host = listenAddress.slice(0, at).replace(/^\[|\]$/g, '')
  return { host: host === '' ? '::' : host, port: Number(listenAddress.slice(at + 1)) }
}

function drain(server: Server, graceMs: number): Promise<void> {
  return new Promise((resolve) => {
    // A keep-alive connection becomes idle when its answer is out; Node closes only those idle at the time of close().
    const sweep = setInterval(() => server.closeIdleConnections(), 50)
    const cut = setTimeout(() => server.closeAllConnections(), graceMs)
    server.close(() => {
      clearInterval(sweep)
      clearTimeout(cut)
      resolve()
    })
    server.closeIdleConnections()
  })
}

/** How a server stops; times in ms. */
export interface Drain {
  /** How long it goes on taking requests while it says that it is not ready, so that load balancers find out first. */
  readonly notReadyMs?: number
  /** Longest time {@link Listening.close} then waits for requests in flight. */
  readonly graceMs: number
}

/**
 * Starts a server on `host:port` (port 0 picks a free one) and hands back how to drain it.
 * @throws GatehouseError `unavailable` naming the address when it cannot be bound.
 */
export async function listen(server: Server, listenAddress: string, stop: Drain): Promise<Listening> {
  const { host, port } = parseListenAddress(listenAddress)
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      reject(
        new GatehouseError(
          'unavailable',
          `cannot listen on ${listenAddress}: ${cause.code ?? cause.message}`,
          {
            cause,
          },
        ),
      )
    })
    server.listen(port, host, resolve)
  })
  let closing: Promise<void> | undefined
  server.prependListener('request', (_request, response) => {
    if (closing !== undefined) response.shouldKeepAlive = false
  })
  const address = server.address()
  const bound = typeof address === 'object' && address !== null ? address.port : port
  const name = host === '::' || host === '0.0.0.0' ? 'localhost' : host.includes(':') ? `[${host}]` : host
  return {
    url: `${server instanceof SecureServer ? 'https' : 'http'}://${name}:${bound}`,
    isDraining: () => closing !== undefined,
    close: () => {
      closing ??= sleep(stop.notReadyMs ?? 0).then(() => drain(server, stop.graceMs))
      return closing
    },
  }
}

/** Calls `close` on the first SIGTERM or SIGINT and then ends the process; a second signal ends it at once. */
export function closeOnSignal(close: () => Promise<void>, onError: (error: unknown) => void): void {
  let isClosing = false
  const handle = (): void => {
    if (isClosing) process.exit(130)
    isClosing = true
    close().then(
      () => process.exit(0),
      (error: unknown) => {
        onError(error)
        process.exit(1)
      },
    )
  }
  process.on('SIGTERM', handle)
  process.on('SIGINT', handle)
}
