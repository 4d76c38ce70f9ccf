import { QueryClient } from '@tanstack/react-query'
import { ApiError } from './client.ts'

/** Answers that a moment may change: no connection, a restart, a limit. */
const passing = new Set([0, 429, 502, 503])

/** The cache of what was read. Nothing is read again because a window gained focus: that would also prolong the session. */
export function createQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        staleTime: 10_000,
        refetchOnWindowFocus: false,
        retry: (failures, error) => failures < 2 && error instanceof ApiError && passing.has(error.status),
        retryDelay: (failures, error) =>
          error instanceof ApiError && error.retryAfter !== undefined
            ? Math.min(error.retryAfter, 10) * 1_000
            : 500 * 2 ** failures,
      },
      mutations: { retry: false },
    },
  })
}
