import { GatehouseError, isGatehouseError } from '@gatehouse/errors'

/** What went wrong with one replica's answer, and what follows from it. */
export interface Failure {
  readonly error: GatehouseError
  /** Whether another replica may be asked: nothing has reached the client and the fault may lie with this replica. */
  readonly mayRetry: boolean
  /** Whether it counts towards opening the replica's breaker. */
  readonly isReplicaFault: boolean
  /** Whether there was no connection, or it broke before an answer: another replica is asked without counting it as a retry. */
  readonly isConnectionLost?: boolean
}

/**
 * What of an upstream's error text may reach the caller. Texts are matched, never passed on: they quote label sets and positions in the
 * enforced expression. What matches none is told in general words, the full text goes to the log.
 */
const executionTexts: readonly (readonly [RegExp, string])[] = [
  [
    /found duplicate series for the match group/,
    'found duplicate series for the match group; many-to-many matching not allowed: matching labels must be unique on one side',
  ],
  [
    /multiple matches for labels: many-to-one matching must be explicit/,
    'multiple matches for labels: many-to-one matching must be explicit (group_left/group_right)',
  ],
  [
    /multiple matches for labels: grouping labels must ensure unique matches/,
    'multiple matches for labels: grouping labels must ensure unique matches',
  ],
  [
    /query processing would load too many samples into memory/,
    'query processing would load too many samples into memory in query execution',
  ],
  [
    /vector cannot contain metrics with the same labelset/,
    'vector cannot contain metrics with the same labelset',
  ],
  [/invalid smoothing factor\./, 'invalid smoothing factor. Expected: 0 < sf < 1'],
  [/invalid trend factor\./, 'invalid trend factor. Expected: 0 < tf < 1'],
  [/invalid regular expression in label_replace\(\)/, 'invalid regular expression in label_replace()'],
  [
    /invalid destination label name in label_replace\(\)/,
    'invalid destination label name in label_replace()',
  ],
  [/invalid destination label name in label_join\(\)/, 'invalid destination label name in label_join()'],
  [/invalid source label name in label_join\(\)/, 'invalid source label name in label_join()'],
  [/Scalar value \S+ overflows int64/, 'Scalar value overflows int64'],
  [/Scalar value \S+ underflows int64/, 'Scalar value underflows int64'],
  [/(?:Ratio|Parameter) value (?:\S+ )?is NaN/, 'a parameter of an aggregation is NaN'],
  [/exceeded maximum resolution/, 'exceeded maximum resolution of 11,000 points per timeseries'],
  [/invalid label name/, 'invalid label name'],
  [/unable to parse regexp|error parsing regexp/, 'a regular expression in the query is not valid'],
]

const general = 'the query could not be executed'

interface Envelope {
  readonly errorType: string
  readonly error: string
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

function readEnvelope(body: string): Envelope {
  try {
    const parsed: unknown = JSON.parse(body)
    if (typeof parsed !== 'object' || parsed === null) return { errorType: '', error: body }
    const { errorType, error } = parsed as Record<string, unknown>
    return { errorType: textOf(errorType), error: textOf(error) }
  } catch {
    return { errorType: '', error: body }
  }
}

function describe(text: string): string {
  return executionTexts.find(([pattern]) => pattern.test(text))?.[1] ?? general
}

/** Maps an answer of status ≥ 400 with its body. 4xx are final: another replica would say the same, or be asked too much as well. */
export function mapRefusal(status: number, body: string): Failure {
  const { errorType, error: text } = readEnvelope(body)
  const detail = `upstream answered ${status} ${errorType}: ${text.slice(0, 2_000)}`
  const final = (error: GatehouseError): Failure => ({ error, mayRetry: false, isReplicaFault: false })
  if (errorType === 'timeout') return final(new GatehouseError('timeout', 'the query timed out', { detail }))
  if (status === 422) return final(new GatehouseError('execution', describe(text), { detail }))
  if (status === 400) return final(new GatehouseError('bad_data', describe(text), { detail }))
  if (status === 429) {
    const error = new GatehouseError('too_many_requests', 'the shard has too many requests', {
      detail,
      retryAfter: 1,
    })
    return { error, mayRetry: false, isReplicaFault: false }
  }
  if (status >= 500) {
    const error = new GatehouseError('unavailable', 'the shard that holds this data is unavailable', {
      detail,
    })
    // A 500 can be the fault of one query; only the statuses of an unwell server count against it.
    return { error, mayRetry: true, isReplicaFault: status !== 500 }
  }
  return final(new GatehouseError('bad_gateway', 'an upstream refused the request', { detail }))
}

/** An answer that cannot be passed on: a redirect, another content type or encoding, an unexpected status. */
export function unusable(detail: string): Failure {
  const error = new GatehouseError('bad_gateway', 'an upstream gave no usable answer', { detail })
  return { error, mayRetry: true, isReplicaFault: true }
}

/** No answer at all: refused, reset, or silent for too long. */
export function unreachable(cause: Error): Failure {
  const error = new GatehouseError('unavailable', 'the shard that holds this data is unavailable', {
    detail: isGatehouseError(cause) ? (cause.detail ?? cause.message) : cause.message,
    cause,
  })
  const isSilence = 'code' in cause && cause.code === 'UND_ERR_HEADERS_TIMEOUT'
  return { error, mayRetry: true, isReplicaFault: true, isConnectionLost: !isSilence }
}
