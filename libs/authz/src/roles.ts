import { z } from 'zod'
import { isAction } from './permissions.ts'
import type { Role } from './policy.ts'
import { roleDocuments } from './roles.gen.ts'

const scopePattern =
  /^(\*|(orgs|teams|folders|dashboards|datasources|serviceaccounts|roles|grants|audit):(\*|uid:[A-Za-z0-9][A-Za-z0-9_-]{0,62}))$/

const action = z.string().refine(isAction, { error: 'is not an action of policies/permissions.yaml' })
const permission = z.union([
  action.transform((name) => ({ action: name, scope: '*' })),
  z.strictObject({ action, scope: z.string().regex(scopePattern) }),
])

/** A role as written in files and rows: permissions are actions, or actions with a scope. */
export const roleSchema = z.strictObject({
  name: z.string().regex(/^[a-z][a-z0-9-]{0,62}$/),
  version: z.int().positive(),
  description: z.string().max(500).default(''),
  permissions: z.array(permission).min(1),
})

const documentSchema = roleSchema.extend({ apiVersion: z.literal('gatehouse/v1'), kind: z.literal('Role') })

function parseDocument(document: unknown): Role {
  const { name, version, description, permissions } = documentSchema.parse(document)
  return { name, version, description, permissions }
}

/** The roles of this release, in the order of their names. */
export const shippedRoles: readonly Role[] = roleDocuments.map(parseDocument)
