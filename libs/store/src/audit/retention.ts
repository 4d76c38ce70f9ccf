import { randomUUID } from 'node:crypto'
import {
  canonicalJson,
  type EventClass,
  eventClasses,
  eventTime,
  type Signer,
  signStatement,
  systemEvent,
  type Tombstone,
} from '@gatehouse/audit'
import type { Pool } from '../pool.ts'
import { lastCheckpoint } from './checkpoints.ts'
import type { RecordChange } from './record-change.ts'
import { type AuditTransaction, withAudit } from './scope.ts'

/** How long events of each class are kept, in days; a class that is not named is kept for ever. */
export type Retention = Readonly<Partial<Record<EventClass, number>>>

/** What one run did with one month of one class. */
export interface PurgeResult {
  readonly month: string
  readonly class: EventClass
  readonly events: number
  /** Why it was kept although it is old enough; undefined if it was purged. */
  readonly kept: string | undefined
}

/** What a purge needs beside the owner's connection: the application's role can purge nothing. */
export interface PurgeOptions {
  readonly retention: Retention
  readonly signer: Signer
  readonly record: RecordChange
  readonly reason?: string
  readonly now?: number
}

interface Partition {
  readonly table: string
  readonly month: string
  readonly class: EventClass
}

const dayMs = 86_400_000
const longStatementMs = 600_000

function endOf(month: string): number {
  const [year = 0, number = 0] = month.split('-').map(Number)
  return Date.UTC(year, number, 1)
}

async function listPartitions(tx: AuditTransaction): Promise<Partition[]> {
  const rows = await tx.rows<{ table: string }>(
    `select relname as table from pg_class
     where relkind = 'r' and relispartition and relname ~ '^audit_events_\\d{4}_\\d{2}_[a-z]+$' order by relname`,
  )
  return rows.flatMap(({ table }) => {
    const [year, month, name] = table.slice('audit_events_'.length).split('_')
    const found = eventClasses.find((one) => one === name)
    return found === undefined ? [] : [{ table, month: `${year}-${month}`, class: found }]
  })
}

/** Why a partition that is old enough has to stay. */
async function findObstacle(
  tx: AuditTransaction,
  { table, month }: Partition,
  received: number,
): Promise<string | undefined> {
  const late = await tx.rows(`select from ${table} where received_at > to_timestamp($1) limit 1`, [
    received / 1_000,
  ])
  if (late.length > 0) return 'some of its events were received later than their own time says'
  const held = await tx.rows<{ uid: string }>(
    `select h.uid from audit_holds h
     where h.released_at is null and h.from_at < to_timestamp($2) and h.to_at >= ($1 || '-01T00:00:00Z')::timestamptz
       and (h.org_uid is null or exists (select from ${table} e where e.org_uid = h.org_uid)) limit 1`,
    [month, endOf(month) / 1_000],
  )
  if (held[0] !== undefined) return `legal hold ${held[0].uid}`
  const unsealed = await tx.rows(
    `select from (select writer, org_uid, max(seq) as seq from ${table} group by writer, org_uid) e
     where not exists (
       select from audit_checkpoint_heads h
       where h.writer = e.writer and h.org_uid is not distinct from e.org_uid and h.seq >= e.seq) limit 1`,
  )
  return unsealed.length > 0 ? 'no checkpoint has sealed all of it' : undefined
}

interface OrgRuns {
  readonly org: string | null
  readonly events: number
  readonly runs: Tombstone['statement']['runs']
}

/** The stretches of every chain that a partition holds, by org. */
function findRuns(tx: AuditTransaction, table: string): Promise<OrgRuns[]> {
  return tx.rows<OrgRuns>(
    `with numbered as (
       select writer, org_uid, seq, prev, hash,
         seq - row_number() over (partition by writer, org_uid order by seq) as island
       from ${table}),
     runs as (
       select writer, org_uid, min(seq) as first, max(seq) as last, count(*) as events,
         (array_agg(prev order by seq))[1] as prev, (array_agg(hash order by seq desc))[1] as hash
       from numbered group by writer, org_uid, island)
     select org_uid as org, sum(events)::float8 as events, jsonb_agg(jsonb_build_object('writer', writer, 'fromSeq', first,
         'prev', encode(prev, 'hex'), 'toSeq', last, 'hash', encode(hash, 'hex')) order by writer, first) as runs
     from runs group by org_uid order by org_uid`,
  )
}

async function insertTombstone(tx: AuditTransaction, { statement, signature }: Tombstone): Promise<void> {
  await tx.rows(
    'insert into audit_tombstones (month, class, org_uid, statement, signature) values ($1, $2, $3, $4, $5)',
    [statement.month, statement.class, statement.org, canonicalJson(statement), signature],
  )
}

async function purge(
  tx: AuditTransaction,
  { table, month, class: kind }: Partition,
  { signer, record, reason = 'retention', now = Date.now() }: PurgeOptions,
): Promise<number> {
  const checkpoint = (await lastCheckpoint(tx))?.statement.number ?? 0
  const orgs = await findRuns(tx, table)
  for (const { org, events, runs } of orgs) {
    const statement = {
      schema: 1,
      kind: 'gatehouse-audit-tombstone',
      at: eventTime(now),
      month,
      class: kind,
      org,
      events,
      reason,
      checkpoint,
      runs,
      key: signer.id,
    } as const
    const { signature } = signStatement(statement, signer)
    await insertTombstone(tx, { statement: { ...statement, runs }, signature })
  }
  const events = orgs.reduce((sum, org) => sum + org.events, 0)
  await tx.rows(`drop table ${table}`)
  if (events === 0) return 0
  const detail = { month, class: kind, events, reason, orgs: orgs.map(({ org }) => org) }
  const what = { code: 'E009I', action: 'audit:purge', process: 'retention', detail } as const
  await record(tx, systemEvent({ ...what, now, uuid: randomUUID() }))
  return events
}

/**
 * Purges whole months of a class that are past their time, leaving signed tombstones, so that every chain still verifies. What is
 * under legal hold, not sealed, or dubious stays and is reported.
 * @param owner pool of the role that owns the tables
 * @throws GatehouseError `unavailable` when Postgres is away
 */
export async function purgeAudit(owner: Pool, options: PurgeOptions): Promise<PurgeResult[]> {
  const now = options.now ?? Date.now()
  const results: PurgeResult[] = []
  for (const partition of await withAudit(owner, 'all', listPartitions)) {
    const days = options.retention[partition.class]
    if (days === undefined || endOf(partition.month) + days * dayMs > now) continue
    const { month, class: kind } = partition
    const result = await withAudit(owner, 'all', async (tx) => {
      await tx.rows(`select set_config('statement_timeout', $1, true)`, [String(longStatementMs)])
      await tx.rows(`lock table ${partition.table} in exclusive mode`)
      const kept = await findObstacle(tx, partition, now - days * dayMs)
      const events = kept === undefined ? await purge(tx, partition, { ...options, now }) : 0
      return { month, class: kind, events, kept }
    })
    if (result.events > 0 || result.kept !== undefined) results.push(result)
  }
  return results
}
