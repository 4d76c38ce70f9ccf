import type { IncomingMessage } from 'node:http'
import { type ErrorCode, GatehouseError } from '@gatehouse/errors'
import { type Logger, requestIdFrom } from '@gatehouse/telemetry'
import express, { type Express, type NextFunction, type Request, type Response } from 'express'
import { type Format, plainJson } from './format.ts'
import { asDownload, sendDownload } from './download.ts'
import { checkOrigin } from './origin.ts'
import { errorFrom, sendError } from './problem.ts'
import { checkExpectation, checkText, checkWhole } from './refuse-malformed.ts'
import { securityHeaders } from './security-headers.ts'
import type { Route } from './route.ts'
import type { Ending, Trail } from './trail.ts'

/** What the Express application of a service is composed of. */
export interface AppDeps {
  /** Where browsers reach the service, scheme and host: the only origin whose pages may change anything. */
  readonly externalUrl: string
  /** Addresses of proxies whose `X-Forwarded-For` is believed. */
  readonly trustProxy: readonly string[]
  readonly logger: Logger
  /** Writes the audit event of a request; the answer leaves only after it. */
  readonly record: (trail: Trail, ending: Ending) => Promise<void>
  /** Notes on the trail who sent a request that was refused before anybody was asked for, if its credentials are good. Never throws. */
  readonly attribute: (request: IncomingMessage, trail: Trail) => Promise<void>
}

/** An Express application whose every answer is recorded first. */
export interface App {
  readonly express: Express
  /** Serves the declared routes. Call once. */
  mount(routes: readonly Route[]): void
  /** Answers what nothing else did, and every error. Call last. */
  finish(): void
}

/** The trail of a request; made on arrival. */
export function trailOf(response: Response): Trail {
  const trail = trails.get(response)
  if (trail === undefined) throw new GatehouseError('internal', 'the request has no trail')
  return trail
}
const trails = new WeakMap<Response, Trail>()
const formats = new WeakMap<Response, Format>()

const maxBodyBytes = 100_000

function startTrail(request: Request): Trail {
  return {
    requestId: requestIdFrom(request.headers['x-request-id']),
    method: request.method,
    path: request.originalUrl.split('?', 1)[0] ?? '',
    route: 'unmatched',
    action: 'unmatched',
    address: request.ip ?? '',
    userAgent: request.headers['user-agent'],
    startedAt: Date.now(),
    actor: undefined,
    orgUid: null,
    resource: undefined,
    decision: undefined,
    successStatus: 200,
  }
}

/** Node leaves this to us, so that the refusal has its event. @throws GatehouseError `bad_data` */
function checkHost({ headers, httpVersionMinor }: IncomingMessage): void {
  if (headers.host === undefined && httpVersionMinor > 0)
    throw new GatehouseError('bad_data', 'the Host header is missing')
}

/**
 * Fails unless every route has a permission, an action and a place of its own.
 * @throws Error naming the route
 */
export function checkRoutes(routes: readonly Route[]): void {
  const seen = new Set<string>()
  for (const { declaration } of routes) {
    const name = `${declaration.method} ${declaration.path}`
    const permission: { name?: string } | undefined = declaration.permission
    if (!permission?.name) throw new Error(`the route ${name} has no permission`)
    if (!/^[a-z-]+:[a-z-]+$/.test(declaration.action)) throw new Error(`the route ${name} has no action`)
    if (seen.has(name)) throw new Error(`the route ${name} is declared twice`)
    seen.add(name)
  }
}

/** Creates the Express application; see {@link App}. */
export function createApp(deps: AppDeps): App {
  const app = express()
  const ownOrigin = new URL(deps.externalUrl).origin
  const headers = securityHeaders(ownOrigin.startsWith('https:'))
  app.disable('x-powered-by').disable('etag').enable('case sensitive routing').enable('strict routing')
  app.set('query parser', false)
  app.set('trust proxy', [...deps.trustProxy])
  app.use((request: Request, response: Response, next: NextFunction) => {
    const trail = startTrail(request)
    trails.set(response, trail)
    response.setHeader('x-request-id', trail.requestId)
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value)
    checkHost(request)
    checkExpectation(request)
    checkWhole(request)
    checkOrigin(request.method, request.headers, ownOrigin)
    next()
  })
  return {
    express: app,
    mount: (routes) => mountRoutes(app, routes, deps),
    finish: () => finish(app, deps),
  }
}

