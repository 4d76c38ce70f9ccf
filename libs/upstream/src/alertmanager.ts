import { GatehouseError, isGatehouseError } from '@gatehouse/errors'
import { Pool } from 'undici'
import type { Connections } from './connections.ts'

/** A request to an Alertmanager, below `/api/v2`; made of constants and checked values. */
export interface AlertmanagerRequest {
  readonly method: 'GET' | 'POST' | 'DELETE'
  readonly path: string
  readonly parameters?: readonly (readonly [name: string, value: string])[] | undefined
  /** JSON text. */
  readonly body?: string | undefined
}

/** The client of the Alertmanagers of all data sources. */
export interface Alertmanagers {
  /**
   * Asks once: nothing is retried, for an Alertmanager that has too much to do says so by a 503. An empty body is null.
   * @throws GatehouseError `not_found`, `bad_data`, `unavailable`, `bad_gateway`; the signal's reason if that aborted it.
   */
  ask(baseUrl: string, request: AlertmanagerRequest, signal: AbortSignal): Promise<unknown>
  close(): Promise<void>
}

const maxBytes = 33_554_432

function refusal(status: number, text: string): GatehouseError {
  const detail = `Alertmanager answered ${status}: ${text.slice(0, 2_000)}`
  if (status === 404) return new GatehouseError('not_found', 'there is no such silence', { detail })
  if (status === 400 || status === 422)
    return new GatehouseError('bad_data', 'the Alertmanager refused the request', { detail })
  if (status >= 500)
    return new GatehouseError('unavailable', 'the Alertmanager is unavailable', { detail, retryAfter: 1 })
  return new GatehouseError('bad_gateway', 'the Alertmanager gave no usable answer', { detail })
}

async function readText(body: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of body) {
    length += chunk.length
    if (length > maxBytes)
      throw new GatehouseError('execution', `the Alertmanager's answer is larger than ${maxBytes} bytes`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

function parseJson(text: string): unknown {
  if (text === '') return null
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new GatehouseError('bad_gateway', 'the Alertmanager gave no usable answer', {
      detail: String(error),
    })
  }
}

function createPools(connections: Connections) {
  const pools = new Map<string, Pool>()
  return {
    of(baseUrl: string) {
      const connection = connections.of(baseUrl)
      const { origin, connect } = connection
      const pool =
        pools.get(baseUrl) ??
        new Pool(origin, {
          connections: 8,
          connect,
          headersTimeout: 30_000,
          bodyTimeout: 30_000,
          allowH2: false,
        })
      pools.set(baseUrl, pool)
      return { pool, ...connection }
    },
    close: () => Promise.all([...pools.values()].map((pool) => pool.close())),
  }
}

function unavailable(cause: Error): GatehouseError {
  const detail = isGatehouseError(cause) ? (cause.detail ?? cause.message) : cause.message
  return new GatehouseError('unavailable', 'the Alertmanager is unavailable', {
    detail,
    cause,
    retryAfter: 1,
  })
}

/** Creates the client; connections are made on use, redirects are not followed. */
export function createAlertmanagers(connections: Connections): Alertmanagers {
  const pools = createPools(connections)
  return {
    async ask(baseUrl, { method, path, parameters = [], body }, signal) {
      const query = parameters.map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join('&')
      const { pool, prefix, headers: credentials } = pools.of(baseUrl)
      const target = `${prefix}/api/v2${path}${query === '' ? '' : `?${query}`}`
      const headers = {
        ...credentials(),
        accept: 'application/json',
        'accept-encoding': 'identity',
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      }
      try {
        const answer = await pool.request({ path: target, method, headers, body: body ?? null, signal })
        const text = await readText(answer.body)
        if (answer.statusCode !== 200) throw refusal(answer.statusCode, text)
        return parseJson(text)
      } catch (error) {
        signal.throwIfAborted()
        const cause = error instanceof Error ? error : new Error(String(error))
        // What a connection itself refused is no answer of the Alertmanager.
        if (isGatehouseError(cause) && cause.detail?.startsWith('upstream.') !== true) throw cause
        throw unavailable(cause)
      }
    },
    async close() {
      await pools.close()
    },
  }
}
