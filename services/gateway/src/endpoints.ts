import type { Action } from '@gatehouse/authz'
import { alertmanagerEndpoints } from './alertmanager/endpoints.ts'

/** How the text of a parameter is read. */
export type ParameterKind =
  | 'expression'
  | 'selectors'
  | 'time'
  | 'duration'
  | 'step'
  | 'limit'
  | 'stats'
  | 'flag'
  | 'text'
  | 'texts'

/** One row of the closed table: what is not in it is 404. */
export interface Endpoint {
  /** Stable name: metric label and audit route. */
  readonly name: string
  /** What stands before the data source in the path; `prom` by default. */
  readonly root?: 'prom' | 'alertmanager'
  /** Path below `/{root}/{data-source}`; `{name}` stands for one segment. */
  readonly path: string
  readonly methods: readonly ('GET' | 'POST' | 'DELETE')[]
  /** What a body is; a form by default. */
  readonly body?: 'form' | 'json'
  /**
   * `enforce`: constraints go onto every selector. `filter`: shards are asked for everything, and what the constraints do not admit is
   * left out of the answer. `local`: answered here, nothing of the request is forwarded. `operator`: one replica's own words, for those
   * who run the platform.
   */
  readonly treatment: 'enforce' | 'filter' | 'local' | 'operator'
  /** Where the selectors are. */
  readonly selectors: 'query' | 'match[]' | 'none'
  /** Accepted parameters; all others are dropped unread. Only `selectors` and `texts` may be repeated. */
  readonly parameters: Readonly<Record<string, ParameterKind>>
  readonly action: Action
  /** How answers of several shards become one. */
  readonly merge:
    | 'expression'
    | 'label-sets'
    | 'strings'
    | 'exemplars'
    | 'families'
    | 'groups'
    | 'list'
    | 'none'
  readonly isCacheable: boolean
  /** Stem of its audit event codes. */
  readonly auditCode: 'Q001' | 'Q004' | 'Q005' | 'Q006' | 'Q013' | 'Q014'
}

/** What a caller may say of where an answer comes from. */
const origin = { infos: 'flag' } as const
/** What a caller may say of the completeness of an answer. */
const completeness = { ...origin, partial_response: 'flag' } as const
/** Whose replica's own state is asked for. */
const ofReplica = { org: 'text', shard: 'text', replica: 'text' } as const
const evaluation = {
  ...completeness,
  query: 'expression',
  timeout: 'duration',
  limit: 'limit',
  lookback_delta: 'duration',
  stats: 'stats',
} as const
const lookup = {
  ...completeness,
  'match[]': 'selectors',
  start: 'time',
  end: 'time',
  limit: 'limit',
} as const

