import { isGatehouseError } from '@gatehouse/errors'
import { z } from 'zod'
import { parseConstraint } from '../parse-constraint.ts'
import { roleSchema } from '../roles.ts'

const uid = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$/, 'letters, digits, - and _; at most 63')
const text = z.string().min(1).max(200)
const reason = z.string().max(500)
const time = z.iso.datetime({ offset: true })

/** As Mimir's tenant ids: safe in matchers, URLs and headers. */
const tenant = z
  .string()
  .regex(/^[A-Za-z0-9!_.*'()-]{1,150}$/, "letters, digits and !-_.*'() only, at most 150")
  .refine((value) => value !== '.' && value !== '..' && !value.startsWith('__'), 'is a reserved name')

const selector = z.string().superRefine((value, context) => {
  try {
    parseConstraint(value)
  } catch (error) {
    if (!isGatehouseError(error)) throw error
    context.addIssue({ code: 'custom', message: error.message, input: value })
  }
})

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

const baseUrl = z
  .url({ protocol: /^https?$/ })
  .refine((value) => !/[?#@]|\/$/.test(value), 'a base URL without query, user or final /')

const replica = z.strictObject({ name: z.string().min(1).max(63), url: baseUrl })

const shard = z.strictObject({
  name: z.string().min(1).max(63),
  tenants: z.array(tenant).min(1).describe('Tenants whose series live here'),
  replicas: z.array(replica).min(1),
})

const dataSource = z.strictObject({
  uid: uid.refine((value) => value !== 'all', 'all is the uid of every data source together'),
  name: text,
  tenantLabel: z
    .string()
    .regex(/^[A-Za-z_][A-Za-z0-9_]*$/)
    .default('tenant'),
  shards: z.array(shard).min(1),
  alertmanagerUrl: baseUrl.optional().describe('Alertmanager that its rules notify'),
  partialResponse: z
    .boolean()
    .default(false)
    .describe('Whether callers who ask for it get an answer when shards are missing'),
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
