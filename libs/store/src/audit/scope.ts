import type { Pool } from '../pool.ts'
import { type Transaction, withTransaction } from '../transaction.ts'

/** Whose events are visible: those of one org, or of all (and of none). */
export type AuditScope = { readonly org: string } | 'all'

/**
 * Runs `work` in a transaction that sees the audit log of `scope`. Who may see it is the caller's to decide.
 * @throws GatehouseError `unavailable` when Postgres is away.
 */
export function withAudit<T>(
  pool: Pool,
  scope: AuditScope,
  work: (tx: Transaction) => Promise<T>,
): Promise<T> {
  return withTransaction(pool, async (tx) => {
    const [setting, value] = scope === 'all' ? ['app.audit', 'all'] : ['app.org', scope.org]
    await tx.rows('select set_config($1, $2, true)', [setting, value])
    return work(tx)
  })
}