/** Prometheus's API and what stands beside it. */
const prometheusEndpoints = [
  {
    name: 'query',
    path: '/api/v1/query',
    methods: ['GET', 'POST'],
    treatment: 'enforce',
    selectors: 'query',
    parameters: { ...evaluation, time: 'time' },
    action: 'datasources:query',
    merge: 'expression',
    isCacheable: true,
    auditCode: 'Q001',
  },
  {
    name: 'query_range',
    path: '/api/v1/query_range',
    methods: ['GET', 'POST'],
    treatment: 'enforce',
    selectors: 'query',
    parameters: { ...evaluation, start: 'time', end: 'time', step: 'step' },
    action: 'datasources:query',
    merge: 'expression',
    isCacheable: true,
    auditCode: 'Q001',
  },
  {
    name: 'series',
    path: '/api/v1/series',
    methods: ['GET', 'POST'],
    treatment: 'enforce',
    selectors: 'match[]',
    parameters: lookup,
    action: 'datasources:query',
    merge: 'label-sets',
    isCacheable: true,
    auditCode: 'Q004',
  },
  {
    name: 'labels',
    path: '/api/v1/labels',
    methods: ['GET', 'POST'],
    treatment: 'enforce',
    selectors: 'match[]',
    parameters: lookup,
    action: 'datasources:query',
    merge: 'strings',
    isCacheable: true,
    auditCode: 'Q004',
  },
  {
    name: 'label_values',
    path: '/api/v1/label/{name}/values',
    methods: ['GET'],
    treatment: 'enforce',
    selectors: 'match[]',
    parameters: lookup,
    action: 'datasources:query',
    merge: 'strings',
    isCacheable: true,
    auditCode: 'Q004',
  },
  {
    name: 'query_exemplars',
    path: '/api/v1/query_exemplars',
    methods: ['GET', 'POST'],
    treatment: 'enforce',
    selectors: 'query',
    parameters: { ...origin, query: 'expression', start: 'time', end: 'time' },
    action: 'datasources:query',
    merge: 'exemplars',
    isCacheable: false,
    auditCode: 'Q001',
  },
  {
    name: 'federate',
    path: '/federate',
    methods: ['GET'],
    treatment: 'enforce',
    selectors: 'match[]',
    parameters: { 'match[]': 'selectors' },
    action: 'datasources:query',
    merge: 'families',
    isCacheable: false,
    auditCode: 'Q001',
  },
  {
    name: 'metadata',
    path: '/api/v1/metadata',
    methods: ['GET', 'POST'],
    treatment: 'filter',
    selectors: 'none',
    parameters: { ...origin, metric: 'text', limit: 'limit', limit_per_metric: 'limit' },
    action: 'datasources:query',
    merge: 'list',
    isCacheable: true,
    auditCode: 'Q006',
  },
  {
    name: 'rules',
    path: '/api/v1/rules',
    methods: ['GET', 'POST'],
    treatment: 'filter',
    selectors: 'match[]',
    parameters: {
      ...origin,
      type: 'text',
      'rule_name[]': 'texts',
      'rule_group[]': 'texts',
      'file[]': 'texts',
      'match[]': 'selectors',
      exclude_alerts: 'flag',
    },
    action: 'alert.rules:read',
    merge: 'groups',
    isCacheable: false,
    auditCode: 'Q005',
  },
  {
    name: 'alerts',
    path: '/api/v1/alerts',
    methods: ['GET', 'POST'],
    treatment: 'filter',
    selectors: 'none',
    parameters: origin,
    action: 'alert.instances:read',
    merge: 'list',
    isCacheable: false,
    auditCode: 'Q005',
  },
  {
    name: 'targets',
    path: '/api/v1/targets',
    methods: ['GET'],
    treatment: 'filter',
    selectors: 'none',
    parameters: { ...origin, state: 'text', scrapePool: 'text' },
    action: 'datasources:query',
    merge: 'list',
    isCacheable: false,
    auditCode: 'Q006',
  },
  {
    name: 'format_query',
    path: '/api/v1/format_query',
    methods: ['GET', 'POST'],
    treatment: 'local',
    selectors: 'query',
    parameters: { query: 'expression' },
    action: 'datasources:query',
    merge: 'none',
    isCacheable: false,
    auditCode: 'Q006',
  },
  {
    name: 'parse_query',
    path: '/api/v1/parse_query',
    methods: ['GET', 'POST'],
    treatment: 'local',
    selectors: 'query',
    parameters: { query: 'expression' },
    action: 'datasources:query',
    merge: 'none',
    isCacheable: false,
    auditCode: 'Q006',
  },
  {
    name: 'explain',
    path: '/explain',
    methods: ['GET', 'POST'],
    treatment: 'local',
    selectors: 'query',
    parameters: {
      query: 'expression',
      time: 'time',
      start: 'time',
      end: 'time',
      step: 'step',
      limit: 'limit',
      stats: 'text',
    },
    action: 'datasources:query',
    merge: 'none',
    isCacheable: false,
    auditCode: 'Q014',
  },
  {
    name: 'features',
    path: '/api/v1/features',
    methods: ['GET', 'POST'],
    treatment: 'local',
    selectors: 'none',
    parameters: {},
    action: 'datasources:query',
    merge: 'none',
    isCacheable: false,
    auditCode: 'Q006',
  },
  {
    name: 'buildinfo',
    path: '/api/v1/status/buildinfo',
    methods: ['GET', 'POST'],
    treatment: 'local',
    selectors: 'none',
    parameters: {},
    action: 'datasources:query',
    merge: 'none',
    isCacheable: false,
    auditCode: 'Q006',
  },
  // Behind the row of buildinfo, which it would cover.
  {
    name: 'status',
    path: '/api/v1/status/{page}',
    methods: ['GET'],
    treatment: 'operator',
    selectors: 'none',
    parameters: { ...ofReplica, limit: 'limit', metric_name_pattern: 'text' },
    action: 'system:read',
    merge: 'none',
    isCacheable: false,
    auditCode: 'Q006',
  },
  {
    name: 'status_blocks',
    path: '/api/v1/status/tsdb/blocks',
    methods: ['GET'],
    treatment: 'operator',
    selectors: 'none',
    parameters: ofReplica,
    action: 'system:read',
    merge: 'none',
    isCacheable: false,
    auditCode: 'Q006',
  },
] as const satisfies readonly Endpoint[]

