import { z } from 'zod'

/** A public identifier, as Grafana allows it. */
export const uidSchema = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$/, 'letters, digits, - and _; at most 63')

export const titleSchema = z.string().trim().min(1).max(200)

export const folderSchema = z.strictObject({
  uid: z.string(),
  title: z.string(),
  parentUid: z.string().nullable(),
})

export const newFolderSchema = z.strictObject({
  uid: uidSchema.optional().describe('Default: made up'),
  title: titleSchema,
})

export const folderChangeSchema = z.strictObject({
  title: titleSchema,
  parentUid: uidSchema.nullable().describe('Null for the top level'),
})
