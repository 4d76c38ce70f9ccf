import { errorTable, type GatehouseError } from './error.ts'

/** A rendered error, ready to be written: status, headers and body text. */
export interface Rendered {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

// Grafana shows only the first 1,024 bytes of a body it does not parse, so a denial must fit.
const maxMessageLength = 700

function visibleMessage(error: GatehouseError): string {
  const { expose, title } = errorTable[error.code]
  const message = expose ? error.message : title
  return message.length > maxMessageLength ? `${message.slice(0, maxMessageLength)}…` : message
}

function commonHeaders(error: GatehouseError): Record<string, string> {
  const headers: Record<string, string> = {
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
  }
  if (error.retryAfter !== undefined) headers['retry-after'] = String(error.retryAfter)
  if (error.code === 'unauthenticated')
    headers['www-authenticate'] = 'Bearer realm="gatehouse", Basic realm="gatehouse"'
  return headers
}

/** Prometheus's error envelope, `error` first and under 1 KiB (see `errorTable` for the types). */
export function renderPrometheus(error: GatehouseError, requestId?: string): Rendered {
  const { status, errorType } = errorTable[error.code]
  const body: Record<string, string> = { error: visibleMessage(error), errorType, status: 'error' }
  if (requestId !== undefined) body['requestId'] = requestId
  return {
    status,
    headers: { ...commonHeaders(error), 'content-type': 'application/json' },
    body: JSON.stringify(body),
  }
}

/** RFC 9457 problem details, for the control plane. */
export function renderProblem(error: GatehouseError, requestId?: string): Rendered {
  const { status, title } = errorTable[error.code]
  const body = {
    type: `urn:gatehouse:error:${error.code}`,
    title,
    status,
    code: error.code,
    detail: visibleMessage(error),
    ...(requestId === undefined ? {} : { instance: `urn:gatehouse:request:${requestId}` }),
  }
  return {
    status,
    headers: { ...commonHeaders(error), 'content-type': 'application/problem+json' },
    body: JSON.stringify(body),
  }
}
