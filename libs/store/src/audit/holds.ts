import { randomUUID } from 'node:crypto'
import { GatehouseError } from '@gatehouse/errors'
import { type AuditTransaction, orgOf } from './scope.ts'

/** Events that may not be purged: of one org or all, between two times. */
export interface LegalHold {
  readonly uid: string
  /** Null: of every org. */
  readonly org: string | null
  /** RFC 3339; null: from the beginning, without end. */
  readonly from: string | null
  readonly to: string | null
  readonly reason: string
  readonly placedBy: string
  readonly placedAt: Date
  readonly releasedBy: string | null
  readonly releasedAt: Date | null
}

/** Places a hold on the scope's events. Until it is released, no partition that holds any of them is purged. */
export async function placeHold(
  tx: AuditTransaction,
  hold: Pick<LegalHold, 'from' | 'to' | 'reason' | 'placedBy'>,
): Promise<string> {
  const uid = `h-${randomUUID()}`
  await tx.rows(
    `insert into audit_holds (uid, org_uid, from_at, to_at, reason, placed_by)
     values ($1, $2, coalesce($3::timestamptz, '-infinity'), coalesce($4::timestamptz, 'infinity'), $5, $6)`,
    [uid, orgOf(tx), hold.from, hold.to, hold.reason, hold.placedBy],
  )
  return uid
}

/**
 * Releases a hold of the scope.
 * @throws GatehouseError `not_found` if there is none that holds
 */
export async function releaseHold(tx: AuditTransaction, uid: string, releasedBy: string): Promise<void> {
  const rows = await tx.rows(
    `update audit_holds set released_by = $2, released_at = now()
     where uid = $1 and released_at is null and ($3::text is null or org_uid = $3) returning uid`,
    [uid, releasedBy, orgOf(tx)],
  )
  if (rows.length === 0) throw new GatehouseError('not_found', 'No such hold')
}

/** Holds of the scope, those in force first. */
export function listHolds(tx: AuditTransaction): Promise<LegalHold[]> {
  const time = (column: string): string =>
    `case when isfinite(${column}) then to_char(${column} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') end`
  return tx.rows<LegalHold>(
    `select uid, org_uid as org, ${time('from_at')} as "from", ${time('to_at')} as "to", reason, placed_by as "placedBy",
       placed_at as "placedAt", released_by as "releasedBy", released_at as "releasedAt"
     from audit_holds where $1::text is null or org_uid = $1 or org_uid is null
     order by released_at nulls first, placed_at desc`,
    [orgOf(tx)],
  )
}
