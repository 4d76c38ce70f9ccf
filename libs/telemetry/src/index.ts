export { type AuditFigures, registerAuditSpool } from './audit-spool-metrics.ts'
export { createLogger, type Logger } from './log.ts'
export { createMetrics, type Metrics, type ReadGauge, registerGauge } from './metrics.ts'
export { newRequestId, requestIdFrom } from './request-id.ts'
