import type { IncomingHttpHeaders } from 'node:http'
import { GatehouseError } from '@gatehouse/errors'
import {
  type LookupOptions,
  parseDuration,
  parseLimit,
  parseTime,
  rangeOf,
  type StatusPage,
  statusPages,
  type TimeRange,
} from '@gatehouse/query'
import type { AlertmanagerQuestion } from './alertmanager/question.ts'
import type { EndpointName, Route } from './endpoints.ts'
import { type Exposition, negotiateExposition } from './exposition.ts'
import {
  oneOf,
  optional,
  type Parameters,
  readFlag,
  readLabel,
  readLookup,
  readMatches,
  readOptions,
  required,
  textOf,
} from './read-parameters.ts'

/** Options of an evaluation as asked for; `timeout` in ms, undefined if none was. */
export interface AskedOptions {
  readonly timeout: number | undefined
  readonly lookbackDelta: number | undefined
  readonly limit: number | undefined
  readonly stats: string | undefined
}

/** Which rules are asked for; an empty list asks for all. */
export interface RuleSelection {
  readonly type: string | undefined
  readonly names: readonly string[]
  readonly groups: readonly string[]
  readonly files: readonly string[]
  readonly matches: readonly string[]
  readonly excludeAlerts: boolean
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
  | { readonly kind: 'query_exemplars'; readonly query: string; readonly lookup: LookupOptions }
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
  | {
      readonly kind: 'federate'
      readonly matches: readonly string[]
      readonly exposition: Exposition
      /** How long the scraper waits, ms. */
      readonly timeout: number | undefined
    }
  | {
      readonly kind: 'metadata'
      readonly metric: string
      readonly limit: number | undefined
      readonly limitPerMetric: number | undefined
    }
  | { readonly kind: 'rules'; readonly selection: RuleSelection }
  | { readonly kind: 'targets'; readonly state: string; readonly scrapePool: string }
  | { readonly kind: 'format_query'; readonly query: string }
  | { readonly kind: 'parse_query'; readonly query: string }
  | {
      readonly kind: 'explain'
      readonly query: string
      readonly range: TimeRange
      /** Those that decide about caching count. */
      readonly options: AskedOptions
    }
  | {
      /** A replica's own state; empty names stand for the only one. */
      readonly kind: 'status'
      readonly page: StatusPage
      readonly org: string
      readonly shard: string
      readonly replica: string
      readonly limit: number | undefined
      readonly namePattern: string
    }
  | AlertmanagerQuestion
  | { readonly kind: 'alerts' }
  | { readonly kind: 'features' }
  | { readonly kind: 'buildinfo' }

/** What a question needs to be read besides its parameters. */
export interface Asking {
  /** ms since the epoch: the time of an instant query that names none. */
  readonly now: number
  readonly headers: IncomingHttpHeaders
  /** Parsed JSON of a body that is no form. */
  readonly body: unknown
}

/** @throws GatehouseError `not_found` for any other page */
function readStatusPage(segment: string): StatusPage {
  const page = statusPages.find((known) => known === segment)
  if (page === undefined) throw new GatehouseError('not_found', 'there is no such endpoint')
  return page
}

function readFederate(parameters: Parameters, { headers }: Asking): Question {
  const matches = readMatches(parameters)
  if (matches.length === 0) throw new GatehouseError('bad_data', 'no match[] parameter provided')
  const header = headers['x-prometheus-scrape-timeout-seconds']
  const seconds = typeof header === 'string' ? Number(header) : Number.NaN
  const timeout = seconds > 0 && Number.isFinite(seconds) ? seconds * 1_000 : undefined
  return { kind: 'federate', matches, exposition: negotiateExposition(headers.accept), timeout }
}

/** The times of a query to explain: a range if it has a step, else an instant. */
function readExplained(parameters: Parameters, now: number): TimeRange {
  const step = optional(parameters, 'step', parseDuration)
  if (step !== undefined)
    return rangeOf(required(parameters, 'start', parseTime), required(parameters, 'end', parseTime), step)
  const time = optional(parameters, 'time', parseTime) ?? now
  return { start: time, end: time, step: 0 }
}

function readRules(parameters: Parameters): Question {
  const type = optional(parameters, 'type', (name, text) =>
    oneOf(['alert', 'record'])(name, text.toLowerCase()),
  )
  const selection = {
    type,
    names: parameters.get('rule_name[]') ?? [],
    groups: parameters.get('rule_group[]') ?? [],
    files: parameters.get('file[]') ?? [],
    matches: readMatches(parameters),
    excludeAlerts: optional(parameters, 'exclude_alerts', readFlag) ?? false,
  }
  return { kind: 'rules', selection }
}

/**
 * Reads a request's parameters into a question, as Prometheus does and in its words.
 * @throws GatehouseError `bad_data`, `too_large`
 */
export function readQuestion(route: Route, parameters: Parameters, asking: Asking): Question {
  const kind: EndpointName = route.endpoint.name
  const query = textOf(parameters, 'query')
  switch (kind) {
    case 'query': {
      const time = optional(parameters, 'time', parseTime) ?? asking.now
      return { kind, query, time, options: readOptions(parameters) }
    }
    case 'query_range': {
      const start = required(parameters, 'start', parseTime)
      const end = required(parameters, 'end', parseTime)
      const step = required(parameters, 'step', parseDuration)
      return { kind, query, range: rangeOf(start, end, step), options: readOptions(parameters) }
    }
    case 'query_exemplars':
      return { kind, query, lookup: readLookup(parameters) }
    case 'series':
    case 'labels':
      return { kind, matches: readMatches(parameters), lookup: readLookup(parameters) }
    case 'label_values': {
      const label = readLabel(route.segment ?? '')
      return { kind, label, matches: readMatches(parameters), lookup: readLookup(parameters) }
    }
    case 'federate':
      return readFederate(parameters, asking)
    case 'metadata': {
      const limit = optional(parameters, 'limit', parseLimit)
      const limitPerMetric = optional(parameters, 'limit_per_metric', parseLimit)
      return { kind, metric: textOf(parameters, 'metric'), limit, limitPerMetric }
    }
    case 'rules':
      return readRules(parameters)
    case 'targets': {
      const read = oneOf(['active', 'dropped', 'any'])
      return {
        kind,
        state: optional(parameters, 'state', (name, text) => read(name, text.toLowerCase())) ?? 'any',
        scrapePool: textOf(parameters, 'scrapePool'),
      }
    }
    case 'format_query':
    case 'parse_query':
      return { kind, query }
    case 'explain':
      return { kind, query, range: readExplained(parameters, asking.now), options: readOptions(parameters) }
    case 'am_status':
    case 'am_receivers':
    case 'am_alerts':
    case 'am_groups':
    case 'am_silences':
    case 'am_silence':
    case 'am_write_silence':
    case 'am_expire_silence': {
      const id = route.segment ?? ''
      const pairs = [...parameters].flatMap(([name, values]) => values.map((value) => [name, value] as const))
      return { kind: 'alertmanager', call: kind, id, parameters: pairs, body: asking.body }
    }
    case 'status':
    case 'status_blocks':
      return {
        kind: 'status',
        page: kind === 'status_blocks' ? 'tsdb/blocks' : readStatusPage(route.segment ?? ''),
        org: textOf(parameters, 'org'),
        shard: textOf(parameters, 'shard'),
        replica: textOf(parameters, 'replica'),
        limit: optional(parameters, 'limit', parseLimit),
        namePattern: textOf(parameters, 'metric_name_pattern'),
      }
    case 'alerts':
    case 'features':
    case 'buildinfo':
      return { kind }
  }
}
