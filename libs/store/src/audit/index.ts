export { type AuditFilter } from './filter.ts'
export { followEvents } from './follow.ts'
export { auditHistogram, type Histogram, type HistogramBar } from './histogram.ts'
export { createChangeRecorder, type RecordChange } from './record-change.ts'
export { type AuditScope, type AuditTransaction, withAudit } from './scope.ts'
export type { ActorIdentity, FoundEvent } from './found.ts'
export {
  type AuditPage,
  type EventInContext,
  findEvent,
  type PageOptions,
  searchEvents,
  withoutQueries,
} from './search.ts'
export { sha256 } from './sha256.ts'
export {
  type AuditWriter,
  type AuditWriterOptions,
  type AuditWriterStats,
  createAuditWriter,
} from './writer.ts'
export {
  type Anchor,
  anchorCheckpoints,
  type AnchorStatus,
  createFileAnchor,
  createHttpAnchor,
  listAnchors,
} from './anchor.ts'
export { parseAnchored } from './anchored.ts'
export { generateSigningKey, loadPublicKey, loadSigner, verifySignature } from './keys.ts'
export { sealAudit, type SealResult } from './seal.ts'
export { verifyAudit, type VerifyOptions, type VerifyReport } from './verify.ts'
export { rotateAuditKey } from './rotate.ts'
export { exportCsv } from './csv.ts'
export { exportAudit, type ExportOptions, type ExportRequest } from './export.ts'
export {
  cancelExport,
  exportExpiry,
  type ExportFormat,
  type ExportJob,
  findExport,
  listExports,
  pruneExports,
  readExport,
  requestExport,
  runNextExport,
} from './export-jobs.ts'
export { eraseIdentity, identitiesOf } from './identities.ts'
export { verifyExportFile } from './verify-export.ts'
export { type ProofReport, verifyProofFile } from './verify-proof.ts'
export { type LegalHold, listHolds, placeHold, releaseHold } from './holds.ts'
export { purgeAudit, type PurgeOptions, type PurgeResult, type Retention } from './retention.ts'
export {
  createLabelValues,
  type LabelValueKey,
  type LabelValuePolicy,
  labelValueHash,
  type LabelValues,
  revealLabelValues,
  type RevealedValue,
} from './label-values.ts'
export { createFeed, type Feed, listSinks, type SinkStatus } from './sinks/feed.ts'
export { createOtlpSink, createWebhookSink } from './sinks/http.ts'
export { createFileSink, createStreamSink } from './sinks/lines.ts'
export { type Sink, sinkLine } from './sinks/sink.ts'
export { createSyslogSink, syslogMessage, type SyslogOptions } from './sinks/syslog.ts'
export { type AuditKeeper, type KeeperOptions, type KeeperStats, startAuditKeeper } from './keeper.ts'
export {
  type AuditStatus,
  auditStatus,
  type ChainStatus,
  keepVerification,
  type KeptVerification,
  listChains,
} from './status.ts'
export { createView, deleteView, findView, listViews, type SavedView, updateView } from './views.ts'
export {
  findVerification,
  listVerifications,
  requestVerification,
  runNextVerification,
  type VerificationJob,
} from './verification-jobs.ts'
export {
  labelValueKeyFromConfig,
  labelValuesFromConfig,
  openAuditWriter,
  signerFromConfig,
  startKeeperFromConfig,
} from './from-config.ts'
export { proveEvent } from './prove-event.ts'
export { createPolicyRecorder, type PolicyRecorder } from './process-events.ts'
