import { roleSchema } from '@gatehouse/authz'
import { z } from 'zod'
import { pageOf } from '../../page.ts'
import { uidSchema } from '../folders/schemas.ts'
import { newGrantSchema, selectorSchema } from '../grants/schemas.ts'
import { constraintsSchema } from './schemas.ts'

const uids = z.array(z.string().min(1).max(63)).max(100).default([])
const places = z
  .array(z.strictObject({ team: uidSchema, user: uidSchema }))
  .max(100)
  .default([])

/** A change of access settings that is only thought of. */
export const previewSchema = z.strictObject({
  grants: z.array(newGrantSchema).max(100).default([]).describe('Grants to be made'),
  revokeGrants: uids.describe('Grants to be revoked'),
  roles: z.array(roleSchema).max(20).default([]).describe('Custom roles to be made or changed'),
  guardrails: z
    .array(z.strictObject({ selector: selectorSchema, reason: z.string().max(500).default('') }))
    .max(20)
    .default([])
    .describe('Guardrails to be made'),
  removeGuardrails: uids.describe('Guardrails to be deleted'),
  addMembers: places.describe('People to be put into teams'),
  removeMembers: places.describe('People to be taken out of teams they were put into by hand'),
})

const viewSchema = constraintsSchema.extend({
  onlyDashboards: z.boolean().describe('Only queries of dashboards give them, no grant'),
})

export const previewEntrySchema = z.strictObject({
  kind: z
    .enum(['user', 'service-account', 'team'])
    .describe('team: what somebody who is only in it will have when they sign in'),
  uid: z.string(),
  name: z.string(),
  gained: z
    .array(z.string())
    .describe(
      'Permissions, such as datasources:query or folders:read folders:uid:x, now or when a grant begins or ends',
    ),
  lost: z.array(z.string()),
  series: z.array(
    z.strictObject({
      dataSource: z.string(),
      actions: z.array(z.string()).describe('With which it changes so: queries, alerts, rules, silences'),
      change: z
        .enum(['gained', 'lost', 'widened', 'narrowed', 'changed'])
        .describe('changed: neither plainly wider nor plainly narrower'),
      before: viewSchema,
      after: viewSchema,
    }),
  ),
})

const count = z.number().int()

export const previewAnswerSchema = pageOf(previewEntrySchema).extend({
  counts: z
    .strictObject({
      accounts: count.describe('Whose access changes at all'),
      gained: count,
      lost: count,
      widened: count,
      narrowed: count,
      changed: count,
    })
    .describe(
      'People and service accounts, by what happens to the series they may query; on every page the same',
    ),
  notHeld: z
    .array(z.string())
    .describe('Actions of the proposed grants that you do not hold there: making them would be refused'),
  policyVersion: z.string(),
})
