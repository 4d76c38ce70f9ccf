import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'
import { z } from 'zod'

const policies = join(import.meta.dirname, '../../policies')
const header = (source: string): string =>
  `// Generated from ${source} by \`npm run golden\`; do not edit.\n\n`

function formatted(code: string): string {
  return execFileSync('biome', ['format', '--stdin-file-path=x.ts'], { input: code, encoding: 'utf8' })
}

const permissionsSchema = z.strictObject({
  apiVersion: z.literal('gatehouse/v1'),
  permissions: z.record(
    z.string().regex(/^[a-z][a-z.]*:[a-z]+$/),
    z.strictObject({
      on: z.array(z.string()).min(1),
      data: z.literal(true).optional(),
      platform: z.literal(true).optional(),
      description: z.string().min(1),
    }),
  ),
})

/** `libs/authz/src/permissions.gen.ts` from `policies/permissions.yaml`. */
export function permissionsModule(): string {
  const { permissions } = permissionsSchema.parse(
    parse(readFileSync(join(policies, 'permissions.yaml'), 'utf8')),
  )
  const rows = Object.entries(permissions).map(
    ([action, { on, data, platform, description }]) =>
      `${JSON.stringify(action)}: { on: ${JSON.stringify(on)}, data: ${data === true}, platform: ${platform === true}, description: ${JSON.stringify(description)} },`,
  )
  return formatted(`${header('policies/permissions.yaml')}import type { ResourceKind } from './model.ts'

/**\n * The closed vocabulary of actions: what each is checked against, whether its answer holds series, and whether\n * the platform org may do it to other orgs.\n */
export const permissionTable = {
${rows.join('\n')}
} as const satisfies Record<
  string,
  { on: readonly ResourceKind[]; data: boolean; platform: boolean; description: string }
>

/** \`resource:verb\`; nothing outside this vocabulary is ever allowed. */
export type Action = keyof typeof permissionTable
`)
}

/** `libs/authz/src/roles.gen.ts` from `policies/roles/*.yaml`. */
export function rolesModule(): string {
  const files = readdirSync(join(policies, 'roles')).sort()
  const documents = files.map((file): unknown => parse(readFileSync(join(policies, 'roles', file), 'utf8')))
  return formatted(`${header('policies/roles/*.yaml')}/** The role documents of this release, as written. */
export const roleDocuments: readonly unknown[] = ${JSON.stringify(documents)}
`)
}
