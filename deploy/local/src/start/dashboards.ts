import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import {
  approveDashboard,
  type DashboardContent,
  findDashboard,
  importDashboard,
  listDashboardVersions,
  type Pool,
  withOrg,
} from '@gatehouse/store'
import { z } from 'zod'
import { dataSourceUid } from './people.ts'

const folder = fileURLToPath(new URL('../../dashboards/', import.meta.url))
const folderUid = 'models'
const savedBy = 'npm start'

interface DemoDashboard {
  readonly uid: string
  readonly title: string
  readonly content: DashboardContent
}

const contentSchema = z.looseObject({ uid: z.string(), title: z.string() })

/** The demo's dashboards, as Grafana exports them. */
export function demoDashboards(): readonly DemoDashboard[] {
  const files = readdirSync(folder).filter((name) => name.endsWith('.json'))
  return files.toSorted().map((name) => {
    const content = contentSchema.parse(JSON.parse(readFileSync(`${folder}${name}`, 'utf8')))
    return { uid: content.uid, title: content.title, content }
  })
}

/**
 * Brings the dashboards into an agency, each approved in the name of the agency's account for that, so that whoever may open one sees
 * it in full. One that somebody has changed since is left as it is.
 */
export async function storeDashboards(pool: Pool, org: string): Promise<void> {
  await withOrg(pool, org, async (tx) => {
    for (const board of demoDashboards()) {
      const known = await findDashboard(tx, board.uid)
      const [newest] = known === undefined ? [] : await listDashboardVersions(tx, board.uid)
      if (newest !== undefined && newest.savedBy !== savedBy) continue
      const { kind, dashboard } = await importDashboard(tx, { ...board, folderUid, message: '', savedBy })
      if (kind === 'same') continue
      const by = { kind: 'service-account', uid: `${org}-dashboards` } as const
      await approveDashboard(tx, dashboard, { by, dataSources: [dataSourceUid], constraints: [] })
    }
  })
}
