export { listRunning, type RunningRow, writeRunning } from './running.ts'
export {
  addSlowQueries,
  addStatistics,
  listSlowQueries,
  type QueryCost,
  type QueryKind,
  readStatistics,
  type SlowQuery,
  type StatisticsBy,
  statisticsBy,
} from './statistics.ts'
export {
  type Cancellation,
  cancelQuery,
  createStop,
  createStopStore,
  deleteStop,
  listStops,
  type StopKind,
  type StopStore,
  type StoredStop,
} from './stops.ts'
