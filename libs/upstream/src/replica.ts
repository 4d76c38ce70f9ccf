import { GatehouseError } from '@gatehouse/errors'
import type { UpstreamRequest } from '@gatehouse/query'
import { Pool } from 'undici'
import { type Breaker, createBreaker } from './breaker.ts'
import { Exchange } from './exchange.ts'

/** How connections to replicas are made; times in ms. */
export interface ConnectionOptions {
  readonly connectTimeout: number
  readonly headersTimeout: number
  readonly idleTimeout: number
  readonly maxConnections: number
}

/** The connections to one replica's URL and what is known of its health. */
export interface ReplicaClient {
  readonly breaker: Breaker
  readonly inFlight: number
  /** Sends one request. Resolves with the headers; rejects with a connection error or the signal's reason. */
  send(request: UpstreamRequest, signal: AbortSignal): Promise<Exchange>
  close(): Promise<void>
}

const formType = 'application/x-www-form-urlencoded'
// Made anew for every request and the same for all: nothing a caller sent gets into them.
const getHeaders = { accept: 'application/json', 'accept-encoding': 'identity' }
const postHeaders = { ...getHeaders, 'content-type': formType }
const expositionHeaders = {
  legacy: { ...getHeaders, accept: 'text/plain; version=0.0.4' },
  utf8: { ...getHeaders, accept: 'text/plain; version=0.0.4; escaping=allow-utf-8' },
}

function parseBase(url: string): { origin: string; prefix: string } {
  const { protocol, origin, pathname } = new URL(url)
  if (protocol !== 'http:' && protocol !== 'https:')
    throw new GatehouseError('internal', 'a replica URL must be http(s)')
  return { origin, prefix: pathname.replace(/\/$/, '') }
}

/** Creates the client of one replica; no connection is made yet. */
export function createReplicaClient(url: string, options: ConnectionOptions): ReplicaClient {
  const { origin, prefix } = parseBase(url)
  const breaker = createBreaker(() => performance.now())
  const pool = new Pool(origin, {
    connections: options.maxConnections,
    connect: { timeout: options.connectTimeout },
    headersTimeout: options.headersTimeout,
    bodyTimeout: options.idleTimeout,
    keepAliveTimeout: 30_000,
    pipelining: 1,
    allowH2: false,
  })
  let inFlight = 0
  return {
    breaker,
    get inFlight() {
      return inFlight
    },
    send({ method, path, form, exposition }, signal) {
      return new Promise((resolve, reject) => {
        if (signal.aborted) {
          reject(signal.reason as Error)
          return
        }
        inFlight += 1
        const exchange = new Exchange(signal, { resolve, reject }, () => {
          inFlight -= 1
        })
        const target = prefix + path
        if (method === 'POST')
          pool.dispatch({ method, path: target, headers: postHeaders, body: form }, exchange)
        else
          pool.dispatch(
            {
              method,
              path: form === '' ? target : `${target}?${form}`,
              headers: exposition === undefined ? getHeaders : expositionHeaders[exposition],
            },
            exchange,
          )
      })
    },
    close: () => pool.destroy(),
  }
}
