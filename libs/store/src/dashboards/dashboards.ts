import type { Approval, Subject } from '@gatehouse/authz'
import { parseConstraint } from '@gatehouse/authz'
import { GatehouseError } from '@gatehouse/errors'
import type { OrgTransaction } from '../transaction.ts'
import { saveVersion, type SavedContent } from './versions.ts'

/** A dashboard without its content. Times are ms since the epoch. */
export interface DashboardRecord {
  readonly uid: string
  readonly orgUid: string
  readonly title: string
  readonly folderUid: string | undefined
  readonly version: number
  readonly updatedAt: number
  /** Undefined while nobody stands for the queries of this state; `constraints` as selectors. */
  readonly approval: (Omit<Approval, 'constraints'> & { readonly constraints: readonly string[] }) | undefined
}

type Row = {
  uid: string
  org_uid: string
  title: string
  folder_uid: string | null
  version: number
  updated_at: Date
  approved_by_kind: Subject['kind'] | null
  approved_by: string | null
  approved_sources: string[]
  approved_constraints: string[]
}
const columns = `uid, org_uid, title, folder_uid, version, updated_at, approved_by_kind, approved_by, approved_sources,
  approved_constraints`

function approvalOf(row: Row): DashboardRecord['approval'] {
  const { approved_by_kind: kind, approved_by: uid } = row
  if (kind === null || uid === null) return undefined
  return { by: { kind, uid }, dataSources: row.approved_sources, constraints: row.approved_constraints }
}

function recordOf(row: Row): DashboardRecord {
  return {
    uid: row.uid,
    orgUid: row.org_uid,
    title: row.title,
    folderUid: row.folder_uid ?? undefined,
    version: row.version,
    updatedAt: row.updated_at.getTime(),
    approval: approvalOf(row),
  }
}

/** Dashboards of the entered org by title; those of one folder if named, those at the top level for null; with all of the `tags`. */
export async function listDashboards(
  tx: OrgTransaction,
  folderUid?: string | null,
  tags: readonly string[] = [],
): Promise<readonly DashboardRecord[]> {
  const rows = await tx.rows<Row>(
    `select ${columns} from dashboards d
     where org_uid = app_org() and ($1 or folder_uid is not distinct from $2)
       and (cardinality($3::text[]) = 0 or exists (
         select 1 from dashboard_versions v
         where v.org_uid = d.org_uid and v.dashboard_uid = d.uid and v.version = d.version and v.content->'tags' ?& $3))
     order by title, uid`,
    [folderUid === undefined, folderUid ?? null, tags],
  )
  return rows.map(recordOf)
}

/** The dashboard of the entered org with this uid. */
export async function findDashboard(tx: OrgTransaction, uid: string): Promise<DashboardRecord | undefined> {
  const [row] = await tx.rows<Row>(
    `select ${columns} from dashboards where org_uid = app_org() and uid = $1`,
    [uid],
  )
  return row && recordOf(row)
}

/** What is saved, where and by whom. */
export interface DashboardSave extends SavedContent {
  readonly uid: string
  readonly folderUid: string | undefined
}

/** Stores a new dashboard as its version 1. @throws GatehouseError `conflict` if the uid is taken or the folder does not exist. */
export async function createDashboard(tx: OrgTransaction, save: DashboardSave): Promise<DashboardRecord> {
  const [row] = await tx.rows<Row>(
    `insert into dashboards (org_uid, uid, folder_uid, title) values (app_org(), $1, $2, $3) returning ${columns}`,
    [save.uid, save.folderUid ?? null, save.title],
  )
  if (row === undefined) throw new GatehouseError('internal', 'no row was made')
  await saveVersion(tx, { ...save, version: 1 })
  return recordOf(row)
}

/**
 * Saves the next version of a dashboard. Its approval ends unless `keepsApproval`.
 * @param expected The version that was changed.
 * @throws GatehouseError `precondition_failed` if another version was saved meanwhile, or there is none; `conflict` if the folder
 *   does not exist.
 */
export async function updateDashboard(
  tx: OrgTransaction,
  save: DashboardSave,
  { expected, keepsApproval }: { readonly expected: number; readonly keepsApproval: boolean },
): Promise<DashboardRecord> {
  const [row] = await tx.rows<Row>(
    `update dashboards set folder_uid = $3, title = $4, version = version + 1, updated_at = now(),
       approved_by_kind = case when $5 then approved_by_kind end,
       approved_by = case when $5 then approved_by end,
       approved_sources = case when $5 then approved_sources else '{}' end,
       approved_constraints = case when $5 then approved_constraints else '{}' end
     where org_uid = app_org() and uid = $1 and version = $2 returning ${columns}`,
    [save.uid, expected, save.folderUid ?? null, save.title, keepsApproval],
  )
  if (row === undefined) throw changedMeanwhile()
  await saveVersion(tx, { ...save, version: row.version })
  return recordOf(row)
}

function changedMeanwhile(): GatehouseError {
  return new GatehouseError('precondition_failed', 'the dashboard was changed meanwhile; load it again')
}

/**
 * Approves what the dashboard is at this version, or withdraws the approval (undefined).
 * @throws GatehouseError `precondition_failed` if that is not its version; `bad_data` for a constraint that says nothing.
 */
export async function approveDashboard(
  tx: OrgTransaction,
  { uid, version }: Pick<DashboardRecord, 'uid' | 'version'>,
  approval: DashboardRecord['approval'],
): Promise<DashboardRecord> {
  for (const constraint of approval?.constraints ?? []) parseConstraint(constraint)
  const [row] = await tx.rows<Row>(
    `update dashboards set approved_by_kind = $3, approved_by = $4, approved_sources = $5, approved_constraints = $6
     where org_uid = app_org() and uid = $1 and version = $2 returning ${columns}`,
    [
      uid,
      version,
      approval?.by.kind ?? null,
      approval?.by.uid ?? null,
      approval?.dataSources ?? [],
      approval?.constraints ?? [],
    ],
  )
  if (row === undefined) throw changedMeanwhile()
  return recordOf(row)
}

/** Deletes a dashboard with its versions and the grants on it. @throws GatehouseError `precondition_failed` if it has another version. */
export async function deleteDashboard(
  tx: OrgTransaction,
  { uid, version }: Pick<DashboardRecord, 'uid' | 'version'>,
): Promise<void> {
  const rows = await tx.rows(
    'delete from dashboards where org_uid = app_org() and uid = $1 and version = $2 returning 1',
    [uid, version],
  )
  if (rows.length === 0) throw changedMeanwhile()
}
