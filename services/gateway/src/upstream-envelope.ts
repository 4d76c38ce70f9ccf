import { GatehouseError } from '@gatehouse/errors'

/** A shard's success envelope. */
export interface Envelope {
  readonly data: unknown
  readonly warnings: readonly string[]
  readonly infos: readonly string[]
}

const utf8 = new TextDecoder('utf-8', { fatal: true })

/** The refusal of an answer that is not what Prometheus answers. */
export function unusableAnswer(detail: string): GatehouseError {
  return new GatehouseError('bad_gateway', 'an upstream gave no usable answer', { detail })
}

function texts(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : []
}

/** Parses a shard's answer. @throws GatehouseError `bad_gateway` if it is not what Prometheus answers. */
export function readEnvelope(body: Buffer): Envelope {
  let parsed: unknown
  try {
    parsed = JSON.parse(utf8.decode(body))
  } catch (error) {
    throw unusableAnswer(String(error))
  }
  if (typeof parsed !== 'object' || parsed === null) throw unusableAnswer('not an object')
  return envelopeOf(parsed as Record<string, unknown>)
}

/** The envelope of a parsed answer. @throws GatehouseError `bad_gateway` if it is not what Prometheus answers. */
export function envelopeOf(parsed: Readonly<Record<string, unknown>>): Envelope {
  const { status, data, warnings, infos } = parsed
  if (status !== 'success' || data === undefined) throw unusableAnswer('no data')
  return { data, warnings: texts(warnings), infos: texts(infos) }
}
