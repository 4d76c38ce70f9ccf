import type { OrgTransaction } from '../transaction.ts'

/** What queries of one kind cost in one hour. */
export interface QueryCost {
  readonly queries: number
  readonly failed: number
  readonly fromCache: number
  /** Samples that shards read. */
  readonly samples: number
  readonly seconds: number
  readonly bytes: number
}

/** Whose queries, from where, of which shape; empty where that is not known. */
export interface QueryKind {
  readonly principalUid: string
  readonly dashboardUid: string
  readonly dataSourceUid: string
  readonly fingerprint: string
}

/** A query that took long. */
export interface SlowQuery extends QueryKind {
  readonly uid: string
  /** ms since the epoch. */
  readonly at: number
  readonly requestId: string
  readonly endpoint: string
  readonly query: string
  readonly seconds: number
  readonly samples: number
  readonly bytes: number
  readonly cache: string
}

const keptDays = 30
/** Slow queries kept of one org: the slowest of a week. */
const keptSlow = 200
const maxQueryLength = 4_096

/** Adds costs to those of an hour of the entered org. `hour` is ms since the epoch. */
export async function addStatistics(
  tx: OrgTransaction,
  hour: number,
  costs: readonly (QueryKind & QueryCost)[],
): Promise<void> {
  await tx.rows(
    `insert into query_statistics as s
       (org_uid, hour, principal_uid, dashboard_uid, data_source_uid, fingerprint, queries, failed, from_cache, samples, seconds, bytes)
     select app_org(), $1, r."principalUid", r."dashboardUid", r."dataSourceUid", r.fingerprint, r.queries, r.failed, r."fromCache",
       r.samples, r.seconds, r.bytes
     from jsonb_to_recordset($2::jsonb) r ("principalUid" text, "dashboardUid" text, "dataSourceUid" text, fingerprint text,
       queries bigint, failed bigint, "fromCache" bigint, samples bigint, seconds double precision, bytes bigint)
     on conflict (org_uid, hour, principal_uid, dashboard_uid, data_source_uid, fingerprint) do update set
       queries = s.queries + excluded.queries, failed = s.failed + excluded.failed, from_cache = s.from_cache + excluded.from_cache,
       samples = s.samples + excluded.samples, seconds = s.seconds + excluded.seconds, bytes = s.bytes + excluded.bytes`,
    [new Date(hour), JSON.stringify(costs)],
  )
  await tx.rows(
    `delete from query_statistics where org_uid = app_org() and hour < now() - make_interval(days => $1)`,
    [keptDays],
  )
}

/** Adds slow queries of the entered org; of all only the slowest of the last week are kept. */
export async function addSlowQueries(tx: OrgTransaction, queries: readonly SlowQuery[]): Promise<void> {
  if (queries.length === 0) return
  const rows = queries.map((one) => ({
    ...one,
    at: new Date(one.at).toISOString(),
    query: one.query.slice(0, maxQueryLength),
  }))
  await tx.rows(
    `insert into slow_queries (org_uid, uid, at, request_id, principal_uid, dashboard_uid, data_source_uid, endpoint, query, fingerprint,
       seconds, samples, bytes, cache)
     select app_org(), r.uid, r.at, r."requestId", r."principalUid", r."dashboardUid", r."dataSourceUid", r.endpoint, r.query,
       r.fingerprint, r.seconds, r.samples, r.bytes, r.cache
     from jsonb_to_recordset($1::jsonb) r (uid text, at timestamptz, "requestId" text, "principalUid" text, "dashboardUid" text,
       "dataSourceUid" text, endpoint text, query text, fingerprint text, seconds double precision, samples bigint, bytes bigint, cache text)`,
    [JSON.stringify(rows)],
  )
  await tx.rows(
    `delete from slow_queries where org_uid = app_org() and (at < now() - interval '7 days' or uid not in
       (select uid from slow_queries where org_uid = app_org() and at >= now() - interval '7 days' order by seconds desc limit $1))`,
    [keptSlow],
  )
}

/** By what costs are summed. */
export const statisticsBy = ['principal', 'dashboard', 'dataSource', 'fingerprint'] as const
export type StatisticsBy = (typeof statisticsBy)[number]

const columns: Readonly<Record<StatisticsBy, string>> = {
  principal: 'principal_uid',
  dashboard: 'dashboard_uid',
  dataSource: 'data_source_uid',
  fingerprint: 'fingerprint',
}

/** Costs in the entered org since a time (ms since the epoch), largest time first, at most `limit`. */
export async function readStatistics(
  tx: OrgTransaction,
  { by, since, limit }: { readonly by: StatisticsBy; readonly since: number; readonly limit: number },
): Promise<readonly (QueryCost & { readonly key: string })[]> {
  const rows = await tx.rows<Record<string, string | number>>(
    `select ${columns[by]} as key, sum(queries) as queries, sum(failed) as failed, sum(from_cache) as from_cache,
       sum(samples) as samples, sum(seconds) as seconds, sum(bytes) as bytes
     from query_statistics where org_uid = app_org() and hour >= $1 group by 1 order by sum(seconds) desc, 1 limit $2`,
    [new Date(since), limit],
  )
  return rows.map((row) => ({
    key: String(row['key']),
    queries: Number(row['queries']),
    failed: Number(row['failed']),
    fromCache: Number(row['from_cache']),
    samples: Number(row['samples']),
    seconds: Number(row['seconds']),
    bytes: Number(row['bytes']),
  }))
}

/** Slow queries of the entered org, slowest first. */
export async function listSlowQueries(tx: OrgTransaction): Promise<readonly SlowQuery[]> {
  const rows = await tx.rows<{
    uid: string
    at: Date
    request_id: string
    principal_uid: string
    dashboard_uid: string
    data_source_uid: string
    endpoint: string
    query: string
    fingerprint: string
    seconds: number
    samples: string
    bytes: string
    cache: string
  }>('select * from slow_queries where org_uid = app_org() order by seconds desc, uid')
  return rows.map((row) => ({
    uid: row.uid,
    at: row.at.getTime(),
    requestId: row.request_id,
    principalUid: row.principal_uid,
    dashboardUid: row.dashboard_uid,
    dataSourceUid: row.data_source_uid,
    endpoint: row.endpoint,
    query: row.query,
    fingerprint: row.fingerprint,
    seconds: row.seconds,
    samples: Number(row.samples),
    bytes: Number(row.bytes),
    cache: row.cache,
  }))
}
