import type { CacheOutcome } from '@gatehouse/cache'
import { formatTime } from '@gatehouse/query'

/** How an answer came about, in one word: who waited for another's fetch of it is a `follower`. */
export function cacheResult({ result, isShared }: CacheOutcome): string {
  return isShared ? 'follower' : result
}

/**
 * The value of `X-Gatehouse-Cache`: the result; why the cache was by-passed; and of an extended answer the spans that were fetched, in
 * Unix seconds, where the rest is from the cache.
 */
export function cacheHeader(outcome: CacheOutcome): string {
  const { reason, fetched, result } = outcome
  const spans = result === 'extended' ? fetched : []
  return [
    cacheResult(outcome),
    ...(reason === undefined ? [] : [`reason=${reason}`]),
    ...spans.map(({ from, to }) => `fetched=${formatTime(from)}-${formatTime(to)}`),
  ].join('; ')
}
