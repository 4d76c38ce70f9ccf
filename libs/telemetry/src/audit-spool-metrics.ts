import { type Metrics, registerGauge } from './metrics.ts'

/** Where figures of a process's audit spool come from. */
export interface AuditFigures {
  stats(): { readonly spoolBytes: number; readonly maxBytes: number; readonly appended: number }
}

const figures = [
  ['gatehouse_audit_spool_bytes', 'Bytes of audit events that wait to be shipped.', 'spoolBytes'],
  ['gatehouse_audit_spool_max_bytes', 'Bytes of audit events the spool may hold.', 'maxBytes'],
  ['gatehouse_audit_events', 'Audit events recorded since the start.', 'appended'],
] as const

/** Registers figures of a process's audit spool. */
export function registerAuditSpool(registry: Metrics, audit: AuditFigures): void {
  for (const [name, help, figure] of figures)
    registerGauge(registry, { name, help, read: () => [['', audit.stats()[figure]]] })
}
