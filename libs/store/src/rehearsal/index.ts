export { type Period, type Progress, readAuditedUses } from './audited-uses.ts'
export { rehearseAccess, type RehearsedOrg } from './rehearse-access.ts'
export {
  attachRehearsal,
  beginRehearsal,
  endRehearsal,
  findRehearsal,
  hashDocument,
  listRehearsals,
  noteRehearsalProgress,
  type RehearsalRecord,
} from './reports.ts'
export { type RehearsalReport, rehearsalReportSchema, reportOf } from './report.ts'
