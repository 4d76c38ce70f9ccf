import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { systemEvent } from '@gatehouse/audit'
import { type Subject } from '@gatehouse/authz'
import {
  approveDashboard,
  createChangeRecorder,
  type DashboardContent,
  importDashboard,
  type ImportOutcome,
  type OrgTransaction,
  withOrg,
} from '@gatehouse/store'
import { z } from 'zod'
import { withDatabase } from '../database.ts'

/** Options of `gatehouse dashboards import`. */
export interface ImportOptions {
  readonly 'config.file'?: string
  readonly org: string
  readonly folder?: string
  /** Data sources its queries may read, comma-separated. */
  readonly approve?: string
  /** Who stands for the queries: `team:owners`. */
  readonly as?: Subject
}

const contentSchema = z.looseObject({ title: z.string().trim().min(1), uid: z.string().nullish() })

/** Reads a dashboard as Grafana exports it, bare or wrapped in `{dashboard: …}`; one without a uid gets its file's name. */
function readFile(file: string): { uid: string; title: string; content: DashboardContent } {
  const json: unknown = JSON.parse(readFileSync(file, 'utf8'))
  const wrapped = z.looseObject({ dashboard: z.unknown() }).safeParse(json)
  const isWrapped = wrapped.success && wrapped.data.dashboard !== undefined
  const parsed = contentSchema.parse(isWrapped ? wrapped.data.dashboard : json)
  const { id: _id, version: _version, ...content } = parsed
  const uid = parsed.uid ?? basename(file, '.json')
  return {
    uid: uid.replaceAll(/[^A-Za-z0-9_-]/g, '-').slice(0, 63),
    title: parsed.title.slice(0, 200),
    content,
  }
}

async function importOne(tx: OrgTransaction, file: string, options: ImportOptions): Promise<ImportOutcome> {
  const { uid, title, content } = readFile(file)
  const save = { uid, folderUid: options.folder, title, content, message: 'imported', savedBy: 'gatehouse' }
  const outcome = await importDashboard(tx, save)
  if (options.approve === undefined || options.as === undefined) return outcome
  const approval = { by: options.as, dataSources: options.approve.split(','), constraints: [] }
  return { ...outcome, dashboard: await approveDashboard(tx, outcome.dashboard, approval) }
}

/** Brings dashboards into an org, all or none; those that are there already and do not differ are left as they are. */
export async function importDashboards(files: readonly string[], options: ImportOptions): Promise<void> {
  const record = createChangeRecorder()
  await withDatabase(options['config.file'], (pool) =>
    withOrg(pool, options.org, async (tx) => {
      for (const file of files) {
        const { kind, dashboard } = await importOne(tx, file, options)
        const { uid, title, version, folderUid = null, approval = null } = dashboard
        console.log(`${kind} ${uid} version ${version}: ${title}`)
        if (kind === 'same' && options.approve === undefined) continue
        const event = systemEvent({
          code: kind === 'created' ? 'C007I' : 'C008I',
          action: 'dashboards:import',
          process: 'gatehouse dashboards import',
          detail: { title, version, folderUid, approval },
          now: Date.now(),
          uuid: randomUUID(),
        })
        await record(tx, { ...event, orgUid: options.org, resource: { kind: 'dashboards', uid } })
      }
    }),
  )
}
