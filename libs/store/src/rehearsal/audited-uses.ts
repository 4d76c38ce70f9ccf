import type { AuditedUse } from '@gatehouse/authz'
import { isAction } from '@gatehouse/authz'
import type { Pool } from '../pool.ts'
import { withAudit } from '../audit/scope.ts'

/** A period of the audit log; ms since the epoch, `until` exclusive. */
export interface Period {
  readonly since: number
  readonly until: number
}

/** How far a period has been looked at: the share of it, 0 to 1, and the requests found. */
export interface Progress {
  readonly progress: number
  readonly requests: number
}

/** Events grouped by one statement: a bounded piece of work, however long the period. */
const chunkEvents = 20_000

/** Longer queries, and more different ones, are judged by the rights alone. */
const maxText = 4_000
const maxGroups = 100_000

const boundary = `
  select at from audit_events
  where org_uid = $1 and at >= $2 and at < $3 and class = 'query'
  order by at offset ${chunkEvents} limit 1`

/**
 * Denials other than 403 were no decision. A stored event is decompressed each time a member of it is read, so it is copied out once
 * (`||`, kept apart by `offset 0`): a third of the time.
 */
const grouping = `
  select u.uid, max(u.name) as name, u.ev #>> '{actor,kind}' as kind, u.ev #>> '{actor,teams}' as teams, u.action, u.data_source,
    left(u.ev #>> '{hints,dashboardUid}', 200) as dashboard,
    left(coalesce(u.ev #>> '{hints,ruleName}', u.ev #>> '{hints,ruleUid}'), 200) as alert,
    substr(jsonb_path_query_first(u.ev, '$.decision.because[*].via ? (@ starts with "dashboard:")') #>> '{}', 11) as via,
    u.ev #>> '{request,route}' as route, u.ev #>> '{request,label}' as label, u.ev #>> '{request,matches}' as matches,
    case when length(u.ev #>> '{request,query}') <= ${maxText} then u.ev #>> '{request,query}' end as query,
    count(*) filter (where u.allowed)::int as allowed, count(*) filter (where not u.allowed)::int as denied, max(u.at) as last_at
  from (
    select i.uid, i.name, e.at, e.action, e.data_source, e.result <> 'denied' as allowed, e.event || '{}'::jsonb as ev
    from audit_events e join audit_identities i on i.ref = e.actor_ref
    where e.org_uid = $1 and e.at >= $2 and e.at < $3 and e.class = 'query' and i.uid is not null and e.data_source is not null
      and (e.result <> 'denied' or e.event #>> '{outcome,errorCode}' = 'forbidden')
    offset 0
  ) u
  group by u.uid, 3, 4, u.action, u.data_source, 7, 8, 9, 10, 11, 12, 13`

type Row = {
  uid: string
  name: string
  kind: string
  teams: string
  action: string
  data_source: string
  dashboard: string | null
  alert: string | null
  via: string | null
  route: string | null
  label: string | null
  matches: string | null
  query: string | null
  allowed: number
  denied: number
  last_at: Date
}

function keyOf(row: Row): string {
  const { uid, kind, teams, action, data_source, dashboard, alert, via, route, label, matches, query } = row
  return JSON.stringify([
    [uid, kind, teams, action, data_source, dashboard, alert, via],
    [route, label, matches, query],
  ])
}

function textsOf(json: string | null): readonly string[] {
  const list: unknown = JSON.parse(json ?? '[]')
  return Array.isArray(list) ? list.map(String) : []
}

function useOf(row: Row): AuditedUse[] {
  const { uid, name, action, allowed, denied } = row
  if (!isAction(action)) return []
  const teams: unknown = JSON.parse(row.teams)
  const kind = row.kind === 'service-account' ? 'service-account' : 'user'
  return [
    {
      who: { kind, uid, name, teams: Array.isArray(teams) ? teams.map(String) : [] },
      action,
      dataSource: row.data_source,
      dashboard: row.dashboard ?? undefined,
      alert: row.alert ?? undefined,
      via: row.via ?? undefined,
      asked:
        row.route === null
          ? undefined
          : {
              route: row.route,
              label: row.label ?? undefined,
              matches: textsOf(row.matches),
              query: row.query ?? undefined,
            },
      allowed,
      denied,
      lastAt: row.last_at.getTime(),
    },
  ]
}

/** Chunks of a period with at most some 20,000 events each. */
async function* chunksOf(pool: Pool, orgUid: string, { since, until }: Period): AsyncGenerator<[Date, Date]> {
  const end = new Date(until)
  let from = new Date(since)
  for (;;) {
    const start = from
    const [next] = await withAudit(pool, { org: orgUid }, (tx) =>
      tx.rows<{ at: Date }>(boundary, [orgUid, start, end]),
    )
    // JavaScript's times are whole milliseconds: a chunk begins with one, and one that would be empty takes the rest.
    const isLast = next === undefined || next.at.getTime() <= start.getTime()
    yield [start, isLast ? end : next.at]
    if (isLast) return
    from = next.at
  }
}

/**
 * The requests of an org's people and service accounts for series in a period, grouped by all that matters to a decision. Persons whose
 * identity was erased are left out.
 * @throws GatehouseError `unavailable` when Postgres is away.
 */
export async function readAuditedUses(
  pool: Pool,
  orgUid: string,
  period: Period,
  onProgress: (progress: Progress) => Promise<void> = () => Promise.resolve(),
): Promise<readonly AuditedUse[]> {
  const groups = new Map<string, Row>()
  let requests = 0
  for await (const [from, to] of chunksOf(pool, orgUid, period)) {
    const rows = await withAudit(pool, { org: orgUid }, (tx) => tx.rows<Row>(grouping, [orgUid, from, to]))
    for (const found of rows) {
      // Of the many who ask ever new things, only the rights are compared.
      const row =
        groups.size < maxGroups ? found : { ...found, route: null, label: null, matches: null, query: null }
      requests += row.allowed + row.denied
      const key = keyOf(row)
      const known = groups.get(key)
      groups.set(
        key,
        known === undefined
          ? row
          : {
              ...row,
              allowed: known.allowed + row.allowed,
              denied: known.denied + row.denied,
            },
      )
    }
    const { since, until } = period
    await onProgress({ progress: (to.getTime() - since) / (until - since), requests })
  }
  return [...groups.values()].flatMap(useOf)
}
