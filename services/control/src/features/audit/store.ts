import type { AuditConfig } from '@gatehouse/config'
import {
  type AuditWriter,
  labelValueKeyFromConfig,
  type Pool,
  proveEvent,
  readExport,
  type RecordChange,
  signerFromConfig,
  withAudit,
} from '@gatehouse/store'
import type { AuditLog } from './log.ts'

/**
 * The audit log as routes read it.
 * @throws Error if a key that the configuration names cannot be read
 */
export function createAuditLog(
  config: AuditConfig,
  {
    pool,
    audit,
    record,
  }: { readonly pool: Pool; readonly audit: AuditWriter; readonly record: RecordChange },
): AuditLog {
  const signer = signerFromConfig(config)
  return {
    read: (scope, work) => withAudit(pool, scope, work),
    record,
    prove: (scope, id) => proveEvent(pool, scope, id),
    readExport: (job) => readExport(pool, job),
    spool: audit.stats,
    labelValueKey: labelValueKeyFromConfig(config),
    signingKey: signer && { id: signer.id, publicKey: signer.publicKey },
  }
}
