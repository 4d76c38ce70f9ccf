import {
  canonicalJson,
  type ChainHead,
  type Checkpoint,
  checkpointSchema,
  type KeyRotation,
  keyRotationSchema,
  type Tombstone,
  tombstoneSchema,
} from '@gatehouse/audit'
import type { AuditTransaction } from './scope.ts'

interface CheckpointRow {
  readonly statement: string
  readonly signature: string
}

function parseRow({ statement, signature }: CheckpointRow): unknown {
  const parsed: unknown = JSON.parse(statement)
  return { statement: parsed, signature }
}

function toCheckpoint(row: CheckpointRow): Checkpoint {
  return checkpointSchema.parse(parseRow(row))
}

/** The newest checkpoint; undefined before the first. */
export async function lastCheckpoint(tx: AuditTransaction): Promise<Checkpoint | undefined> {
  const rows = await tx.rows<CheckpointRow>(
    'select statement, signature from audit_checkpoints order by number desc limit 1',
  )
  return rows.map(toCheckpoint)[0]
}

/** Checkpoints after number `after`, in order. */
export async function listCheckpoints(
  tx: AuditTransaction,
  after: number,
  limit: number,
): Promise<Checkpoint[]> {
  const rows = await tx.rows<CheckpointRow>(
    'select statement, signature from audit_checkpoints where number > $1 order by number limit $2',
    [after, limit],
  )
  return rows.map(toCheckpoint)
}

/** Number of the last checkpoint at or before a time; 0 if there is none. */
export async function checkpointBefore(tx: AuditTransaction, at: string): Promise<number> {
  const rows = await tx.rows<{ number: number }>(
    'select coalesce(max(number), 0)::float8 as number from audit_checkpoints where at <= $1',
    [at],
  )
  return rows[0]?.number ?? 0
}

/** Number of the first checkpoint at or after a time; undefined if it has not been made yet. */
export async function checkpointAfter(tx: AuditTransaction, at: string): Promise<number | undefined> {
  const rows = await tx.rows<{ number: number | null }>(
    'select min(number)::float8 as number from audit_checkpoints where at >= $1',
    [at],
  )
  return rows[0]?.number ?? undefined
}

/** Heads that moved between two checkpoints, with the number of the one that sealed each. */
export async function headsBetween(
  tx: AuditTransaction,
  after: number,
  upTo: number,
): Promise<(ChainHead & { readonly number: number })[]> {
  return tx.rows(
    `select number::float8 as number, writer, org_uid as org, seq::float8 as seq, encode(hash, 'hex') as hash
     from audit_checkpoint_heads where number > $1 and number <= $2 order by number`,
    [after, upTo],
  )
}

/** Every chain's head as of a checkpoint. */
export async function headsAt(tx: AuditTransaction, number: number): Promise<ChainHead[]> {
  return tx.rows(
    `select c.writer, c.org_uid as org, s.seq::float8 as seq, encode(s.hash, 'hex') as hash
     from (select distinct writer, org_uid from audit_heads) c
     cross join lateral (
       select seq, hash from audit_checkpoint_heads h
       where h.writer = c.writer and h.org_uid = c.org_uid and h.number <= $1
       order by h.number desc limit 1) s
     where c.org_uid is not null
     union all
     select c.writer, null, s.seq::float8, encode(s.hash, 'hex')
     from (select distinct writer from audit_heads where org_uid is null) c
     cross join lateral (
       select seq, hash from audit_checkpoint_heads h
       where h.writer = c.writer and h.org_uid is null and h.number <= $1
       order by h.number desc limit 1) s`,
    [number],
  )
}

/** Heads of one chain that checkpoints sealed, by rising number, after a sequence number. */
export async function sealsOfChain(
  tx: AuditTransaction,
  { writer, org }: Pick<ChainHead, 'writer' | 'org'>,
  after: number,
): Promise<{ readonly seq: number; readonly hash: string; readonly checkpoint: number }[]> {
  return tx.rows(
    `select seq::float8 as seq, encode(hash, 'hex') as hash, number::float8 as checkpoint
     from audit_checkpoint_heads
     where writer = $1 and (org_uid = $2 or ($2::text is null and org_uid is null)) and seq > $3 order by number`,
    [writer, org, after],
  )
}

/** Keeps a checkpoint and the heads that moved. */
export async function insertCheckpoint(
  tx: AuditTransaction,
  { statement, signature }: Checkpoint,
  moved: readonly ChainHead[],
): Promise<void> {
  await tx.rows('insert into audit_checkpoints (number, at, statement, signature) values ($1, $2, $3, $4)', [
    statement.number,
    statement.at,
    canonicalJson(statement),
    signature,
  ])
  await tx.rows(
    `insert into audit_checkpoint_heads (number, writer, org_uid, seq, hash)
     select $1, h ->> 'writer', h ->> 'org', (h ->> 'seq')::bigint, decode(h ->> 'hash', 'hex')
     from jsonb_array_elements($2::jsonb) h`,
    [statement.number, JSON.stringify(moved)],
  )
}

/** Changes of the signing key, in order. */
export async function listRotations(tx: AuditTransaction): Promise<KeyRotation[]> {
  const rows = await tx.rows<{ rotation: unknown }>(
    'select rotation from audit_key_rotations order by number',
  )
  return rows.map(({ rotation }) => keyRotationSchema.parse(rotation))
}

/** Keeps a change of the signing key. */
export async function insertRotation(tx: AuditTransaction, rotation: KeyRotation): Promise<void> {
  await tx.rows('insert into audit_key_rotations (number, rotation) values ($1, $2)', [
    rotation.statement.number,
    JSON.stringify(rotation),
  ])
}

/** Tombstones of the scope. */
export async function listTombstones(tx: AuditTransaction): Promise<Tombstone[]> {
  const rows = await tx.rows<CheckpointRow>(
    'select statement, signature from audit_tombstones order by number',
  )
  return rows.map((row) => tombstoneSchema.parse(parseRow(row)))
}
