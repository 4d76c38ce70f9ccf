import { type IncomingHttpHeaders, type IncomingMessage, request as httpRequest } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { pipeline } from 'node:stream'
import type { Material } from '@gatehouse/config'
import { GatehouseError, renderPrometheus } from '@gatehouse/errors'
import { trailOf } from '@gatehouse/http'
import type { Logger } from '@gatehouse/telemetry'
import type { Express, Request, Response } from 'express'
import type { LoginCookies } from './login/cookies.ts'

export interface ForwardDeps {
  readonly gatewayUrl: string
  /** Certificates (PEM) that are trusted there instead of the system's. */
  readonly gatewayCa?: Material<string> | undefined
  readonly cookies: LoginCookies
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

/** Errors here have Prometheus's form, as the gateway's own have. */
function fail(response: Response, error: GatehouseError): void {
  if (response.headersSent) {
    response.destroy()
    return
  }
  const { status, headers, body } = renderPrometheus(error, trailOf(response).requestId)
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value)
  response.removeHeader('www-authenticate')
  response.status(status).end(body)
}

function answerWith(upstream: IncomingMessage, response: Response, deps: ForwardDeps): void {
  response.status(upstream.statusCode ?? 502)
  copyHeaders(upstream.headers, response)
  pipeline(upstream, response, (error) => {
    if (error) deps.logger.info({ requestId: trailOf(response).requestId, err: error }, 'answer cut short')
  })
}

/**
 * Serves the gateway's `/prom/…` under the console's own origin, so that the console needs no CORS. The session, or without one
 * a bearer token, is passed on as credential; the gateway authenticates, authorises and audits as for every other client.
 */
export function mountForward(app: Express, deps: ForwardDeps): void {
  const target = new URL(deps.gatewayUrl)
  const send = target.protocol === 'https:' ? httpsRequest : httpRequest
  app.use('/prom', (request: Request, response: Response) => {
    const { requestId } = trailOf(response)
    const options = {
      method: request.method,
      // The gateway parses the path as it came; only the host is ours to choose.
      path: request.originalUrl,
      headers: requestHeaders(request, requestId, deps.cookies),
      ...(deps.gatewayCa === undefined ? {} : { ca: deps.gatewayCa.current() }),
    }
    const upstream = send(target, options, (answer) => answerWith(answer, response, deps))
    response.on('close', () => upstream.destroy())
    upstream.on('error', (error) => {
      if (response.destroyed) return
      deps.logger.warn({ requestId, err: error }, 'the gateway does not answer')
      fail(response, new GatehouseError('bad_gateway', 'the gateway does not answer', { cause: error }))
    })
    pipeline(request, upstream, () => undefined)
  })
}