function handlerOf(route: Route, deps: AppDeps) {
  const { status = 200, format } = route.declaration
  const { type } = format ?? plainJson
  return async (request: Request, response: Response): Promise<void> => {
    const trail = trailOf(response)
    trail.successStatus = status
    const url = new URL(request.originalUrl, 'http://unused')
    const params = Object.fromEntries(Object.entries(request.params).map(([k, v]) => [k, String(v)]))
    checkText('path', params)
    trail.params = params
    checkText('query', [...url.searchParams])
    checkText('body', request.body)
    const input = { params, query: url.searchParams, body: request.body as unknown }
    const answer = await route.run(request, input, trail, {
      setCookie: (cookie) => response.append('set-cookie', cookie),
      setHeader: (name, value) => response.setHeader(name, value),
    })
    const file = asDownload(route.declaration.response, answer)
    const body = file === undefined ? JSON.stringify(answer) : undefined
    // A change that recorded itself, in its own transaction, needs no second event.
    if (trail.isRecorded !== true) await deps.record(trail, { status, errorCode: undefined })
    response.setHeader('cache-control', 'no-store')
    response.status(status)
    if (file !== undefined) await sendDownload(response, file)
    else if (status === 204) response.end()
    else response.type(type).send(body)
  }
}

function mountRoutes(app: Express, routes: readonly Route[], deps: AppDeps): void {
  checkRoutes(routes)
  for (const route of routes) {
    const { method, path, action, format } = route.declaration
    const accepts = [...(format ?? plainJson).accepts]
    const limit = route.declaration.maxBodyBytes ?? maxBodyBytes
    const json = express.json({ limit, inflate: false, type: accepts })
    app[method](path, nameRoute(path, action, format), requireType(accepts), json, handlerOf(route, deps))
  }
  for (const path of new Set(routes.map((route) => route.declaration.path))) {
    const methods = routes.filter((r) => r.declaration.path === path).map((r) => r.declaration.method)
    app.all(path, nameRoute(path, 'unmatched'), (_request, response) => {
      response.setHeader('allow', methods.join(', ').toUpperCase())
      throw new GatehouseError('method_not_allowed', 'the method is not allowed here')
    })
  }
}

function nameRoute(path: string, action: string, format?: Format) {
  return (_request: Request, response: Response, next: NextFunction): void => {
    if (format !== undefined) formats.set(response, format)
    const trail = trailOf(response)
    trail.route = path
    trail.action = action
    next()
  }
}

/** A form post needs no preflight, so a body in any other format is refused before it is read. */
function requireType(accepts: string[]) {
  return (request: Request, _response: Response, next: NextFunction): void => {
    const hasBody =
      request.headers['content-length'] !== undefined || request.headers['transfer-encoding'] !== undefined
    const isEmpty = request.headers['content-length'] === '0'
    if (hasBody && !isEmpty && !request.is(accepts))
      throw new GatehouseError('unsupported_media_type', `send the body as ${accepts.join(' or ')}`)
    next()
  }
}

function finish(app: Express, deps: AppDeps): void {
  app.use(() => {
    throw new GatehouseError('not_found', 'there is nothing here')
  })
  // Express knows an error handler by its four parameters.
  app.use(async (thrown: unknown, request: Request, response: Response, _next: NextFunction) => {
    const trail = trailOf(response)
    const error = await recordError(errorFrom(thrown), { request, response, trail }, deps)
    if (response.headersSent) response.destroy()
    else sendError(response, error, { requestId: trail.requestId, format: formats.get(response) })
  })
}

const quiet: readonly ErrorCode[] = [
  'unauthenticated',
  'forbidden',
  'not_found',
  'bad_data',
  'method_not_allowed',
  'canceled',
]

/** Whose credentials are no good, or are not looked at because there are too many. */
const unattributed: readonly ErrorCode[] = ['unauthenticated', 'too_many_requests']

/** Logs and records a failed request; when the record itself fails, that is the error to answer with. */
async function recordError(
  error: GatehouseError,
  {
    request,
    response,
    trail,
  }: { readonly request: Request; readonly response: Response; readonly trail: Trail },
  deps: AppDeps,
): Promise<GatehouseError> {
  const { requestId, route, method } = trail
  const level = quiet.includes(error.code) ? 'info' : 'error'
  deps.logger[level]({ requestId, route, method, errorCode: error.code, detail: error.detail }, error.message)
  try {
    if (trail.actor === undefined && !unattributed.includes(error.code)) await deps.attribute(request, trail)
    // What breaks off while it is sent has its status already, and an event that says it was begun.
    const status = response.headersSent ? response.statusCode : error.status
    await deps.record(trail, { status, errorCode: error.code })
    return error
  } catch (failure) {
    deps.logger.error({ requestId, err: failure }, 'the audit event could not be written')
    return new GatehouseError('audit_unavailable', 'the audit log is unavailable')
  }
}
