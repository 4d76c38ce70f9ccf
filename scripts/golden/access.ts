import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
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

const roleSchema = z.object({
  name: z.string(),
  version: z.number(),
  description: z.string(),
  permissions: z.array(z.union([z.string(), z.object({ action: z.string(), scope: z.string() })])),
})

function readRoles(): z.output<typeof roleSchema>[] {
  const files = readdirSync(join(policies, 'roles')).sort()
  return files.map((file) => roleSchema.parse(parse(readFileSync(join(policies, 'roles', file), 'utf8'))))
}

/**
 * `policies/roles.lock`: what each version of a shipped role means. Grants name roles, so a role never changes under its version.
 * Throws if one did.
 */
export function rolesLock(): string {
  const file = join(policies, 'roles.lock')
  const locked = new Map(
    (existsSync(file) ? readFileSync(file, 'utf8') : '').split('\n').flatMap((line) => {
      const [role, digest] = line.split(' ')
      return role === undefined || digest === undefined || role === '#' ? [] : [[role, digest] as const]
    }),
  )
  for (const { name, version, permissions } of readRoles()) {
    const digest = createHash('sha256').update(JSON.stringify(permissions)).digest('hex')
    const known = locked.get(`${name}@${version}`)
    if (known !== undefined && known !== digest)
      throw new Error(
        `policies/roles/${name}.yaml holds other permissions than version ${version} did: raise its version`,
      )
    locked.set(`${name}@${version}`, digest)
  }
  const lines = [...locked].map(([role, digest]) => `${role} ${digest}\n`).sort()
  return `# Every version of a shipped role that ever was, with a digest of its permissions. Written by \`npm run golden\`.\n${lines.join('')}`
}

/** `policies/matrix.md`: which shipped role holds which action. */
export function accessMatrix(): string {
  const { permissions } = permissionsSchema.parse(
    parse(readFileSync(join(policies, 'permissions.yaml'), 'utf8')),
  )
  const roles = readRoles()
  const row = (cells: readonly string[]): string => `| ${cells.join(' | ')} |\n`
  const holds = (role: (typeof roles)[number], action: string): string =>
    role.permissions.some((held) => (typeof held === 'string' ? held : held.action) === action) ? '●' : ''
  const lines = Object.entries(permissions).map(([action, { data }]) =>
    row([`\`${action}\`${data === true ? ' ¹' : ''}`, ...roles.map((role) => holds(role, action))]),
  )
  return [
    '# Roles and actions\n\nGenerated from `policies/` by `npm run golden`; do not edit.\n\n',
    row(['Action', ...roles.map(({ name, version }) => `${name} v${version}`)]),
    row(['---', ...roles.map(() => ':-:')]),
    ...lines,
    '\n¹ Reads series: the grant’s label constraints, the org’s tenants and its guardrails apply.\n',
  ].join('')
}
