import { GatehouseError } from '@gatehouse/errors'
import { print } from '@gatehouse/promql'
import type { EnforcedExpr, TimeRange } from './model.ts'
import { formatDuration, formatTime } from './parameters.ts'

declare const printed: unique symbol
declare const built: unique symbol

/** The canonical text of an {@link EnforcedExpr}: the only expression text an upstream request can carry. */
export type EnforcedText = string & { readonly [printed]: true }

/** A request to a shard, made anew from constants and typed values; nothing of the caller's request is copied. */
export interface UpstreamRequest {
  readonly method: 'GET' | 'POST'
  /** Path below the replica's base URL. */
  readonly path: string
  /** Encoded form: the body of a POST, the query string of a GET. */
  readonly form: string
  /** The text exposition format is asked for instead of JSON; `utf8` with names beyond the legacy characters, quoted. */
  readonly exposition?: 'legacy' | 'utf8' | undefined
  /** What the backend is told besides. */
  readonly headers?: Readonly<Record<string, string>> | undefined
  readonly [built]: true
}

/** What may be asked of an evaluation besides expression and times. `timeout` is the time left, in ms. */
export interface EvaluationOptions {
  readonly timeout: number
  readonly lookbackDelta?: number | undefined
  readonly limit?: number | undefined
  readonly stats?: string | undefined
  /** An engine that could leave out shards it cannot read must not, as far as it can be told. */
  readonly isWhole?: boolean | undefined
}

/** Bounds of a label or series look-up, in ms; an absent one is unbounded. */
export interface LookupOptions {
  readonly start?: number | undefined
  readonly end?: number | undefined
  readonly limit?: number | undefined
}

/** Prints an enforced expression from its tree. */
export function printEnforced(expr: EnforcedExpr): EnforcedText {
  return print(expr) as EnforcedText
}

type Pairs = readonly (readonly [name: string, value: string | undefined])[]

function build(method: 'GET' | 'POST', path: string, pairs: Pairs): UpstreamRequest {
  const form = pairs
    .filter(([, value]) => value !== undefined)
    .map(([name, value = '']) => `${name}=${encodeURIComponent(value)}`)
    .join('&')
  return { method, path, form } as UpstreamRequest
}

function evaluation(options: EvaluationOptions): Pairs {
  const { timeout, lookbackDelta, limit, stats, isWhole } = options
  return [
    ['timeout', formatDuration(Math.max(1, Math.floor(timeout)))],
    ['lookback_delta', lookbackDelta === undefined ? undefined : formatDuration(lookbackDelta)],
    ['limit', limit?.toString()],
    ['stats', stats],
    // Thanos Query's; Prometheus ignores it.
    ['partial_response', isWhole === true ? 'false' : undefined],
  ]
}

function lookup(selectors: readonly EnforcedText[], options: LookupOptions): Pairs {
  // Without a selector Prometheus would answer for every tenant.
  if (selectors.length === 0) throw new GatehouseError('internal', 'a look-up needs an enforced selector')
  return [
    ...selectors.map((selector) => ['match%5B%5D', selector] as const),
    ['start', options.start === undefined ? undefined : formatTime(options.start)],
    ['end', options.end === undefined ? undefined : formatTime(options.end)],
    // 0 means no limit to clients; Prometheus 2 refuses it here.
    ['limit', options.limit === 0 ? undefined : options.limit?.toString()],
  ]
}

/** `query`: an instant query at `time`, ms since the epoch. */
export function instantRequest(
  text: EnforcedText,
  time: number,
  options: EvaluationOptions,
): UpstreamRequest {
  return build('POST', '/api/v1/query', [['query', text], ['time', formatTime(time)], ...evaluation(options)])
}

/** `query_range`. */
export function rangeRequest(
  text: EnforcedText,
  range: TimeRange,
  options: EvaluationOptions,
): UpstreamRequest {
  return build('POST', '/api/v1/query_range', [
    ['query', text],
    ['start', formatTime(range.start)],
    ['end', formatTime(range.end)],
    ['step', formatDuration(range.step)],
    ...evaluation(options),
  ])
}

