import { randomUUID } from 'node:crypto'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import { Socket } from 'node:net'
import { type AuditEvent, eventTime, uuidV7 } from '@gatehouse/audit'
import { GatehouseError, renderPrometheus } from '@gatehouse/errors'
import { newRequestId } from '@gatehouse/telemetry'
import { malformedBody } from './headers.ts'

/** The refusal of what Node's parser did not accept; undefined if there is nobody to tell. */
function refusalOf(error: NodeJS.ErrnoException): GatehouseError | undefined {
  if (error.code === 'HPE_HEADER_OVERFLOW')
    return new GatehouseError('headers_too_large', 'the request headers are too large')
  if (error.code === 'ERR_HTTP_REQUEST_TIMEOUT')
    return new GatehouseError('request_timeout', 'the request did not arrive in time')
  if (error.code?.startsWith('HPE_') === true)
    return new GatehouseError('bad_data', 'the request is not valid HTTP')
  return undefined
}

function eventOf(socket: Duplex, error: GatehouseError, requestId: string): AuditEvent {
  const now = Date.now()
  return {
    schema: 1,
    id: uuidV7(now, randomUUID()),
    at: eventTime(now),
    code: 'Q010E',
    requestId,
    orgUid: null,
    actor: null,
    from: { address: (socket instanceof Socket ? socket.remoteAddress : undefined) ?? '' },
    action: 'none',
    resource: null,
    request: { method: '', route: 'malformed' },
    enforced: [],
    constraints: [],
    metrics: [],
    decision: { allowed: false, because: [], reason: error.message, policyVersion: '' },
    plan: null,
    outcome: { result: 'failed', httpStatus: error.status, errorCode: error.code, durationMs: 0 },
  }
}

function send(socket: Duplex, error: GatehouseError, requestId: string): void {
  if (!socket.writable) return
  const { status, headers, body } = renderPrometheus(error, requestId)
  const all = { ...headers, connection: 'close', 'content-length': String(Buffer.byteLength(body)) }
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`)
  socket.end(`HTTP/1.1 ${status} Refused\r\n${lines.join('')}\r\n${body}`)
}

interface Pending {
  readonly message: IncomingMessage
  readonly res: ServerResponse
}

/** Answers, audited like everything else, what Node's HTTP parser refuses, and closes the connection. */
export function refuseMalformed(server: Server, append: (event: AuditEvent) => Promise<void>): void {
  const pending = new WeakMap<Duplex, Pending>()
  server.on('request', (message, res) => pending.set(message.socket, { message, res }))
  server.on('clientError', (cause, socket) => {
    const error = refusalOf(cause)
    if (error === undefined || !socket.writable) {
      socket.destroy()
      return
    }
    const before = pending.get(socket)
    const isPending = before !== undefined && !before.res.writableEnded
    if (isPending) before.res.shouldKeepAlive = false
    if (isPending && !before.message.complete) {
      // The fault is in the body of a request that has its handler, which answers it and leaves its event.
      before.message.emit(malformedBody, error)
      return
    }
    const requestId = newRequestId()
    // Behind a request that is being answered, nothing may be written: the connection ends with that answer.
    const answer = (refusal: GatehouseError): void => {
      if (!isPending) send(socket, refusal, requestId)
    }
    append(eventOf(socket, error, requestId)).then(
      () => answer(error),
      () => answer(new GatehouseError('audit_unavailable', 'the audit log is unavailable')),
    )
  })
}
