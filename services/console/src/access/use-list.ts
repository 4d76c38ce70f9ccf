import { useInfiniteQuery } from '@tanstack/react-query'
import type * as z from 'zod/mini'
import { type ApiError, ask, toApiError } from '../api/client.ts'
import { useMe } from '../api/me-context.ts'

interface Page<T> {
  readonly items: readonly T[]
  readonly next: string | null
}

/** A list of the API as far as it was read. */
export interface List<T> {
  readonly items: readonly T[]
  readonly isLoading: boolean
  readonly error: ApiError | undefined
  readonly more: (() => void) | undefined
  readonly isReadingMore: boolean
  readonly reload: () => void
}

/** Reads a list page by page. `path` may have a query already; changes that touch it have it read again. */
export function useList<T>(path: string, schema: z.ZodMiniType<Page<T>>): List<T> {
  const { org } = useMe()
  const query = useInfiniteQuery({
    queryKey: [org.uid, path, 'list'],
    initialPageParam: '',
    queryFn: ({ pageParam, signal }) => {
      const joined = path + (path.includes('?') ? '&' : '?')
      const cursor = pageParam === '' ? '' : `&cursor=${encodeURIComponent(pageParam)}`
      return ask(`${joined}limit=100${cursor}`, schema, { org: org.uid, signal })
    },
    getNextPageParam: ({ next }) => next,
  })
  return {
    items: query.data?.pages.flatMap(({ items }) => items) ?? [],
    isLoading: query.isPending,
    error: query.error === null ? undefined : toApiError(query.error),
    more: query.hasNextPage ? () => void query.fetchNextPage() : undefined,
    isReadingMore: query.isFetchingNextPage,
    reload: () => void query.refetch(),
  }
}
