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
