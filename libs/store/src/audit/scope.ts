import type { Pool } from '../pool.ts'
import { type Transaction, withTransaction } from '../transaction.ts'

/** Whose events are visible: those of one org, or everybody's and nobody's too. */
export type AuditScope = { readonly org: string } | 'all'

/** A transaction that sees the audit log of a scope, and nothing else of it. */
export interface AuditTransaction extends Transaction {
  readonly scope: AuditScope
}

/**
 * Runs `work` in a transaction that sees the audit log of `scope`. Who may see it is the caller's to decide.
 * @throws GatehouseError `unavailable` when Postgres is away.
 */
export function withAudit<T>(
  pool: Pool,
  scope: AuditScope,
  work: (tx: AuditTransaction) => Promise<T>,
): Promise<T> {
  return withTransaction(pool, async ({ rows }) => {
    const [setting, value] = scope === 'all' ? ['app.audit', 'all'] : ['app.org', scope.org]
    await rows('select set_config($1, $2, true)', [setting, value])
    return work({ rows, scope })
  })
}

/** The org of a scope as a statement's value; null for all. */
export function orgOf({ scope }: AuditTransaction): string | null {
  return scope === 'all' ? null : scope.org
}
