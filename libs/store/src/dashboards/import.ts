import { isDeepStrictEqual } from 'node:util'
import { readDashboard, runsSameQueries } from '@gatehouse/authz'
import type { OrgTransaction } from '../transaction.ts'
import {
  createDashboard,
  type DashboardRecord,
  type DashboardSave,
  findDashboard,
  updateDashboard,
} from './dashboards.ts'
import { readDashboardContent } from './versions.ts'

/** What bringing in a dashboard did. */
export interface ImportOutcome {
  readonly kind: 'created' | 'changed' | 'same'
  readonly dashboard: DashboardRecord
}

/** Brings a dashboard in from outside: made or saved as a new version if it differs from what is there, else left as it is. */
export async function importDashboard(tx: OrgTransaction, save: DashboardSave): Promise<ImportOutcome> {
  const known = await findDashboard(tx, save.uid)
  if (known === undefined) return { kind: 'created', dashboard: await createDashboard(tx, save) }
  const content = await readDashboardContent(tx, known.uid, known.version)
  const isMoved = known.folderUid !== save.folderUid
  if (!isMoved && isDeepStrictEqual(content, JSON.parse(JSON.stringify(save.content))))
    return { kind: 'same', dashboard: known }
  const keepsApproval = !isMoved && runsSameQueries(readDashboard(content), readDashboard(save.content))
  const dashboard = await updateDashboard(tx, save, { expected: known.version, keepsApproval })
  return { kind: 'changed', dashboard }
}
