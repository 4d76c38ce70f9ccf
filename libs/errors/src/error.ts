/**
 * Every error a caller can meet, in one table: HTTP status, Prometheus `errorType`, and whether the message may
 * leave the process. Switch on `code`, never on messages.
 */
export const errorTable = {
  bad_data: { status: 400, errorType: 'bad_data', title: 'Bad request', expose: true },
  unauthenticated: { status: 401, errorType: 'unauthenticated', title: 'Not authenticated', expose: true },
  forbidden: { status: 403, errorType: 'forbidden', title: 'Forbidden', expose: true },
  not_found: { status: 404, errorType: 'not_found', title: 'Not found', expose: true },
  method_not_allowed: { status: 405, errorType: 'bad_data', title: 'Method not allowed', expose: true },
  conflict: { status: 409, errorType: 'conflict', title: 'Conflict', expose: true },
  precondition_failed: { status: 412, errorType: 'conflict', title: 'Precondition failed', expose: true },
  too_large: { status: 413, errorType: 'bad_data', title: 'Request too large', expose: true },
  request_timeout: { status: 408, errorType: 'bad_data', title: 'Request too slow', expose: true },
  headers_too_large: { status: 431, errorType: 'bad_data', title: 'Request headers too large', expose: true },
  uri_too_long: { status: 414, errorType: 'bad_data', title: 'URL too long', expose: true },
  expectation_failed: { status: 417, errorType: 'bad_data', title: 'Expectation failed', expose: true },
  unsupported_media_type: {
    status: 415,
    errorType: 'bad_data',
    title: 'Unsupported media type',
    expose: true,
  },
  execution: { status: 422, errorType: 'execution', title: 'Cannot be executed', expose: true },
  too_many_requests: {
    status: 429,
    errorType: 'too_many_requests',
    title: 'Too many requests',
    expose: true,
  },
  canceled: { status: 499, errorType: 'canceled', title: 'Canceled by the client', expose: true },
  internal: { status: 500, errorType: 'internal', title: 'Internal error', expose: false },
  bad_gateway: {
    status: 502,
    errorType: 'bad_gateway',
    title: 'Upstream gave no usable answer',
    expose: true,
  },
  unavailable: { status: 503, errorType: 'unavailable', title: 'Unavailable', expose: true },
  audit_unavailable: {
    status: 503,
    errorType: 'audit_unavailable',
    title: 'Audit log unavailable',
    expose: true,
  },
  timeout: { status: 503, errorType: 'timeout', title: 'Deadline exceeded', expose: true },
} as const satisfies Record<string, { status: number; errorType: string; title: string; expose: boolean }>

/** Stable error code; the key of {@link errorTable}. */
export type ErrorCode = keyof typeof errorTable

/** The one error class. `message` is for the caller (if the code exposes it), `detail` for the operator's log only. */
export class GatehouseError extends Error {
  readonly code: ErrorCode
  /** Operator-only text; never rendered. */
  readonly detail: string | undefined
  /** Seconds for `Retry-After`, where the code carries one. */
  readonly retryAfter: number | undefined

  constructor(
    code: ErrorCode,
    message: string,
    options: { detail?: string; retryAfter?: number; cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'GatehouseError'
    this.code = code
    this.detail = options.detail
    this.retryAfter = options.retryAfter
  }

  /** HTTP status of this error's code. */
  get status(): number {
    return errorTable[this.code].status
  }
}

/** Narrows an unknown thrown value. */
export function isGatehouseError(value: unknown): value is GatehouseError {
  return value instanceof GatehouseError
}

/** Any thrown value as a {@link GatehouseError}; what is not one becomes `internal` with the original as its cause. */
export function toGatehouseError(value: unknown): GatehouseError {
  if (isGatehouseError(value)) return value
  const detail = value instanceof Error ? (value.stack ?? value.message) : String(value)
  return new GatehouseError('internal', errorTable.internal.title, { detail, cause: value })
}
