import type { IncomingMessage } from 'node:http'
import { GatehouseError } from '@gatehouse/errors'
import { malformedBody } from '@gatehouse/http'

/** Headers of which a second one would be read differently by whoever reads it next. */
const single = new Set([
  'host',
  'authorization',
  'content-type',
  'content-length',
  'content-encoding',
  'transfer-encoding',
  'x-request-id',
])

const bodyTypes = {
  form: /^application\/x-www-form-urlencoded\s*(;\s*charset="?utf-8"?\s*)?$/i,
  json: /^application\/json\s*(;\s*charset="?utf-8"?\s*)?$/i,
}

/**
 * Refuses ambiguous headers, and requests without a host. Node keeps the first of two `Host` or `Authorization` headers, and proxies write `-` as `_`.
 * @throws GatehouseError `bad_data`
 */
export function checkHeaders(rawHeaders: readonly string[]): void {
  const seen = new Set<string>()
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = (rawHeaders[i] ?? '').toLowerCase()
    if (name.includes('_'))
      throw new GatehouseError('bad_data', 'header names with an underscore are refused')
    if (!single.has(name)) continue
    if (seen.has(name)) throw new GatehouseError('bad_data', `more than one ${name} header`)
    seen.add(name)
  }
  if (!seen.has('host')) throw new GatehouseError('bad_data', 'the Host header is missing')
}

/** Whether a body follows the head. */
export function hasBody({ headers }: IncomingMessage): boolean {
  const length = headers['content-length']
  return headers['transfer-encoding'] !== undefined || (length !== undefined && Number(length) > 0)
}

/**
 * Refuses bodies that are not a plain UTF-8 form, or JSON where that is expected.
 * @throws GatehouseError `bad_data`, `unsupported_media_type`, `too_large`
 */
export function checkBody(message: IncomingMessage, maxBodyBytes: number, kind: 'form' | 'json'): void {
  const { headers, method } = message
  const coding = headers['transfer-encoding']
  if (coding !== undefined && coding.toLowerCase() !== 'chunked')
    throw new GatehouseError('bad_data', 'the transfer coding is not supported')
  if (headers['content-encoding'] !== undefined)
    throw new GatehouseError('unsupported_media_type', 'encoded request bodies are refused')
  if (method === 'GET' || method === 'DELETE') {
    if (hasBody(message)) throw new GatehouseError('bad_data', `a ${method} request must not have a body`)
    return
  }
  const type = headers['content-type']
  if (type === undefined ? hasBody(message) : !bodyTypes[kind].test(type)) {
    const name = kind === 'form' ? 'application/x-www-form-urlencoded' : 'application/json'
    throw new GatehouseError('unsupported_media_type', `a body must be ${name}`)
  }
  if (Number(headers['content-length'] ?? 0) > maxBodyBytes) throw bodyTooLarge(maxBodyBytes)
}

/**
 * Reads the body as one character a byte. Events rather than an iterator: leaving an iterator early would destroy the socket
 * before it could be answered.
 * @throws GatehouseError `too_large`, `canceled`; `bad_data`, `request_timeout` if Node's parser refused it
 */
export function readForm(message: IncomingMessage, maxBodyBytes: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let length = 0
    message.on('data', (chunk: Buffer) => {
      length += chunk.length
      if (length <= maxBodyBytes) chunks.push(chunk)
      else {
        message.pause()
        reject(bodyTooLarge(maxBodyBytes))
      }
    })
    message.once('end', () => resolve(Buffer.concat(chunks, length).toString('latin1')))
    message.once(malformedBody, reject)
    message.once('error', () => reject(new GatehouseError('canceled', 'the client went away')))
  })
}

function bodyTooLarge(maxBodyBytes: number): GatehouseError {
  return new GatehouseError('too_large', `the request body is larger than ${maxBodyBytes} bytes`)
}
