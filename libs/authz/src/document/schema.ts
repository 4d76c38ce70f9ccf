import { z } from 'zod'
import { roleSchema } from '../roles.ts'
import { dataSource } from './data-source.ts'
import { selector, tenant, text, uid } from './fields.ts'

const reason = z.string().max(500)
const time = z.iso.datetime({ offset: true })

/** A person by their OIDC identity; email addresses never name anybody. */
const person = z.strictObject({ issuer: z.url(), subject: z.string().min(1).max(256) })

const team = z.strictObject({
  uid,
  name: text,
  idpGroups: z
    .array(z.string().min(1).max(256))
    .default([])
    .describe('IdP groups whose members are in this team'),
  members: z.array(person).default([]).describe('People in this team whatever their IdP groups'),
})

const where = z.union([
  z.strictObject({ folder: uid }),
  z.strictObject({ dataSource: uid }),
  z.strictObject({ dashboard: uid }),
  z.strictObject({ team: uid }),
])

const grantFields = {
  uid: uid.optional().describe('Default: derived from the content'),
  role: z.string(),
  on: where.optional().describe('Where it holds; the whole org by default'),
  constraints: z.array(selector).default([]).describe('Label selectors, any of which admits a series'),
  notBefore: time.optional(),
  expiresAt: time.optional(),
  reason: reason.default(''),
}
const grant = z
  .union([
    z.strictObject({ ...grantFields, team: uid }),
    z.strictObject({ ...grantFields, serviceAccount: uid }),
    z.strictObject({ ...grantFields, user: person }),
  ])
  .refine(
    ({ notBefore, expiresAt }) =>
      notBefore === undefined || expiresAt === undefined || Date.parse(notBefore) < Date.parse(expiresAt),
    'notBefore must be before expiresAt',
  )

const org = z.strictObject({
  uid,
  name: text,
  platform: z.boolean().default(false).describe('Whether this org manages the others; at most one does'),
  issuers: z
    .array(z.url())
    .min(1)
    .optional()
    .describe('OIDC issuers whose people may belong here; all by default'),
  publicSharing: z
    .boolean()
    .default(false)
    .describe('Whether links may open dashboards without signing in; no longer allowing it ends every link'),
  tenants: z.array(tenant).default([]),
  teams: z.array(team).default([]),
  serviceAccounts: z.array(z.strictObject({ uid, name: text, team: uid.optional() })).default([]),
  folders: z.array(z.strictObject({ uid, title: text, parent: uid.optional() })).default([]),
  dataSources: z.array(dataSource).default([]),
  roles: z.array(roleSchema).default([]).describe('Custom roles'),
  grants: z.array(grant).default([]),
  guardrails: z.array(z.strictObject({ uid, selector, reason: reason.min(1) })).default([]),
})

/** The access file: everything about the access of the orgs in it. Unknown keys are refused. */
export const accessDocumentSchema = z.strictObject({
  apiVersion: z.literal('gatehouse/v1'),
  kind: z.literal('Access'),
  orgs: z.array(org).min(1),
})

export type AccessDocument = z.output<typeof accessDocumentSchema>
export type OrgDocument = AccessDocument['orgs'][number]
export type GrantDocument = OrgDocument['grants'][number]
export type PersonDocument = z.output<typeof person>