/** A row with one of the table's names. */
type Row = Endpoint & { readonly name: EndpointName }

/** Name of an endpoint of the table. */
export type EndpointName = (typeof prometheusEndpoints | typeof alertmanagerEndpoints)[number]['name']

/** Every endpoint of the data plane. */
export const endpoints: readonly Row[] = [...prometheusEndpoints, ...alertmanagerEndpoints]

/** The methods that are known where a row is, by whichever row. */
export function methodsAt({ path, root }: Endpoint): readonly string[] {
  return [
    ...new Set(
      endpoints.filter((row) => row.path === path && row.root === root).flatMap((row) => row.methods),
    ),
  ]
}

/** The row a path leads to, with what stands in its variable segments, as written. */
export interface Route {
  readonly endpoint: Row
  readonly dataSourceUid: string
  readonly segment: string | undefined
}

const prefix = /^\/(prom|alertmanager)\/([A-Za-z0-9][A-Za-z0-9_-]{0,62})(\/.*)$/s

interface Pattern {
  readonly row: Row
  readonly root: string
  readonly before: string
  /** What follows the variable segment; undefined if the path has none. */
  readonly after: string | undefined
}

const patterns: readonly Pattern[] = endpoints.map((row) => {
  const [before = '', after] = row.path.split(/\{\w+\}/)
  return { row, root: row.root ?? 'prom', before, after }
})

/** The variable segment of a path, undefined if it has none; null if the path is another. */
function segmentOf(rest: string, { before, after }: Pattern): string | undefined | null {
  if (after === undefined) return rest === before ? undefined : null
  if (!rest.startsWith(before) || !rest.endsWith(after) || rest.length <= before.length + after.length)
    return null
  const segment = rest.slice(before.length, rest.length - after.length)
  return segment.includes('/') ? null : segment
}

/**
 * Finds the row of a raw request path: literally, without decoding or normalising, so that no other spelling of a path leads
 * anywhere. Only a variable segment may be encoded; it is returned as written. Of several rows of one path the one that has the method,
 * else the first.
 */
export function findRoute(path: string, method = 'GET'): Route | undefined {
  const match = prefix.exec(path)
  if (match === null) return undefined
  const [, root = '', dataSourceUid = '', rest = ''] = match
  let first: Route | undefined
  for (const pattern of patterns) {
    const segment = pattern.root === root ? segmentOf(rest, pattern) : null
    if (segment === null) continue
    const route = { endpoint: pattern.row, dataSourceUid, segment }
    if (pattern.row.methods.some((known) => known === method)) return route
    first ??= route
  }
  return first
}
