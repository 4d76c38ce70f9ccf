import { randomUUID } from 'node:crypto'
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
    from grants where org_uid = app_org() order by uid`)
  return rows.map(grantOf).filter((grant) => grant !== undefined)
}

/** A grant to be stored. */
export interface NewGrant
  extends Pick<Grant, 'subject' | 'role' | 'where' | 'notBefore' | 'expiresAt' | 'reason'> {
  /** As written, `{env="prod"}`. */
  readonly constraints: readonly string[]
}

function uidIf(kind: string, of: { readonly kind: string; readonly uid?: string }): string | null {
  return of.kind === kind ? (of.uid ?? null) : null
}

/**
 * Stores a grant in the entered org; its uid. Whether the giver may is for the caller to ask (`grants:create`, `notHeld`).
 * @throws GatehouseError `bad_data` for a constraint that cannot be read; `conflict` if subject or place do not exist there, or the
 *   org's access is declared in files.
 */
export async function createGrant(tx: OrgTransaction, grant: NewGrant): Promise<string> {
  const { subject, role, where, constraints, notBefore, expiresAt, reason } = grant
  for (const constraint of constraints) parseConstraint(constraint)
  const uid = `g-${randomUUID()}`
  await tx.rows(
    `insert into grants (org_uid, uid, user_uid, team_uid, service_account_uid, role, folder_uid, data_source_uid, dashboard_uid,
       within_team_uid, constraints, not_before, expires_at, reason)
     values (app_org(), $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)`,
    [
      uid,
      uidIf('user', subject),
      uidIf('team', subject),
      uidIf('service-account', subject),
      role,
      uidIf('folder', where),
      uidIf('data-source', where),
      uidIf('dashboard', where),
      uidIf('team', where),
      constraints,
      notBefore === undefined ? null : new Date(notBefore),
      expiresAt === undefined ? null : new Date(expiresAt),
      reason,
    ],
  )
  return uid
}

/** Deletes a grant of the entered org; false if there is none with that uid. */
export async function deleteGrant(tx: OrgTransaction, uid: string): Promise<boolean> {
  const rows = await tx.rows('delete from grants where org_uid = app_org() and uid = $1 returning 1', [uid])
  return rows.length > 0
}
