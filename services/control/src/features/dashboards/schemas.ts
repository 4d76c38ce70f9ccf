import { isGatehouseError } from '@gatehouse/errors'
import { parseConstraint, readDashboard } from '@gatehouse/authz'
import { z } from 'zod'
import { titleSchema, uidSchema } from '../folders/schemas.ts'

/** Largest dashboard, bytes. */
export const maxDashboardBytes = 2_000_000

function isReadable(content: unknown): boolean {
  try {
    readDashboard(content)
    return true
  } catch {
    return false
  }
}

/** Grafana's JSON (v1). Its own `id` and `version` mean nothing here and are dropped. */
export const contentSchema = z
  .looseObject({ title: titleSchema })
  .refine((content) => !JSON.stringify(content).includes('\\u0000'), 'holds a NUL character')
  .refine(isReadable, 'is not a Grafana dashboard (v1 JSON)')
  .transform(({ id: _id, version: _version, ...content }) => content)

const message = z.string().max(500).default('').describe('Why, for the list of versions')

export const newDashboardSchema = z.strictObject({
  uid: uidSchema.optional().describe("Default: the content's, else made up"),
  content: contentSchema,
  message,
})
export const dashboardChangeSchema = z.strictObject({ content: contentSchema, message })
export const moveSchema = z.strictObject({
  folderUid: uidSchema.nullable().describe('Null for the top level'),
})

const constraint = z.string().superRefine((value, context) => {
  try {
    parseConstraint(value)
  } catch (error) {
    if (!isGatehouseError(error)) throw error
    context.addIssue({ code: 'custom', message: error.message, input: value })
  }
})
export const newApprovalSchema = z.strictObject({
  dataSources: z.array(uidSchema).min(1).max(50).describe('Data sources its queries may read'),
  constraints: z
    .array(constraint)
    .max(20)
    .default([])
    .describe('Label selectors, any of which admits a series; on top of what the approver may read'),
  team: uidSchema.optional().describe('Approve in the name of a team of yours, so that it outlasts you'),
})

const approvalSchema = z.strictObject({
  by: z.strictObject({ kind: z.enum(['user', 'team', 'service-account']), uid: z.string() }),
  dataSources: z.array(z.string()),
  constraints: z.array(z.string()),
})
export const dashboardSchema = z.strictObject({
  uid: z.string(),
  title: z.string(),
  folderUid: z.string().nullable(),
  version: z.number(),
  updatedAt: z.string(),
  approval: approvalSchema.nullable().describe('Who stands for its queries; null while nobody does'),
})
export const dashboardWithContentSchema = dashboardSchema.extend({
  content: z.record(z.string(), z.unknown()),
})
