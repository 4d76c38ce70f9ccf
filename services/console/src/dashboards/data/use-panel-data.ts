import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import { type ApiError, toApiError } from '../../api/client.ts'
import type { Exemplar } from '../../charts/index.ts'
import type { Frame } from '../model/frame.ts'
import type { Panel } from '../model/panel.ts'
import { framesOf } from '../model/prometheus-frames.ts'
import { type PanelRequest, type PanelRequests, requestKey } from '../model/requests.ts'
import { applyTransformations } from '../model/transform/apply.ts'
import { type Asking, useAsking } from './context.ts'
import { type QueryResult, readExemplars, runRequest } from './prometheus.ts'

/** What one query came to: an answer or an error. */
export type Outcome =
  | {
      readonly request: PanelRequest
      readonly result: QueryResult
      readonly exemplars: readonly Exemplar[]
      readonly error?: undefined
    }
  | {
      readonly request: PanelRequest
      readonly error: ApiError
      readonly result?: undefined
      readonly exemplars?: undefined
    }

/** What a panel has to show. */
export interface PanelData {
  /** Before its transformations. */
  readonly outcomes: readonly Outcome[]
  readonly frames: readonly Frame[]
  readonly unknownTransformations: readonly string[]
  readonly errors: readonly string[]
  readonly notes: readonly string[]
  /** Single observations, of queries that show them. */
  readonly exemplars: readonly Exemplar[]
  /** Nothing was read yet. */
  readonly isLoading: boolean
  readonly isReading: boolean
}

const mostExemplars = 500

/** The exemplars of a query that shows them; a panel without them is still worth showing. */
async function exemplarsOf(
  asking: Asking,
  request: PanelRequest,
  { panel, signal }: { readonly panel: Panel; readonly signal: AbortSignal },
): Promise<readonly Exemplar[]> {
  if (!request.target.exemplars || request.step === undefined || panel.type !== 'timeseries') return []
  const all = await readExemplars(asking, request, { panelId: panel.id, signal }).catch(() => [])
  // Of too many, the greatest: they are what somebody looks for.
  return all.toSorted((a, b) => b.value - a.value).slice(0, mostExemplars)
}

async function outcomeOf(
  asking: Asking,
  request: PanelRequest,
  about: { readonly panel: Panel; readonly signal: AbortSignal },
): Promise<Outcome> {
  const { panel, signal } = about
  try {
    const [result, exemplars] = await Promise.all([
      runRequest(asking, request, { panelId: panel.id, signal }),
      exemplarsOf(asking, request, about),
    ])
    return { request, result, exemplars }
  } catch (error) {
    if (signal.aborted) throw error
    return { request, error: toApiError(error) }
  }
}

/** Runs a panel's queries, as soon as `isVisible`; what was there stays until the next answers are. */
export function usePanelData(
  panel: Panel,
  requests: PanelRequests | undefined,
  isVisible: boolean,
): PanelData {
  const asking = useAsking()
  const list = requests?.requests ?? []
  const query = useQuery({
    queryKey: ['panel', asking.org, asking.dashboardUid, asking.token, panel.key, list.map(requestKey)],
    enabled: isVisible && requests !== undefined,
    placeholderData: keepPreviousData,
    staleTime: 5_000,
    retry: false,
    queryFn: ({ signal }) =>
      Promise.all(list.map((request) => outcomeOf(asking, request, { panel, signal }))),
  })
  const outcomes = query.data
  return useMemo(() => {
    const shown = toFrames(panel, outcomes ?? [])
    return {
      ...shown,
      outcomes: outcomes ?? [],
      errors: [...new Set((outcomes ?? []).flatMap(({ error }) => error?.message ?? []))],
      exemplars: (outcomes ?? []).flatMap((one) => one.exemplars ?? []).toSorted((a, b) => a.at - b.at),
      notes: [...new Set((outcomes ?? []).flatMap(({ result }) => result?.notes ?? []))],
      isLoading: outcomes === undefined && (requests === undefined || list.length > 0),
      isReading: query.isFetching,
    }
  }, [panel, outcomes, requests, list.length, query.isFetching])
}

function toFrames(
  panel: Panel,
  outcomes: readonly Outcome[],
): Pick<PanelData, 'frames' | 'unknownTransformations'> {
  const tables = new Set(
    outcomes
      .filter(({ request }) => request.target.format === 'table')
      .map(({ request }) => request.target.refId),
  )
  const frames = outcomes.flatMap(({ request, result }) =>
    result === undefined ? [] : framesOf(result.data, request, tables.size),
  )
  const { frames: shown, unknown } = applyTransformations(frames, panel.transformations)
  return { frames: shown, unknownTransformations: unknown }
}
