import type { OrgTransaction } from './transaction.ts'

/** Values of the tenant label that the entered org owns. */
export async function listTenants(tx: OrgTransaction): Promise<readonly string[]> {
  const rows = await tx.rows<{ value: string }>(
    'select value from tenants where org_uid = app_org() order by value',
  )
  return rows.map(({ value }) => value)
}
