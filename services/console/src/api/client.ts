import type * as z from 'zod/mini'

/** An answer of the API that is not what was asked for: HTTP status and a sentence for people. */
export class ApiError extends Error {
  readonly status: number

  constructor(status: number, message: string) {
    super(message)
    this.name = 'ApiError'
    this.status = status
  }
}

/** The sentence in an error answer of the control plane (problem details) or of the gateway (Prometheus's form). */
export function sentenceOf(body: unknown): string | undefined {
  if (typeof body !== 'object' || body === null) return undefined
  if ('detail' in body && typeof body.detail === 'string') return body.detail
  if ('error' in body && typeof body.error === 'string') return body.error
  return undefined
}

/** What to send; `org` names the org to act in. */
export interface ApiRequest {
  readonly method?: 'GET' | 'POST' | 'DELETE'
  readonly form?: Readonly<Record<string, string>>
  readonly org?: string | undefined
  readonly signal?: AbortSignal
}

async function send(path: string, { method = 'GET', form, org, signal }: ApiRequest): Promise<Response> {
  try {
    return await fetch(path, {
      method,
      credentials: 'same-origin',
      headers: { accept: 'application/json', ...(org === undefined ? {} : { 'x-gatehouse-org': org }) },
      ...(form === undefined ? {} : { body: new URLSearchParams(form) }),
      ...(signal === undefined ? {} : { signal }),
    })
  } catch (error) {
    if (signal?.aborted) throw error
    throw new ApiError(0, 'Gatehouse cannot be reached. Check your connection and try again.')
  }
}

/**
 * Asks the API and parses the answer.
 * @throws ApiError for any other answer than the one the schema describes; status 0 when there was none.
 */
export async function ask<T>(path: string, schema: z.ZodMiniType<T>, request: ApiRequest = {}): Promise<T> {
  const response = await send(path, request)
  const body: unknown = await response.json().catch(() => undefined)
  if (!response.ok)
    throw new ApiError(
      response.status,
      sentenceOf(body) ?? `Gatehouse answered with status ${response.status}.`,
    )
  const result = schema.safeParse(body)
  if (result.success) return result.data
  throw new ApiError(
    response.status,
    'Gatehouse answered in a form that this page does not know. Reload the page.',
  )
}
