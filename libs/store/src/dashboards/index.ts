export { listApprovedDashboards } from './approved.ts'
export {
  approveDashboard,
  createDashboard,
  type DashboardRecord,
  type DashboardSave,
  deleteDashboard,
  findDashboard,
  listDashboards,
  updateDashboard,
} from './dashboards.ts'
export {
  type DashboardContent,
  type DashboardVersion,
  listDashboardVersions,
  readDashboardContent,
} from './versions.ts'
export {
  createShareLink,
  deleteShareLink,
  isPublicSharingAllowed,
  listShareLinks,
  type NewShareLink,
  setPublicSharing,
  type ShareLink,
} from './share-links.ts'
export { importDashboard, type ImportOutcome } from './import.ts'
