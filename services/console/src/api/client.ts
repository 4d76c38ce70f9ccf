import type * as z from 'zod/mini'

/** An answer of the API that is not what was asked for: HTTP status, a sentence for people, and the request's number for operators. */
export class ApiError extends Error {
  readonly status: number
  readonly requestId: string | undefined
  /** Seconds after which trying again makes sense, where the answer says so. */
  readonly retryAfter: number | undefined

  constructor(status: number, message: string, more: { requestId?: string; retryAfter?: number } = {}) {
    super(message)
    this.name = 'ApiError'
    this.status = status
    this.requestId = more.requestId
    this.retryAfter = more.retryAfter
  }
}

/** Any thrown thing as an {@link ApiError}; status 0 for what no server said. */
export function toApiError(error: unknown): ApiError {
  return error instanceof ApiError ? error : new ApiError(0, String(error))
}

/** The sentence in an error answer of the control plane (problem details) or of the gateway (Prometheus's form). */
export function sentenceOf(body: unknown): string | undefined {
  if (typeof body !== 'object' || body === null) return undefined
  if ('detail' in body && typeof body.detail === 'string') return body.detail
  if ('error' in body && typeof body.error === 'string') return body.error
  return undefined
}

/** What to send: a form for Prometheus's API, JSON for ours; `org` names the org to act in. */
export interface ApiRequest {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  readonly form?: Readonly<Record<string, string>> | URLSearchParams
  readonly json?: unknown
  readonly org?: string | undefined
  /** ETag of what is being changed; refused with 412 if it changed meanwhile. */
  readonly ifMatch?: string | undefined
  /** The same for each try of one create, so that a repeated one makes nothing twice. */
  readonly idempotencyKey?: string | undefined
  /** The token of a share link, in place of the session. */
  readonly token?: string | undefined
  /** What a query is for: statistics and the audit log, never what is allowed. */
  readonly hints?: Readonly<Record<string, string>> | undefined
  readonly signal?: AbortSignal | undefined
}

/** A parsed answer with what its headers say. */
export interface Answered<T> {
  readonly value: T
  readonly headers: Headers
  readonly etag: string | undefined
}

type Listener = () => void
const onEnd = new Set<Listener>()
const onUse = new Set<Listener>()

/** Calls `listener` when an answer says that the session has ended; the page stays as it is. Returns how to stop. */
export function onSessionEnded(listener: Listener): () => void {
  onEnd.add(listener)
  return () => onEnd.delete(listener)
}

/** Calls `listener` whenever an answer shows that the session is alive, which also prolongs it. */
export function onSessionUsed(listener: Listener): () => void {
  onUse.add(listener)
  return () => onUse.delete(listener)
}

let isHeld = false
/** What is asked even then: who is signed in, and how to stop being it. */
const unheld = new Set(['/api/v1/me', '/api/v1/sessions/current'])

/** Sends nothing more while somebody else is signed in: a page must not ask in the name of another than it shows. */
export function holdRequests(isOn: boolean): void {
  isHeld = isOn
}

function headersOf({ org, json, ifMatch, idempotencyKey, token, hints }: ApiRequest): Record<string, string> {
  return {
    accept: 'application/json',
    ...hints,
    ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    ...(org === undefined ? {} : { 'x-gatehouse-org': org }),
    ...(json === undefined ? {} : { 'content-type': 'application/json' }),
    ...(ifMatch === undefined ? {} : { 'if-match': ifMatch }),
    ...(idempotencyKey === undefined ? {} : { 'idempotency-key': idempotencyKey }),
  }
}

/**
 * Sends a request as the person signed in. Other sites cannot: changing requests are refused unless the browser says that they come
 * from here, so there is no token to carry.
 * @throws ApiError with status 0 if there was no answer, 409 while requests are held.
 */
export async function send(path: string, request: ApiRequest = {}): Promise<Response> {
  const { method = 'GET', form, json, token, signal } = request
  if (isHeld && token === undefined && !unheld.has(path))
    throw new ApiError(409, 'Somebody else is signed in in this browser now. Nothing was sent.')
  const body =
    form === undefined ? (json === undefined ? undefined : JSON.stringify(json)) : new URLSearchParams(form)
  try {
    return await fetch(path, {
      method,
      credentials: token === undefined ? 'same-origin' : 'omit',
      headers: headersOf(request),
      ...(body === undefined ? {} : { body }),
      ...(signal === undefined ? {} : { signal }),
    })
  } catch (error) {
    if (signal?.aborted) throw error
    throw new ApiError(0, 'Gatehouse cannot be reached. Check your connection and try again.')
  }
}

/** The error that an answer is. A 401 also tells whoever listens that the session has ended. */
export async function errorOf(response: Response): Promise<ApiError> {
  const body: unknown = await response.json().catch(() => undefined)
  if (response.status === 401) for (const listener of onEnd) listener()
  const requestId = response.headers.get('x-request-id')
  const retryAfter = Number(response.headers.get('retry-after') ?? Number.NaN)
  const sentence = sentenceOf(body) ?? `Gatehouse answered with status ${response.status}.`
  return new ApiError(response.status, sentence, {
    ...(requestId === null ? {} : { requestId }),
    ...(Number.isFinite(retryAfter) ? { retryAfter } : {}),
  })
}

/**
 * Asks the API and parses the answer; the headers come with it.
 * @throws ApiError for any other answer than the one the schema describes; status 0 when there was none.
 */
export async function askWithHeaders<T>(
  path: string,
  schema: z.ZodMiniType<T>,
  request: ApiRequest = {},
): Promise<Answered<T>> {
  const response = await send(path, request)
  if (!response.ok) throw await errorOf(response)
  for (const listener of onUse) listener()
  const body: unknown = response.status === 204 ? undefined : await response.json().catch(() => undefined)
  const result = schema.safeParse(body)
  if (result.success)
    return {
      value: result.data,
      headers: response.headers,
      etag: response.headers.get('etag') ?? undefined,
    }
  throw new ApiError(
    response.status,
    'Gatehouse answered in a form that this page does not know. Reload the page.',
  )
}

/** As {@link askWithHeaders}, the value alone. */
export async function ask<T>(path: string, schema: z.ZodMiniType<T>, request: ApiRequest = {}): Promise<T> {
  return (await askWithHeaders(path, schema, request)).value
}

/** A key for one create, kept over its tries. */
export function newIdempotencyKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  return [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('')
}
