import { type Grant, parseConstraint, type Subject, type Where } from '@gatehouse/authz'
import { isGatehouseError } from '@gatehouse/errors'
import type { OrgTransaction } from './transaction.ts'

interface Row {
  readonly uid: string
  readonly user_uid: string | null
  readonly team_uid: string | null
  readonly service_account_uid: string | null
  readonly role: string
  readonly folder_uid: string | null
  readonly data_source_uid: string | null
  readonly dashboard_uid: string | null
  readonly within_team_uid: string | null
  readonly constraints: readonly string[]
  readonly not_before: Date | null
  readonly expires_at: Date | null
  readonly reason: string
}

function subjectOf(row: Row): Subject {
  if (row.user_uid !== null) return { kind: 'user', uid: row.user_uid }
  if (row.team_uid !== null) return { kind: 'team', uid: row.team_uid }
  return { kind: 'service-account', uid: row.service_account_uid ?? '' }
}

function whereOf(row: Row): Where {
  if (row.folder_uid !== null) return { kind: 'folder', uid: row.folder_uid }
  if (row.data_source_uid !== null) return { kind: 'data-source', uid: row.data_source_uid }
  if (row.dashboard_uid !== null) return { kind: 'dashboard', uid: row.dashboard_uid }
  if (row.within_team_uid !== null) return { kind: 'team', uid: row.within_team_uid }
  return { kind: 'org' }
}

/** A grant whose constraints cannot be read gives nothing: without them it would give too much. */
function grantOf(row: Row): Grant | undefined {
  try {
    return {
      uid: row.uid,
      subject: subjectOf(row),
      role: row.role,
      where: whereOf(row),
      constraints: row.constraints.map(parseConstraint),
      notBefore: row.not_before?.getTime(),
      expiresAt: row.expires_at?.getTime(),
      reason: row.reason,
    }
  } catch (error) {
    if (isGatehouseError(error)) return undefined
    throw error
  }
}

/** Grants of the entered org, also those not yet or no longer in force. */
export async function listGrants(tx: OrgTransaction): Promise<readonly Grant[]> {
  const rows = await tx.rows<Row & Record<string, unknown>>(`
    select uid, user_uid, team_uid, service_account_uid, role, folder_uid, data_source_uid, dashboard_uid, within_team_uid,
      constraints, not_before, expires_at, reason
    from grants order by uid`)
  return rows.map(grantOf).filter((grant) => grant !== undefined)
}
