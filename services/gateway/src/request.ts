import type { IncomingMessage } from 'node:http'
import { GatehouseError } from '@gatehouse/errors'
import { checkExpectation } from '@gatehouse/http'
import { decodeForm, parseJson } from './decode.ts'
import { type Endpoint, findRoute, methodsAt, type Route } from './endpoints.ts'
import { checkBody, checkHeaders, hasBody, readForm } from './headers.ts'
import { type Question, readQuestion } from './question.ts'
import { optional, type Parameters, readFlag } from './read-parameters.ts'
import type { Trail } from './trail.ts'

declare const read: unique symbol

interface Decoded {
  readonly endpoint: Endpoint
  readonly dataSourceUid: string
  readonly question: Question
  /** Whether the answer shall say in `infos` where it comes from. */
  readonly wantsInfos: boolean
  /** Whether an answer without some shards is better than none. Never so for alert evaluation. */
  readonly wantsPartial: boolean
  /** Whether the answer must not come from the cache, nor leave a trace in it. */
  readonly wantsFresh: boolean
  /** Whether an alert rule asks: it never gets an expired answer. */
  readonly isForAlert: boolean
  /** Names and values in turn, for authentication only; nothing of them is forwarded. */
  readonly rawHeaders: readonly string[]
  readonly remoteAddress: string | undefined
}

/** A request decoded once, in one canonical form. Only {@link readRequest} makes one. */
export type PrometheusRequest = Decoded & { readonly [read]: true }

/** Bounds of a request, in bytes. */
export interface RequestLimits {
  readonly maxUrlBytes: number
  readonly maxBodyBytes: number
}

function accept(parameters: Map<string, string[]>, endpoint: Endpoint, text: string): void {
  const own = new Set<string>()
  for (const [name, value] of decodeForm(text)) {
    // `hasOwn`: a parameter called `constructor` is as unknown as any other.
    if (!Object.hasOwn(endpoint.parameters, name)) continue
    const values = parameters.get(name)
    if (values === undefined) parameters.set(name, [value])
    else if (!own.has(name))
      throw new GatehouseError('bad_data', `parameter "${name}" is in both the URL and the body`)
    else if (endpoint.parameters[name] === 'selectors' || endpoint.parameters[name] === 'texts')
      values.push(value)
    else throw new GatehouseError('bad_data', `parameter "${name}" is given more than once`)
    own.add(name)
  }
}

/** Grafana's mark of a query that an alert rule makes: it can only tighten, so that anybody may send it. */
function isForAlert(header: string | string[] | undefined): boolean {
  return header !== undefined && header !== 'false'
}

function checkMethod(route: Route, method: string): void {
  if (!route.endpoint.methods.some((known) => known === method))
    throw new GatehouseError('method_not_allowed', `use ${methodsAt(route.endpoint).join(' or ')}`)
}

/**
 * Reads a request into its canonical form: one route, every parameter from one place, typed.
 * @param now ms since the epoch.
 * @throws GatehouseError `not_found`, `method_not_allowed`, `bad_data`, `too_large`, `uri_too_long`, `expectation_failed`,
 * `unsupported_media_type`
 */
export async function readRequest(
  message: IncomingMessage,
  limits: RequestLimits,
  trail: Trail,
): Promise<PrometheusRequest> {
  const target = message.url ?? ''
  const mark = target.indexOf('?')
  const route = findRoute(mark === -1 ? target : target.slice(0, mark), message.method)
  if (route === undefined) throw new GatehouseError('not_found', 'there is no such endpoint')
  const { endpoint, dataSourceUid } = trail.note('route', route)
  if (target.length > limits.maxUrlBytes)
    throw new GatehouseError('uri_too_long', `the URL is longer than ${limits.maxUrlBytes} bytes`)
  checkHeaders(message.rawHeaders)
  checkExpectation(message)
  checkMethod(route, message.method ?? '')
  checkBody(message, limits.maxBodyBytes, endpoint.body ?? 'form')
  const parameters = new Map<string, string[]>()
  accept(parameters, endpoint, mark === -1 ? '' : target.slice(mark + 1))
  let body: unknown
  if (hasBody(message)) {
    const text = await readForm(message, limits.maxBodyBytes)
    if (endpoint.body === 'json') body = parseJson(text)
    else accept(parameters, endpoint, text)
  }
  const question = trail.note(
    'question',
    readQuestion(route, parameters satisfies Parameters, {
      now: trail.startedAt,
      headers: message.headers,
      body,
    }),
  )
  const { rawHeaders, headers } = message
  const forAlert = isForAlert(headers['fromalert'])
  const decoded: Decoded = {
    endpoint,
    dataSourceUid,
    question,
    wantsInfos: optional(parameters, 'infos', readFlag) ?? false,
    wantsPartial: (optional(parameters, 'partial_response', readFlag) ?? false) && !forAlert,
    wantsFresh: /(^|[\s,])no-store([\s,]|$)/i.test(headers['cache-control'] ?? ''),
    isForAlert: forAlert,
    rawHeaders,
    remoteAddress: trail.address,
  }
  return decoded as PrometheusRequest
}
