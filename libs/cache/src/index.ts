export { type Cap, capsOnly, type FairQueue, type SlotRequest } from './fairness/fair-queue.ts'
export type { Rate, RateLimiter } from './fairness/rate-limiter.ts'
export type { RunningQueries, RunningQuery } from './fairness/running-queries.ts'
export type {
  AnsweredBy,
  CachedAnswer,
  CacheOutcome,
  CacheRequest,
  CacheResult,
  Fetch,
  FetchDemand,
  Fetched,
} from './model.ts'
export { type OpenCache, type OpenCacheDeps, openCache, type WorkerPlace } from './open-cache.ts'
export type { CacheExplanation, ResultsCache } from './results-cache.ts'
export { leavingError } from './single-flight.ts'
export { metricsHandlers, openPrimary, pageOfMetrics, type PrimaryDeps } from './workers/primary.ts'
