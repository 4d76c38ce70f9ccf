import * as z from 'zod/mini'

const approval = z.object({
  by: z.object({ kind: z.enum(['user', 'team', 'service-account']), uid: z.string() }),
  dataSources: z.array(z.string()),
  constraints: z.array(z.string()),
})
export const dashboardSchema = z.object({
  uid: z.string(),
  title: z.string(),
  folderUid: z.nullable(z.string()),
  version: z.number(),
  updatedAt: z.string(),
  approval: z.nullable(approval),
})
/** A dashboard as the API lists it. */
export type StoredDashboard = z.output<typeof dashboardSchema>

export const storedBoardSchema = z.extend(dashboardSchema, { content: z.record(z.string(), z.unknown()) })
/** A dashboard with its content. */
export type StoredBoard = z.output<typeof storedBoardSchema>

export const dashboardsSchema = z.object({ items: z.array(dashboardSchema), next: z.nullable(z.string()) })

export const folderSchema = z.object({
  uid: z.string(),
  title: z.string(),
  parentUid: z.nullable(z.string()),
})
export type Folder = z.output<typeof folderSchema>
export const foldersSchema = z.object({ items: z.array(folderSchema), next: z.nullable(z.string()) })

export const versionsSchema = z.object({
  items: z.array(
    z.object({ version: z.number(), message: z.string(), savedBy: z.string(), savedAt: z.string() }),
  ),
})
/** A version in the list of versions. */
export type Version = z.output<typeof versionsSchema>['items'][number]

export const contentSchema = z.object({ content: z.record(z.string(), z.unknown()) })

const query = z.object({ where: z.string(), kind: z.string(), text: z.string() })
export const capabilitySchema = z.object({
  granted: z.array(query),
  refused: z.array(z.extend(query, { reason: z.string() })),
})

export const shareLinkSchema = z.object({
  uid: z.string(),
  dashboardUid: z.string(),
  reason: z.string(),
  createdAt: z.string(),
  expiresAt: z.string(),
})
export const shareLinksSchema = z.object({ items: z.array(shareLinkSchema) })
export const newShareLinkSchema = z.extend(shareLinkSchema, { token: z.string() })
export const sharingSchema = z.object({ allowed: z.boolean() })
export const nothingSchema = z.unknown()

export const grantsSchema = z.object({
  items: z.array(
    z.object({
      uid: z.string(),
      subject: z.object({ kind: z.string(), uid: z.string() }),
      role: z.string(),
      where: z.object({ kind: z.string(), uid: z.optional(z.string()) }),
    }),
  ),
})
/** A grant as the API lists it. */
export type ListedGrant = z.output<typeof grantsSchema>['items'][number]

/** The path of a dashboard in the API. */
export function dashboardPath(uid: string, rest = ''): string {
  return `/api/v1/dashboards/${encodeURIComponent(uid)}${rest}`
}
