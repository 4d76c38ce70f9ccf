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
