import { randomUUID } from 'node:crypto'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import { Socket } from 'node:net'
import { type AuditEvent, type EventCode, eventTime, uuidV7 } from '@gatehouse/audit'
import { GatehouseError, type Rendered } from '@gatehouse/errors'
import { newRequestId } from '@gatehouse/telemetry'

/** Event of a message whose body Node's parser refused; its argument is the error. */
export const malformedBody = Symbol('malformed body')

/** How a server refuses what reaches none of its handlers. */
export interface MalformedDeps {
  /** Resolves when the event is durable; no answer leaves before. */
  readonly append: (event: AuditEvent) => Promise<void>
  /** Codes of the events: of what is no HTTP, and of what is not served. */
  readonly codes: { readonly malformed: EventCode; readonly notServed: EventCode }
  readonly render: (error: GatehouseError, requestId: string) => Rendered
}

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

interface Refused {
  readonly socket: Duplex
  readonly error: GatehouseError
  readonly requestId: string
  readonly code: EventCode
  readonly request: AuditEvent['request']
  readonly userAgent?: string | undefined
}

function eventOf({ socket, error, requestId, code, request, userAgent }: Refused): AuditEvent {
  const now = Date.now()
  const address = (socket instanceof Socket ? socket.remoteAddress : undefined) ?? ''
  return {
    schema: 1,
    id: uuidV7(now, randomUUID()),
    at: eventTime(now),
    code,
    requestId,
    orgUid: null,
    actor: null,
    from: { address, ...(userAgent === undefined ? {} : { userAgent }) },
    action: 'none',
    resource: null,
    request,
    enforced: [],
    constraints: [],
    metrics: [],
    decision: { allowed: false, because: [], reason: error.message, policyVersion: '' },
    plan: null,
    outcome: {
      result: code.endsWith('D') ? 'denied' : 'failed',
      httpStatus: error.status,
      errorCode: error.code,
      durationMs: 0,
    },
  }
}

function send(socket: Duplex, { status, headers, body }: Rendered): void {
  if (!socket.writable) return
  const all = { ...headers, connection: 'close', 'content-length': String(Buffer.byteLength(body)) }
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`)
  socket.end(`HTTP/1.1 ${status} Refused\r\n${lines.join('')}\r\n${body}`)
}

/** Records a refusal, then sends it unless something else is being sent on the connection. */
function refuse(refused: Refused, { append, render }: MalformedDeps, isSent = true): void {
  const answer = (error: GatehouseError): void => {
    if (isSent) send(refused.socket, render(error, refused.requestId))
  }
  append(eventOf(refused)).then(
    () => answer(refused.error),
    () => answer(new GatehouseError('audit_unavailable', 'the audit log is unavailable')),
  )
}

interface Pending {
  readonly message: IncomingMessage
  readonly res: ServerResponse
}

/** Requests whose body was refused before anybody read it. */
const faults = new WeakMap<IncomingMessage, GatehouseError>()

/** Refuses a request whose body is known to be no HTTP; later on its reader is told. @throws GatehouseError `bad_data` */
export function checkWhole(message: IncomingMessage): void {
  const fault = faults.get(message)
  if (fault !== undefined) throw fault
}

/** Tells the reader of a request's body, or who will be it, that the rest of it is no HTTP. */
function tellReader(message: IncomingMessage, error: GatehouseError): void {
  faults.set(message, error)
  if (message.emit(malformedBody, error) || message.listenerCount('error') === 0) return
  // Body parsers write a status of their own onto the error.
  message.emit('error', new Error(error.message, { cause: error }))
  // They wait for the end of what they refuse, and Node's parser brings none any more. What is not complete would take its connection along.
  message.complete = true
  message.push(null)
}

function refuseErrors(server: Server, deps: MalformedDeps): void {
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
      tellReader(before.message, error)
      return
    }
    const request = { method: '', route: 'malformed' }
    const code = deps.codes.malformed
    // Behind a request that is being answered, nothing may be written: the connection ends with that answer.
    refuse({ socket, error, requestId: newRequestId(), code, request }, deps, !isPending)
  })
}

/**
 * Answers, audited like everything else, what Node hands to no handler: what its HTTP parser refuses, and tunnels. The connection ends
 * with it. What expects something of us that we do not know (`Expect`) is handed on to the handlers, to be refused there.
 */
export function refuseMalformed(server: Server, deps: MalformedDeps): void {
  refuseErrors(server, deps)
  server.on('checkExpectation', (message, res) => server.emit('request', message, res))
  server.on('connect', ({ method = '', url = '', headers }, socket) => {
    socket.on('error', () => socket.destroy())
    const error = new GatehouseError('method_not_allowed', 'there are no tunnels here')
    const request = { method, route: url }
    const userAgent = headers['user-agent']
    refuse({ socket, error, requestId: newRequestId(), code: deps.codes.notServed, request, userAgent }, deps)
  })
}

/** Refuses what a client expects that nobody here can do. @throws GatehouseError `expectation_failed` */
export function checkExpectation({ headers }: IncomingMessage): void {
  const { expect } = headers
  if (expect === undefined || /^100-continue$/i.test(expect)) return
  throw new GatehouseError('expectation_failed', 'nothing but 100-continue can be expected')
}

/**
 * Fails for what no store can keep as it is: a NUL character, or half of a surrogate pair, anywhere in a value that JSON can hold.
 * @param where Part of the request, for the message.
 * @throws GatehouseError `bad_data`
 */
export function checkText(where: string, value: unknown): void {
  // A body may be nested deeper than calls may be.
  const rest = [value]
  while (rest.length > 0) {
    const one = rest.pop()
    if (typeof one === 'string') {
      if (one.includes('\0')) throw new GatehouseError('bad_data', `the ${where} holds a NUL character`)
      if (!one.isWellFormed())
        throw new GatehouseError('bad_data', `the ${where} holds half of a character (a lone surrogate)`)
    } else if (typeof one === 'object' && one !== null) {
      for (const [key, inner] of Object.entries(one)) rest.push(key, inner)
    }
  }
}
