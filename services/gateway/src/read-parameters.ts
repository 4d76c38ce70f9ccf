import { GatehouseError } from '@gatehouse/errors'
import { type LookupOptions, parseDuration, parseLimit, parseTime, unescapeLabelName } from '@gatehouse/query'
import { decodeComponent } from './decode.ts'
import type { AskedOptions } from './question.ts'

/** The parameters of a request by name: one value each, except for repeated ones. */
export type Parameters = ReadonlyMap<string, readonly string[]>

const maxLookbackMs = 86_400_000
const maxSelectors = 1_000
/** `all` adds counts per step, `true` stands for Prometheus's "anything else". */
const statsValues = ['all', 'true']

/** Reads a parameter if it is there. An empty value is an absent one, as in Prometheus. */
export function optional<T>(
  parameters: Parameters,
  name: string,
  read: (name: string, text: string) => T,
): T | undefined {
  const text = parameters.get(name)?.[0]
  return text === undefined || text === '' ? undefined : read(name, text)
}

/** Reads a parameter that must be there. */
export function required<T>(
  parameters: Parameters,
  name: string,
  read: (name: string, text: string) => T,
): T {
  return read(name, parameters.get(name)?.[0] ?? '')
}

/** A text as it is; empty if it is absent. */
export function textOf(parameters: Parameters, name: string): string {
  return parameters.get(name)?.[0] ?? ''
}

function invalid(name: string, problem: string): GatehouseError {
  return new GatehouseError('bad_data', `invalid parameter "${name}": ${problem}`)
}

/** A reader of one of a few values. */
export function oneOf(allowed: readonly string[]): (name: string, text: string) => string {
  return (name, text) => {
    if (!allowed.includes(text)) throw invalid(name, `not supported value ${JSON.stringify(text)}`)
    return text
  }
}

/** Reads a flag as Go's `strconv.ParseBool` does. */
export function readFlag(name: string, text: string): boolean {
  if (['1', 't', 'T', 'TRUE', 'true', 'True'].includes(text)) return true
  if (['0', 'f', 'F', 'FALSE', 'false', 'False'].includes(text)) return false
  throw invalid(name, `cannot parse ${JSON.stringify(text)} to a valid boolean`)
}

/** Reads a duration greater than zero, ms. */
export function readPositive(name: string, text: string): number {
  const ms = parseDuration(name, text)
  if (ms <= 0) throw invalid(name, 'must be greater than zero')
  return ms
}

function readLookback(name: string, text: string): number {
  const ms = readPositive(name, text)
  if (ms > maxLookbackMs) throw invalid(name, 'must not be longer than 1d')
  return ms
}

function readStats(name: string, text: string): string {
  if (!statsValues.includes(text)) throw invalid(name, 'must be "all" or "true"')
  return text
}

/** Options of an evaluation. */
export function readOptions(parameters: Parameters): AskedOptions {
  return {
    timeout: optional(parameters, 'timeout', readPositive),
    lookbackDelta: optional(parameters, 'lookback_delta', readLookback),
    limit: optional(parameters, 'limit', parseLimit),
    stats: optional(parameters, 'stats', readStats),
  }
}

/** Bounds of a look-up. */
export function readLookup(parameters: Parameters): LookupOptions {
  const start = optional(parameters, 'start', parseTime)
  const end = optional(parameters, 'end', parseTime)
  if (start !== undefined && end !== undefined && end < start)
    throw invalid('end', 'end timestamp must not be before start time')
  return { start, end, limit: optional(parameters, 'limit', parseLimit) }
}

/** Every `match[]`, not parsed yet. */
export function readMatches(parameters: Parameters): readonly string[] {
  const matches = parameters.get('match[]') ?? []
  if (matches.length > maxSelectors)
    throw new GatehouseError('too_large', `more than ${maxSelectors} match[] parameters`)
  return matches
}

/** The label name that stands in a path. */
export function readLabel(segment: string): string {
  // The segment is a path's: `+` is itself there.
  const written = decodeComponent(segment.replaceAll('+', '%2B'))
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(written))
    throw new GatehouseError('bad_data', `invalid label name: ${JSON.stringify(written)}`)
  const label = unescapeLabelName(written)
  if (label === '') throw new GatehouseError('bad_data', 'invalid label name: ""')
  return label
}
