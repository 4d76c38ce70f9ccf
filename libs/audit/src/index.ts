export { type AuditEvent, auditEventSchema } from './event.ts'
