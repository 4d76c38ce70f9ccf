import { type Role, roleSchema } from '@gatehouse/authz'
import type { OrgTransaction } from './transaction.ts'

/** Custom roles of the entered org. One that this release cannot read (an action that is gone) gives nothing. */
export async function listRoles(tx: OrgTransaction): Promise<readonly Role[]> {
  const rows = await tx.rows<Record<string, unknown>>(
    'select name, version, description, permissions from roles order by name',
  )
  return rows.flatMap((row) => {
    const parsed = roleSchema.safeParse(row)
    return parsed.success ? [parsed.data] : []
  })
}
