import { type Role, roleSchema, shippedRoles } from '@gatehouse/authz'
import { GatehouseError } from '@gatehouse/errors'
import type { OrgTransaction } from './transaction.ts'

/** Custom roles of the entered org. One that this release cannot read (an action that is gone) gives nothing. */
export async function listRoles(tx: OrgTransaction): Promise<readonly Role[]> {
  const rows = await tx.rows<Record<string, unknown>>(
    'select name, version, description, permissions from roles where org_uid = app_org() order by name',
  )
  return rows.flatMap((row) => {
    const parsed = roleSchema.safeParse(row)
    return parsed.success ? [parsed.data] : []
  })
}

/**
 * Writes a custom role of the entered org. Whether the writer holds all that it gives is for the caller to ask (`notHeld`).
 * @throws GatehouseError `conflict` if a shipped role has that name, the version does not grow with the permissions, or the org's
 *   access is declared in files.
 */
export async function putRole(tx: OrgTransaction, role: Role): Promise<void> {
  const { name, version, description, permissions } = role
  if (shippedRoles.some((shipped) => shipped.name === name))
    throw new GatehouseError('conflict', `${name} is a role of this release`)
  await tx.rows(
    `insert into roles (org_uid, name, version, description, permissions) values (app_org(), $1, $2, $3, $4)
     on conflict (org_uid, name) do update
       set version = excluded.version, description = excluded.description, permissions = excluded.permissions,
         written_by = excluded.written_by`,
    [name, version, description, JSON.stringify(permissions)],
  )
}

/**
 * Deletes a custom role of the entered org; false if there is none of that name.
 * @throws GatehouseError `conflict` while a grant names it.
 */
export async function deleteRole(tx: OrgTransaction, name: string): Promise<boolean> {
  const deleted = await tx.rows('delete from roles where org_uid = app_org() and name = $1 returning 1', [
    name,
  ])
  // Looked at after the delete, which waits for every other change of this org's policy.
  const [used] = await tx.rows<{ uid: string }>(
    'select uid from grants where org_uid = app_org() and role = $1 limit 1',
    [name],
  )
  if (deleted.length > 0 && used !== undefined)
    throw new GatehouseError('conflict', `the grant ${used.uid} names this role`)
  return deleted.length > 0
}
