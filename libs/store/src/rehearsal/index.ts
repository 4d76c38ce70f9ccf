export { type Period, readAuditedUses } from './audited-uses.ts'
export { rehearseAccess, type RehearsedOrg } from './rehearse-access.ts'
export { findRehearsal, keepRehearsal, type RehearsalRecord } from './reports.ts'
export { type RehearsalReport, rehearsalReportSchema, reportOf } from './report.ts'
