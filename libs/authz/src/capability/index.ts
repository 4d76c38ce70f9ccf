export {
  type Admission,
  type Capability,
  type CapabilityRequest,
  compileCapability,
  type Refused,
} from './capability.ts'
export type { Instead, Lookup } from './lookups.ts'
export { type Ask, asksOf, requestOf } from './asks.ts'
export { missesOf } from './missed-requests.ts'
export { type Dashboard, type DashboardQuery, readDashboard } from './dashboard.ts'
export { interpolate, type Values, type Variable } from './variable.ts'
export { nearMiss, nearMisses, seededRandom } from './near-miss.ts'
export { type CapabilityCheck, checkCapability, readAsk } from './self-check.ts'
export { randomValues } from './random-values.ts'
export {
  type Approval,
  type ApprovedDashboard,
  type CapabilityOf,
  createCapabilities,
  runsSameQueries,
} from './approved.ts'
export {
  approvedConstraints,
  authorizeByCapability,
  type CapabilityDecision,
  type CapabilityQuestion,
  principalOfSubject,
} from './authorize-by-capability.ts'
export {
  dashboardPaths,
  type DashboardPath,
  type DashboardReader,
  type GivenDashboards,
  whoThroughDashboards,
} from './dashboard-paths.ts'
