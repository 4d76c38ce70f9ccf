import { type ApprovedDashboard, parseConstraint, type Subject } from '@gatehouse/authz'
import { isGatehouseError } from '@gatehouse/errors'
import type { OrgTransaction } from '../transaction.ts'
import { readStoredQueries } from './versions.ts'

type Row = {
  uid: string
  folder_uid: string | null
  version: number
  approved_by_kind: Subject['kind']
  approved_by: string
  approved_sources: string[]
  approved_constraints: string[]
  queries: unknown
}

/** A row that cannot be read gives nothing: without its constraints it would give too much. */
function approvedOf(row: Row): ApprovedDashboard[] {
  const content = readStoredQueries(row.queries)
  if (content === undefined) return []
  try {
    const approval = {
      by: { kind: row.approved_by_kind, uid: row.approved_by },
      dataSources: row.approved_sources,
      constraints: row.approved_constraints.map(parseConstraint),
    }
    const { uid, folder_uid: folderUid, version } = row
    return [{ uid, folderUid: folderUid ?? undefined, version, approval, content }]
  } catch (error) {
    if (isGatehouseError(error)) return []
    throw error
  }
}

/** Dashboards of the entered org whose queries somebody stands for. */
export async function listApprovedDashboards(tx: OrgTransaction): Promise<readonly ApprovedDashboard[]> {
  const rows = await tx.rows<Row>(
    `select d.uid, d.folder_uid, d.version, d.approved_by_kind, d.approved_by, d.approved_sources, d.approved_constraints, v.queries
     from dashboards d
     join dashboard_versions v on v.org_uid = d.org_uid and v.dashboard_uid = d.uid and v.version = d.version
     where d.org_uid = app_org() and d.approved_by is not null
     order by d.uid`,
  )
  return rows.flatMap(approvedOf)
}
