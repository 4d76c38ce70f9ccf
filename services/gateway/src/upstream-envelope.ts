import { GatehouseError } from '@gatehouse/errors'

/** The parts of a shard's success envelope that a union needs. */
export interface Envelope {
  readonly data: readonly unknown[]
  readonly warnings: readonly string[]
}

function unusable(detail: string): GatehouseError {
  return new GatehouseError('bad_gateway', 'an upstream gave no usable answer', { detail })
}

/**
 * Reads the body of a `series`, `labels` or `label/…/values` answer.
 * @throws GatehouseError `bad_gateway` if it is not what Prometheus answers.
 */
export function readEnvelope(body: Buffer): Envelope {
  let parsed: unknown
  try {
    parsed = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body))
  } catch (error) {
    throw unusable(String(error))
  }
  if (typeof parsed !== 'object' || parsed === null) throw unusable('not an object')
  const { status, data, warnings } = parsed as Record<string, unknown>
  if (status !== 'success' || !Array.isArray(data)) throw unusable('no list of data')
  const texts = Array.isArray(warnings) ? warnings.filter((warning) => typeof warning === 'string') : []
  return { data: data as unknown[], warnings: texts }
}
