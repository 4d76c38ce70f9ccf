import { isAction, resourceKinds } from '@gatehouse/authz'
import { z } from 'zod'
import { uidSchema } from '../folders/schemas.ts'
import { grantSchema, selectorSchema } from '../grants/schemas.ts'

const actionSchema = z
  .string()
  .max(100)
  .refine(isAction, { error: 'is not an action' })
  .describe('Such as datasources:query')
const resourceSchema = z.strictObject({
  kind: z.enum(resourceKinds),
  uid: z.string().min(1).max(63),
  folderUid: uidSchema
    .optional()
    .describe('A dashboard or folder that need not be there: as if it were in this folder'),
})
const question = {
  action: actionSchema,
  resource: resourceSchema,
  selector: selectorSchema.optional().describe('Only series of this selector'),
  at: z.iso
    .datetime({ offset: true })
    .optional()
    .describe('As of this time, by the grants there are now; default: now'),
}

export const explainSchema = z.strictObject({
  principal: z
    .union([
      z.strictObject({ kind: z.enum(['user', 'service-account']), uid: uidSchema }),
      z
        .strictObject({
          kind: z.literal('somebody'),
          groups: z.array(z.string().max(256)).max(200).default([]),
          teams: z.array(uidSchema).max(200).default([]),
        })
        .describe('A person who is only in these IdP groups and teams, whether or not there is one'),
    ])
    .optional()
    .describe('Default: the asker'),
  ...question,
})
export const whoSchema = z.strictObject(question)

const overlap = z.enum(['all', 'some', 'none']).describe('How much of the selector is admitted')
export const constraintsSchema = z.strictObject({
  selectors: z.array(z.string()).describe('Series must match one of them'),
  words: z.array(z.string()),
})

export const explanationSchema = z.strictObject({
  allowed: z.boolean(),
  reason: z.string().nullable(),
  firstFailing: z
    .string()
    .nullable()
    .describe('The condition that failed first; null if allowed or not the asker’s to know'),
  constraints: constraintsSchema.nullable().describe('Null unless series are read'),
  overlap: overlap.nullable(),
  paths: z.array(
    z.strictObject({
      groups: z.array(z.string()).describe('IdP groups that give the team'),
      source: z.enum(['sso', 'manual']).nullable(),
      grant: grantSchema,
      role: z.strictObject({ name: z.string(), version: z.number() }).nullable(),
      permissions: z.array(z.string()),
      fails: z.string().nullable(),
    }),
  ),
  policyVersion: z.string(),
})

export const whoEntrySchema = z.strictObject({
  kind: z.enum(['user', 'service-account']),
  uid: z.string(),
  name: z.string(),
  because: z.array(
    z.strictObject({ grantUid: z.string(), role: z.string(), via: z.string(), permission: z.string() }),
  ),
  until: z.string().nullable().describe('When the last of these grants ends; null if one never does'),
  constraints: constraintsSchema,
  overlap,
})
