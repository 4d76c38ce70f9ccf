export { canonicalJson, type Sha256 } from './canonical.ts'
export {
  type AuditRecord,
  type ChainFault,
  type ChainFinding,
  type ChainId,
  type ChainResult,
  checkLink,
  eventDigest,
  genesis,
  type Head,
  type Link,
  nextLink,
  verifyChain,
} from './chain.ts'
export {
  type EventClass,
  type EventCode,
  eventClass,
  eventClasses,
  eventCodes,
  eventTable,
  eventTitle,
  isEventCode,
  type Severity,
} from './codes.ts'
export { type AuditEvent, auditEventSchema } from './event.ts'
export { prepareEvent } from './prepare.ts'
export { limits, redact } from './redact.ts'
export { isDenial, resultOf } from './result.ts'
export {
  type Identity,
  identityOf,
  identityRef,
  identitySchema,
  type StoredEvent,
  storedEventSchema,
  toStoredEvent,
} from './stored.ts'
export { type SystemEvent, systemEvent } from './system.ts'
export { escapeUnsafe, scrubSecrets } from './text.ts'
export { eventTime, uuidV7 } from './time.ts'
export {
  type ChainVerifier,
  createChainVerifier,
  type Fault,
  type Finding,
  type SealedHead,
} from './chain-verifier.ts'
export {
  type ChainHead,
  type Checkpoint,
  type CheckpointStatement,
  checkpointHash,
  checkpointSchema,
  headsRoot,
  isOrgProven,
  type OrgProof,
  proveOrg,
  sealCheckpoint,
} from './checkpoint.ts'
export {
  checkAnchors,
  checkCheckpoint,
  checkSignature,
  checkSuccession,
  type Trust,
} from './checkpoint-check.ts'
export { csvCell, csvHeader, csvRow } from './csv.ts'
export {
  createExportVerifier,
  exportLine,
  type ExportReport,
  type ExportVerifier,
} from './export-verifier.ts'
export { type Manifest, manifestSchema, type Sealed } from './manifest.ts'
export {
  type KeyRotation,
  keyRotationSchema,
  type PublicKey,
  rotateKey,
  type Signed,
  type Signer,
  signStatement,
  type TrustedKey,
  trustedKeys,
  type VerifySignature,
} from './signing.ts'
export { type Tombstone, type TombstoneRun, tombstoneSchema } from './tombstone.ts'
export { type EventProof, eventProofSchema, followingDigests, verifyEventProof } from './event-proof.ts'
