import { GatehouseError } from '@gatehouse/errors'
import {
  type LookupOptions,
  parseDuration,
  parseLimit,
  parseTime,
  rangeOf,
  type TimeRange,
  unescapeLabelName,
} from '@gatehouse/query'
import { decodeComponent } from './decode.ts'
import type { EndpointName, Route } from './endpoints.ts'

/** Options of an evaluation as asked for; `timeout` in ms, undefined if none was. */
export interface AskedOptions {
  readonly timeout: number | undefined
  readonly lookbackDelta: number | undefined
  readonly limit: number | undefined
  readonly stats: string | undefined
}

/** What a request asks, with every parameter typed; texts of expressions and selectors are not parsed yet. */
export type Question =
  | { readonly kind: 'query'; readonly query: string; readonly time: number; readonly options: AskedOptions }
  | {
      readonly kind: 'query_range'
      readonly query: string
      readonly range: TimeRange
      readonly options: AskedOptions
    }
  | {
      readonly kind: 'series' | 'labels'
      readonly matches: readonly string[]
      readonly lookup: LookupOptions
    }
  | {
      readonly kind: 'label_values'
      readonly label: string
      readonly matches: readonly string[]
      readonly lookup: LookupOptions
    }
  | { readonly kind: 'buildinfo' }

/** The parameters of a request by name: one value each, except for repeated ones. */
export type Parameters = ReadonlyMap<string, readonly string[]>

const maxLookbackMs = 86_400_000
const maxSelectors = 1_000
/** `all` adds counts per step, `true` stands for Prometheus's "anything else". */
const statsValues = new Set(['all', 'true'])

function optional<T>(
  parameters: Parameters,
  name: string,
  read: (name: string, text: string) => T,
): T | undefined {
  const text = parameters.get(name)?.[0]
  // An empty value is an absent one, as in Prometheus.
  return text === undefined || text === '' ? undefined : read(name, text)
}

function required<T>(parameters: Parameters, name: string, read: (name: string, text: string) => T): T {
  return read(name, parameters.get(name)?.[0] ?? '')
}

function invalid(name: string, problem: string): GatehouseError {
  return new GatehouseError('bad_data', `invalid parameter "${name}": ${problem}`)
}

function readPositive(name: string, text: string): number {
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
  if (!statsValues.has(text)) throw invalid(name, 'must be "all" or "true"')
  return text
}

function readOptions(parameters: Parameters): AskedOptions {
  return {
    timeout: optional(parameters, 'timeout', readPositive),
    lookbackDelta: optional(parameters, 'lookback_delta', readLookback),
    limit: optional(parameters, 'limit', parseLimit),
    stats: optional(parameters, 'stats', readStats),
  }
}

function readLookup(parameters: Parameters): LookupOptions {
  const start = optional(parameters, 'start', parseTime)
  const end = optional(parameters, 'end', parseTime)
  if (start !== undefined && end !== undefined && end < start)
    throw invalid('end', 'end timestamp must not be before start time')
  return { start, end, limit: optional(parameters, 'limit', parseLimit) }
}

function readMatches(parameters: Parameters): readonly string[] {
  const matches = parameters.get('match[]') ?? []
  if (matches.length > maxSelectors)
    throw new GatehouseError('too_large', `more than ${maxSelectors} match[] parameters`)
  return matches
}

function readLabel(segment: string): string {
  // The segment is a path's: `+` is itself there.
  const written = decodeComponent(segment.replaceAll('+', '%2B'))
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(written))
    throw new GatehouseError('bad_data', `invalid label name: ${JSON.stringify(written)}`)
  const label = unescapeLabelName(written)
  if (label === '') throw new GatehouseError('bad_data', 'invalid label name: ""')
  return label
}

/**
 * Reads a request's parameters into a question, as Prometheus does and in its words.
 * @param now ms since the epoch: the time of an instant query that names none.
 * @throws GatehouseError `bad_data`, `too_large`
 */
export function readQuestion(route: Route, parameters: Parameters, now: number): Question {
  const kind: EndpointName = route.endpoint.name
  switch (kind) {
    case 'query': {
      const time = optional(parameters, 'time', parseTime) ?? now
      return { kind, query: parameters.get('query')?.[0] ?? '', time, options: readOptions(parameters) }
    }
    case 'query_range': {
      const start = required(parameters, 'start', parseTime)
      const end = required(parameters, 'end', parseTime)
      const step = required(parameters, 'step', parseDuration)
      const query = parameters.get('query')?.[0] ?? ''
      return { kind, query, range: rangeOf(start, end, step), options: readOptions(parameters) }
    }
    case 'series':
    case 'labels':
      return { kind, matches: readMatches(parameters), lookup: readLookup(parameters) }
    case 'label_values':
      return {
        kind,
        label: readLabel(route.segment ?? ''),
        matches: readMatches(parameters),
        lookup: readLookup(parameters),
      }
    case 'buildinfo':
      return { kind }
  }
}
