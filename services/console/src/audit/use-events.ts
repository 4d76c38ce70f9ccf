import { useInfiniteQuery } from '@tanstack/react-query'
import { type ApiError, ask, toApiError } from '../api/client.ts'
import { useMe } from '../api/me-context.ts'
import { type Item, page } from './model.ts'

const pageSize = '100'

/** Events as far as they were read, newest first. */
export interface Events {
  readonly items: readonly Item[]
  readonly isLoading: boolean
  readonly error: ApiError | undefined
  readonly more: (() => void) | undefined
  readonly isReadingMore: boolean
  readonly reload: () => void
}

/** Reads the events that `parameters` describe, a page at a time. */
export function useEvents(parameters: string): Events {
  const { org } = useMe()
  const query = useInfiniteQuery({
    queryKey: [org.uid, '/api/v1/audit/events', parameters],
    initialPageParam: '',
    queryFn: ({ pageParam, signal }) => {
      const params = new URLSearchParams(parameters)
      params.set('limit', pageSize)
      if (pageParam !== '') params.set('cursor', pageParam)
      return ask(`/api/v1/audit/events?${params}`, page, { org: org.uid, signal })
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
