import type { UpstreamRequest } from '@gatehouse/query'
import { Pool } from 'undici'
import { type Breaker, createBreaker } from './breaker.ts'
import type { Connections } from './connections.ts'
import { Exchange } from './exchange.ts'
import { createLatency, type Latency } from './latency.ts'

/** How connections to replicas are made; times in ms. */
export interface ConnectionOptions {
  readonly headersTimeout: number
  readonly idleTimeout: number
  readonly maxConnections: number
}

/** One request on its way. */
export interface Sending {
  /** Settles with the first piece of the body; rejects with a connection error or why it was aborted. */
  readonly head: Promise<Exchange>
  /** Ends it now, whatever it waits for, and closes its connection. */
  abort(reason: Error): void
}

/** The connections to one replica's URL and what is known of its health. */
export interface ReplicaClient {
  readonly breaker: Breaker
  readonly latency: Latency
  readonly inFlight: number
  send(request: UpstreamRequest, signal: AbortSignal): Sending
  /** Sends it over a connection of its own, which no other request holds up. */
  sendBeside(request: UpstreamRequest, signal: AbortSignal): Sending
  close(): Promise<void>
}

const formType = 'application/x-www-form-urlencoded'
// Made anew for every request and the same for all: nothing a caller sent gets into them.
const getHeaders = { accept: 'application/json', 'accept-encoding': 'identity' }

/** The headers of the kinds of request, with the credentials of a replica. */
function headersWith(credentials: Readonly<Record<string, string>>) {
  const get = { ...credentials, ...getHeaders }
  return {
    of: credentials,
    get,
    post: { ...get, 'content-type': formType },
    legacy: { ...get, accept: 'text/plain; version=0.0.4' },
    utf8: { ...get, accept: 'text/plain; version=0.0.4; escaping=allow-utf-8' },
  }
}

/** Creates the client of one replica; no connection is made yet. @throws GatehouseError `unavailable` if its address is not allowed. */
export function createReplicaClient(
  url: string,
  connections: Connections,
  options: ConnectionOptions,
): ReplicaClient {
  const { origin, prefix, connect, headers: credentials } = connections.of(url)
  const settings: Pool.Options = {
    connect,
    headersTimeout: options.headersTimeout,
    bodyTimeout: options.idleTimeout,
    keepAliveTimeout: 30_000,
    pipelining: 1,
    allowH2: false,
  }
  const pool = new Pool(origin, { ...settings, connections: options.maxConnections })
  const besides = new Pool(origin, { ...settings, connections: 1 })
  let inFlight = 0
  let headers = headersWith(credentials())
  const dispatch = (to: Pool, request: UpstreamRequest, exchange: Exchange): void => {
    const { method, path, form, exposition } = request
    const present = credentials()
    if (headers.of !== present) headers = headersWith(present)
    const target = prefix + path
    const withOwn = (usual: Readonly<Record<string, string>>) =>
      request.headers === undefined ? usual : { ...usual, ...request.headers }
    if (method === 'POST') {
      to.dispatch({ method, path: target, headers: withOwn(headers.post), body: form }, exchange)
      return
    }
    const kind = exposition === undefined ? headers.get : headers[exposition]
    const whole = form === '' ? target : `${target}?${form}`
    to.dispatch({ method, path: whole, headers: withOwn(kind) }, exchange)
  }
  const sendOver = (to: Pool, request: UpstreamRequest, signal: AbortSignal): Sending => {
    const { promise: head, resolve, reject } = Promise.withResolvers<Exchange>()
    if (signal.aborted) {
      reject(signal.reason)
      return { head, abort: () => undefined }
    }
    inFlight += 1
    const exchange = new Exchange(signal, { resolve, reject }, () => {
      inFlight -= 1
    })
    dispatch(to, request, exchange)
    return { head, abort: (reason) => exchange.abort(reason) }
  }
  return {
    breaker: createBreaker(() => performance.now()),
    latency: createLatency(() => performance.now()),
    get inFlight() {
      return inFlight
    },
    send: (request, signal) => sendOver(pool, request, signal),
    sendBeside: (request, signal) => sendOver(besides, request, signal),
    async close() {
      await Promise.all([pool.destroy(), besides.destroy()])
    },
  }
}
