export { type Capability, type CapabilityRequest, compileCapability, type Refused } from './capability.ts'
export { type Dashboard, type DashboardQuery, readDashboard } from './dashboard.ts'
export { interpolate, type Values, type Variable } from './variable.ts'
