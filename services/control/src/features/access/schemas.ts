import { isAction, resourceKinds } from '@gatehouse/authz'
import { z } from 'zod'
import { uidSchema } from '../folders/schemas.ts'
import { askedSelectorSchema, grantSchema } from '../grants/schemas.ts'

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
  selector: askedSelectorSchema.optional().describe('Only series of this selector'),
  at: z.iso.datetime({ offset: true }).optional().describe('As of this time; default: now'),
  settings: z
    .enum(['then', 'now'])
    .default('then')
    .describe('Of a time that is past: by the access settings of then, or by those of now'),
}

export const explainSchema = z.strictObject({
  principal: z
    .union([
      z.strictObject({ kind: z.enum(['user', 'service-account']), uid: uidSchema }),
      z
        .strictObject({
          kind: z.literal('user'),
          issuer: z.string().min(1).max(1_000),
          subject: z.string().min(1).max(256),
        })
        .describe('A person who has come, as their identity provider calls them'),
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

const dashboardPathSchema = z.strictObject({
  uid: z.string().nullable().describe('Null for a dashboard that you may not open'),
  title: z.string().nullable(),
  queries: z
    .array(z.strictObject({ where: z.string(), text: z.string() }))
    .describe('Its queries that read series of the selector'),
  grants: z.array(z.string()).describe('Uids of the grants by which they may open it'),
  constraints: constraintsSchema.nullable().describe('What its queries may read'),
  overlap,
})

export const explanationSchema = z.strictObject({
  allowed: z.boolean().describe('Whether grants allow it'),
  reason: z.string().nullable(),
  firstFailing: z
    .string()
    .nullable()
    .describe('The condition that failed first; null if allowed or not the asker’s to know'),
  constraints: constraintsSchema.nullable().describe('Null unless series are read'),
  overlap: overlap.nullable(),
  paths: z.array(
    z.strictObject({
      groups: z
        .array(z.string())
        .describe(
          'IdP groups of theirs that give the team; where that was not kept, those any of which does',
        ),
      source: z.enum(['sso', 'manual']).nullable(),
      grant: grantSchema,
      role: z.strictObject({ name: z.string(), version: z.number() }).nullable(),
      permissions: z.array(z.string()),
      fails: z.string().nullable(),
    }),
  ),
  dashboards: z
    .array(dashboardPathSchema)
    .describe('Where no grant lets them query: dashboards of which they may run just the queries'),
  policyVersion: z.string(),
})

export const whoEntrySchema = z.strictObject({
  kind: z.enum(['user', 'service-account']),
  uid: z.string(),
  name: z.string(),
  because: z.array(
    z.strictObject({ grantUid: z.string(), role: z.string(), via: z.string(), permission: z.string() }),
  ),
  onlyDashboards: z
    .boolean()
    .describe('No grant lets them query: they may run the queries of the dashboards that `because` names'),
  until: z.string().nullable().describe('When the last of these grants ends; null if one never does'),
  constraints: constraintsSchema,
  overlap,
})
