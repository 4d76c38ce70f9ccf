export type {
  CachedAnswer,
  CacheOutcome,
  CacheRequest,
  CacheResult,
  Fetch,
  FetchDemand,
  Fetched,
} from './model.ts'
export { type OpenCache, type OpenCacheDeps, openResultsCache } from './open-cache.ts'
export type { CacheExplanation, ResultsCache } from './results-cache.ts'
