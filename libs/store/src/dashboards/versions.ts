import { type Dashboard, readDashboard } from '@gatehouse/authz'
import { GatehouseError } from '@gatehouse/errors'
import { z } from 'zod'
import type { OrgTransaction } from '../transaction.ts'

/** Grafana's JSON of a dashboard. */
export type DashboardContent = Readonly<Record<string, unknown>>

/** What a version is saved with. */
export interface SavedContent {
  readonly title: string
  readonly content: DashboardContent
  /** Why it was saved, for the list of versions. */
  readonly message: string
  /** Uid of whoever saved it. */
  readonly savedBy: string
}

/** A saved version without its content. `savedAt` in ms since the epoch. */
export interface DashboardVersion {
  readonly version: number
  readonly message: string
  readonly savedBy: string
  readonly savedAt: number
}

/** Stores a version with what of it decides its queries. */
export async function saveVersion(
  tx: OrgTransaction,
  save: SavedContent & { readonly uid: string; readonly version: number },
): Promise<void> {
  const queries = readDashboard(save.content)
  await tx.rows(
    `insert into dashboard_versions (org_uid, dashboard_uid, version, content, queries, message, saved_by)
     values (app_org(), $1, $2, $3, $4, $5, $6)`,
    [
      save.uid,
      save.version,
      JSON.stringify(save.content),
      JSON.stringify(queries),
      save.message,
      save.savedBy,
    ],
  )
}

/** Versions of a dashboard, newest first. */
export async function listDashboardVersions(
  tx: OrgTransaction,
  uid: string,
): Promise<readonly DashboardVersion[]> {
  const rows = await tx.rows<{ version: number; message: string; saved_by: string; saved_at: Date }>(
    `select version, message, saved_by, saved_at from dashboard_versions
     where org_uid = app_org() and dashboard_uid = $1 order by version desc`,
    [uid],
  )
  return rows.map(({ version, message, saved_by: savedBy, saved_at }) => ({
    version,
    message,
    savedBy,
    savedAt: saved_at.getTime(),
  }))
}

/** The content of one version. @throws GatehouseError `not_found` */
export async function readDashboardContent(
  tx: OrgTransaction,
  uid: string,
  version: number,
): Promise<DashboardContent> {
  const [row] = await tx.rows<{ content: DashboardContent }>(
    'select content from dashboard_versions where org_uid = app_org() and dashboard_uid = $1 and version = $2',
    [uid, version],
  )
  if (row === undefined) throw new GatehouseError('not_found', 'there is no such version')
  return row.content
}

// Strict: what is left out here bounds what viewers may ask, and would widen it unseen.
const storedQueries = z.strictObject({
  uid: z.string().optional(),
  title: z.string(),
  variables: z.array(
    z.strictObject({
      name: z.string(),
      kind: z.enum(['query', 'custom', 'interval', 'constant', 'textbox', 'datasource', 'adhoc']),
      multi: z.boolean(),
      includeAll: z.boolean(),
      allValue: z.string().optional(),
      options: z.array(z.string()).optional(),
      regex: z.string().optional(),
    }),
  ),
  queries: z.array(
    z.strictObject({
      where: z.string(),
      kind: z.enum(['panel', 'annotation', 'variable']),
      text: z.string(),
      exemplars: z.literal(true).optional(),
    }),
  ),
})

/** Reads back what {@link saveVersion} kept of a content; undefined if another release wrote it in another form. */
export function readStoredQueries(value: unknown): Dashboard | undefined {
  const parsed = storedQueries.safeParse(value)
  if (!parsed.success) return undefined
  const { uid, title, queries, variables } = parsed.data
  return {
    uid,
    title,
    queries: queries.map(({ exemplars, ...rest }) =>
      exemplars === undefined ? rest : { ...rest, exemplars },
    ),
    variables: variables.map(({ allValue, options, regex, ...rest }) => ({
      ...rest,
      allValue,
      options,
      ...(regex === undefined ? {} : { regex }),
    })),
  }
}
