import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useRef } from 'react'
import type * as z from 'zod/mini'
import { useMe } from './me-context.ts'
import {
  type Answered,
  type ApiError,
  type ApiRequest,
  askWithHeaders,
  newIdempotencyKey,
  toApiError,
} from './client.ts'

/** Something read from the API: there, being read, or failed. A failed re-read keeps what was there. */
export interface Read<T> {
  readonly value: T | undefined
  readonly etag: string | undefined
  readonly headers: Headers | undefined
  readonly error: ApiError | undefined
  /** Nothing is there yet. */
  readonly isLoading: boolean
  /** Being read, perhaps again. */
  readonly isReading: boolean
  /** When it was read last, ms since the epoch; 0 for never. */
  readonly readAt: number
  readonly reload: () => void
}

/** How to read. `path: undefined` reads nothing yet. */
export interface ReadOptions {
  /** Reads again this often, ms; not while the page is hidden. */
  readonly every?: number | undefined
  readonly org?: string | undefined
}

/**
 * Reads `path` in the org of this tab. Two parts that read the same path share one request; a change by {@link useChange} whose
 * `touches` begins the path has it read again.
 */
export function useRead<T>(
  path: string | undefined,
  schema: z.ZodMiniType<T>,
  { every, org }: ReadOptions = {},
): Read<T> {
  const me = useMe()
  const inOrg = org ?? me.org.uid
  const query = useQuery<Answered<T>>({
    queryKey: [inOrg, path],
    enabled: path !== undefined,
    queryFn: ({ signal }) => askWithHeaders(path ?? '', schema, { org: inOrg, signal }),
    refetchInterval: every ?? false,
  })
  return {
    value: query.data?.value,
    etag: query.data?.etag,
    headers: query.data?.headers,
    error: query.error === null ? undefined : toApiError(query.error),
    isLoading: query.isPending && path !== undefined,
    isReading: query.isFetching,
    readAt: query.dataUpdatedAt,
    reload: () => void query.refetch(),
  }
}

/** A change on its way. */
export interface Change<In, Out> {
  readonly run: (input: In) => void
  readonly isRunning: boolean
  /** Why the last try failed; what was typed stays where it is. */
  readonly error: ApiError | undefined
  readonly value: Out | undefined
  readonly reset: () => void
}

/** What a change sends, from what it is given. */
export interface ChangeOptions<In, Out> {
  readonly request: (
    input: In,
  ) => { readonly path: string } & Omit<ApiRequest, 'org' | 'signal' | 'idempotencyKey'>
  readonly schema: z.ZodMiniType<Out>
  /** Beginnings of paths whose reads are no longer true. */
  readonly touches: readonly string[]
  readonly onDone?: (value: Out, input: In) => void
}

/** Changes something in the org of this tab. A create that is tried again after a lost answer makes nothing twice. */
export function useChange<In, Out>({
  request,
  schema,
  touches,
  onDone,
}: ChangeOptions<In, Out>): Change<In, Out> {
  const me = useMe()
  const client = useQueryClient()
  const key = useRef({ body: '', key: '' })
  const mutation = useMutation<Out, Error, In>({
    mutationFn: async (input) => {
      const { path, ...rest } = request(input)
      const body = JSON.stringify([path, rest])
      if (key.current.body !== body) key.current = { body, key: newIdempotencyKey() }
      const isCreate = rest.method === 'POST'
      const sent = isCreate ? { ...rest, idempotencyKey: key.current.key } : rest
      return (await askWithHeaders(path, schema, { ...sent, org: me.org.uid })).value
    },
    onSuccess: async (value, input) => {
      key.current = { body: '', key: '' }
      await client.invalidateQueries({
        predicate: ({ queryKey: [, path] }) =>
          typeof path === 'string' && touches.some((prefix) => path.startsWith(prefix)),
      })
      onDone?.(value, input)
    },
  })
  return {
    run: (input) => mutation.mutate(input),
    isRunning: mutation.isPending,
    error: mutation.error === null ? undefined : toApiError(mutation.error),
    value: mutation.data,
    reset: () => mutation.reset(),
  }
}
