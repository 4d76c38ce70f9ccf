export { type AuditScope, withAudit } from './scope.ts'
export { sha256 } from './sha256.ts'
export {
  type AuditWriter,
  type AuditWriterOptions,
  type AuditWriterStats,
  createAuditWriter,
} from './writer.ts'
export { createChangeRecorder, type RecordChange } from './record-change.ts'
