import { type IncomingHttpHeaders, type IncomingMessage, request as httpRequest } from 'node:http'
import { request as httpsRequest } from 'node:https'
import type { Material } from '@gatehouse/config'
import { GatehouseError, isGatehouseError, renderPrometheus } from '@gatehouse/errors'
import { type AppDeps, trailOf } from '@gatehouse/http'
import type { Logger } from '@gatehouse/telemetry'
import type { Express, Request, Response } from 'express'
import type { LoginCookies } from './login/cookies.ts'

export interface ForwardDeps {
  readonly gatewayUrl: string
  /** Certificates (PEM) that are trusted there instead of the system's. */
  readonly gatewayCa?: Material<string> | undefined
  readonly cookies: LoginCookies
  readonly record: AppDeps['record']
  /** Notes who sent a request; never throws. */
  readonly attribute: AppDeps['attribute']
  readonly logger: Logger
}

/** All that is passed on of a request besides the session cookie: no hop-by-hop, forwarding or identity headers. */
const passedOn = [
  'accept',
  'accept-encoding',
  'content-type',
  'content-length',
  'user-agent',
  'traceparent',
] as const
/** The gateway accepts a session only with the browser's word on who caused the request. */
const proofs = ['sec-fetch-site', 'x-gatehouse-org'] as const
/** What a query is for, as Grafana says it: for the audit log, and which dashboard is looked at first. */
const hints = ['x-dashboard-uid', 'x-panel-id'] as const
const passedBack = [
  'content-type',
  'content-encoding',
  'content-length',
  'cache-control',
  'retry-after',
  'vary',
  'age',
  'allow',
] as const

function requestHeaders(
  { headers }: Request,
  requestId: string,
  cookies: LoginCookies,
): Record<string, string> {
  const result: Record<string, string> = { 'x-request-id': requestId }
  for (const name of [...passedOn, ...proofs, ...hints]) {
    const value = headers[name]
    if (typeof value === 'string') result[name] = value
  }
  const secret = cookies.read(headers.cookie, cookies.session)
  if (secret !== undefined) result['cookie'] = `${cookies.session}=${secret}`
  // The page of a share link has a token and sends no cookie. One credential alone is passed on.
  else if (headers.authorization !== undefined) result['authorization'] = headers.authorization
  return result
}

function copyHeaders(from: IncomingHttpHeaders, response: Response): void {
  for (const name of [...passedBack, ...Object.keys(from).filter((key) => key.startsWith('x-gatehouse-'))]) {
    const value = from[name]
    if (value !== undefined) response.setHeader(name, value)
  }
}

interface Forwarded {
  readonly request: Request
  readonly response: Response
}

/** The gateway records what it answers; what it cannot know of leaves its event here. */
async function recordFailure(
  { request, response }: Forwarded,
  error: GatehouseError,
  { record, attribute }: ForwardDeps,
): Promise<void> {
  const trail = trailOf(response)
  trail.action = 'gateway:forward'
  await attribute(request, trail)
  const status = response.headersSent ? response.statusCode : error.status
  await record(trail, { status, errorCode: error.code, reason: error.message })
}

/** Errors here have Prometheus's form, as the gateway's own have. */
function send(response: Response, error: GatehouseError): void {
  if (response.headersSent) {
    response.destroy()
    return
  }
  const { status, headers, body } = renderPrometheus(error, trailOf(response).requestId)
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value)
  response.removeHeader('www-authenticate')
  response.status(status).end(body)
}

function refusalOf(cause: Error, { destroyed }: Response): GatehouseError {
  // What of the request is no HTTP.
  if (isGatehouseError(cause.cause)) return cause.cause
  return destroyed
    ? new GatehouseError('canceled', 'the client went away', { cause })
    : new GatehouseError('bad_gateway', 'the gateway does not answer', { cause })
}

async function fail(forwarded: Forwarded, error: GatehouseError, deps: ForwardDeps): Promise<void> {
  const { requestId } = trailOf(forwarded.response)
  deps.logger.warn({ requestId, err: error.cause }, error.message)
  const answered = await recordFailure(forwarded, error, deps).then(
    () => error,
    (cause: unknown) => new GatehouseError('audit_unavailable', 'the audit log is unavailable', { cause }),
  )
  send(forwarded.response, answered)
}

function answerWith(upstream: IncomingMessage, forwarded: Forwarded, deps: ForwardDeps): void {
  const { response } = forwarded
  response.status(upstream.statusCode ?? 502)
  copyHeaders(upstream.headers, response)
  upstream.on('error', (cause) => {
    if (response.destroyed) return
    void fail(
      forwarded,
      new GatehouseError('bad_gateway', 'the answer of the gateway broke off', { cause }),
      deps,
    )
  })
  upstream.pipe(response)
}

/**
 * Serves the gateway's `/prom/…` under the console's own origin, so that the console needs no CORS. The session, or without one
 * a bearer token, is passed on as credential; the gateway authenticates, authorises and audits as for every other client.
 */
export function mountForward(app: Express, deps: ForwardDeps): void {
  const target = new URL(deps.gatewayUrl)
  const ask = target.protocol === 'https:' ? httpsRequest : httpRequest
  app.use('/prom', (request: Request, response: Response) => {
    const forwarded = { request, response }
    const options = {
      method: request.method,
      // The gateway parses the path as it came; only the host is ours to choose.
      path: request.originalUrl,
      headers: requestHeaders(request, trailOf(response).requestId, deps.cookies),
      ...(deps.gatewayCa === undefined ? {} : { ca: deps.gatewayCa.current() }),
    }
    let isReached = false
    const upstream = ask(target, options, (answer) => answerWith(answer, forwarded, deps))
    upstream.on('finish', () => {
      isReached = true
    })
    response.on('close', () => upstream.destroy())
    upstream.on('error', (cause) => {
      // A client that left is the gateway's to record, if that knows of it.
      if (!response.destroyed || !isReached) void fail(forwarded, refusalOf(cause, response), deps)
    })
    request.on('error', (error) => upstream.destroy(error))
    request.pipe(upstream)
  })
}
