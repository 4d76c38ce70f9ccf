import { roleDocuments } from '@gatehouse/authz/role-documents'
import * as z from 'zod/mini'

const permission = z.union([z.string(), z.object({ action: z.string() })])
const document = z.object({ name: z.string(), description: z.string(), permissions: z.array(permission) })

/** A role and the actions that it allows. */
export interface KnownRole {
  readonly name: string
  readonly description: string
  readonly actions: readonly string[]
}

/** Roles that come with Gatehouse, which everybody may know of: those that allow least first, and viewer, which most people lack, before all. */
const shipped: readonly KnownRole[] = roleDocuments
  .map((one) => {
    const { permissions, ...role } = z.parse(document, one)
    return { ...role, actions: permissions.map((held) => (typeof held === 'string' ? held : held.action)) }
  })
  .toSorted((a, b) => rank(a) - rank(b))

function rank({ name, actions }: KnownRole): number {
  return name === 'viewer' ? 0 : actions.length
}

/** Roles that allow one of the actions: those of the release, and those of the org as far as they may be seen. */
export function fittingRoles(needs: readonly string[], visible: readonly KnownRole[]): readonly KnownRole[] {
  const own = visible.filter(({ name }) => !shipped.some((role) => role.name === name))
  return [...shipped, ...own].filter(({ actions }) => actions.some((action) => needs.includes(action)))
}