/** `series`. @throws GatehouseError `internal` without a selector. */
export function seriesRequest(selectors: readonly EnforcedText[], options: LookupOptions): UpstreamRequest {
  return build('POST', '/api/v1/series', lookup(selectors, options))
}

/** `labels`. @throws GatehouseError `internal` without a selector. */
export function labelsRequest(selectors: readonly EnforcedText[], options: LookupOptions): UpstreamRequest {
  return build('POST', '/api/v1/labels', lookup(selectors, options))
}

/**
 * `label/{name}/values`; `name` as it stands in the path: legacy characters only, other names in their `U__` form.
 * @throws GatehouseError `internal` without a selector or with another name.
 */
export function labelValuesRequest(
  name: string,
  selectors: readonly EnforcedText[],
  options: LookupOptions,
): UpstreamRequest {
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) {
    throw new GatehouseError('internal', 'a label name in a path must be escaped')
  }
  return build('GET', `/api/v1/label/${name}/values`, lookup(selectors, options))
}

/** `status/buildinfo`: carries no data; used to learn a replica's version. */
export function buildinfoRequest(): UpstreamRequest {
  return build('GET', '/api/v1/status/buildinfo', [])
}

/**
 * How many scrapes there are of every minute of the last half hour, whoever's they are: it carries no data, and tells replicas that lag
 * or have gaps from those that do not.
 */
export function coverageRequest(now: number): UpstreamRequest {
  return build('POST', '/api/v1/query_range', [
    ['query', 'sum(count_over_time(up[1m]))'],
    ['start', formatTime(now - 1_800_000)],
    ['end', formatTime(now)],
    ['step', '1m'],
    ['timeout', '5s'],
  ])
}

/** `status/config`: the configuration, secrets left out by Prometheus; used to learn a shard's evaluation interval. */
export function configRequest(): UpstreamRequest {
  return build('GET', '/api/v1/status/config', [])
}

/** Pages on which a Prometheus tells its own state. They know no tenants: they are for who runs it. */
export const statusPages = [
  'config',
  'flags',
  'runtimeinfo',
  'self_metrics',
  'tsdb',
  'tsdb/blocks',
  'walreplay',
] as const
export type StatusPage = (typeof statusPages)[number]

/** `status/{page}`; `limit` bounds the lists of `tsdb`, `namePattern` (a regex) chooses among `self_metrics`. */
export function statusRequest(
  page: StatusPage,
  { limit, namePattern }: { readonly limit: number | undefined; readonly namePattern: string },
): UpstreamRequest {
  const parameters = page === 'tsdb' ? [['limit', limit?.toString()] as const] : []
  const pattern = page === 'self_metrics' && namePattern !== '' ? namePattern : undefined
  return build('GET', `/api/v1/status/${page}`, [...parameters, ['metric_name_pattern', pattern]])
}

/** `query_exemplars`: those of the series that the expression selects. */
export function exemplarsRequest(text: EnforcedText, { start, end }: LookupOptions): UpstreamRequest {
  return build('POST', '/api/v1/query_exemplars', [
    ['query', text],
    ['start', start === undefined ? undefined : formatTime(start)],
    ['end', end === undefined ? undefined : formatTime(end)],
  ])
}

/** `/federate`: the latest samples of what the selectors admit, as text. @throws GatehouseError `internal` without a selector. */
export function federateRequest(
  selectors: readonly EnforcedText[],
  exposition: 'legacy' | 'utf8',
): UpstreamRequest {
  return { ...build('GET', '/federate', lookup(selectors, {})), exposition }
}

// What follows carries no selector, so the answers hold everybody's: they must be filtered.

/** `metadata` of one metric, or of all. The answer is everybody's. */
export function metadataRequest(metric: string | undefined): UpstreamRequest {
  return build('GET', '/api/v1/metadata', [['metric', metric]])
}

/** `rules`. The answer is everybody's. */
export function rulesRequest(type: string | undefined): UpstreamRequest {
  return build('GET', '/api/v1/rules', [['type', type]])
}

/** `targets` that are scraped. The answer is everybody's. */
export function targetsRequest(): UpstreamRequest {
  return build('GET', '/api/v1/targets', [['state', 'active']])
}
