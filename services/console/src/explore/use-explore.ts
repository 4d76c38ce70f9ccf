import { useQuery } from '@tanstack/react-query'
import { useCallback, useState } from 'react'
import { toApiError } from '../api/client.ts'
import { useMe } from '../api/me-context.ts'
import { resolveRange, stepFor } from '../parts/time-range.ts'
import { useRefresh } from '../parts/use-refresh.ts'
import { useSearchState } from '../router/location.ts'
import { type ExploreState, readAddress } from './address.ts'
import { type Asked, explainQuery, type Result, runQuery } from './answers.ts'

/** What the address asks for at the time `now`, ms since the epoch; undefined when there is no query. */
export function askedOf(state: ExploreState, source: string, now: number): Asked | undefined {
  if (state.expr.trim() === '') return undefined
  const range = resolveRange(state.range, now) ?? { start: now - 3_600_000, end: now }
  if (state.tab !== 'graph') return { source, expr: state.expr, at: { time: Math.floor(range.end / 1_000) } }
  const step = state.step ?? stepFor(range)
  // Aligned to the step, so that the same question a moment later finds most of its answer in the cache.
  const start = Math.floor(range.start / 1_000 / step) * step
  return { source, expr: state.expr, at: { start, end: Math.floor(range.end / 1_000 / step) * step, step } }
}

/** The state in the address, and its data source: a name that is none of mine falls back to the first. */
export function useExploreState() {
  const me = useMe()
  const [search, change] = useSearchState()
  const state = readAddress(search)
  const source = me.dataSources.find(({ uid }) => uid === state.source) ?? me.dataSources[0]
  return { state, change, source }
}

/** Runs what the address asks for, again with each `run` and each `every` ms. */
export function useResult(state: ExploreState, source: string, every: number | undefined) {
  const me = useMe()
  const [now, setNow] = useState(Date.now)
  const asked = askedOf(state, source, now)
  const isShown = state.tab === 'table' || state.tab === 'graph'
  const result = useQuery<Result>({
    queryKey: [me.org.uid, 'explore', state.tab, asked],
    enabled: asked !== undefined && isShown,
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 60_000,
    retry: false,
    placeholderData: (previous, query) => (query?.queryKey[2] === state.tab ? previous : undefined),
    queryFn: ({ signal }) => runQuery(asked ?? noQuestion(), { org: me.org.uid, signal }),
  })
  // The clock of a range that ends now moves on, which makes it another question.
  const again = useCallback(() => setNow(Date.now()), [])
  useRefresh(asked === undefined ? undefined : every, again)
  return { result, asked, again, error: result.error === null ? undefined : toApiError(result.error) }
}

/** How Gatehouse would answer: for the tabs that show it, and for an empty result. */
export function useExplanation(asked: Asked | undefined, isWanted: boolean) {
  const me = useMe()
  const query = useQuery({
    queryKey: [me.org.uid, 'explain', asked],
    enabled: isWanted && asked !== undefined,
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 60_000,
    retry: false,
    queryFn: ({ signal }) => explainQuery(asked ?? noQuestion(), { org: me.org.uid, signal }),
  })
  return {
    value: query.data,
    error: query.error === null ? undefined : toApiError(query.error),
    reload: () => void query.refetch(),
  }
}

function noQuestion(): never {
  throw new Error('nothing is asked')
}
