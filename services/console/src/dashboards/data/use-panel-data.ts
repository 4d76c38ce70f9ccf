import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import { type ApiError, toApiError } from '../../api/client.ts'
import type { Frame } from '../model/frame.ts'
import type { Panel } from '../model/panel.ts'
import { framesOf } from '../model/prometheus-frames.ts'
import { type PanelRequest, type PanelRequests, requestKey } from '../model/requests.ts'
import { applyTransformations } from '../model/transform/apply.ts'
import { type QueryResult, runRequest } from './prometheus.ts'
import { useAsking } from './context.ts'

/** What one query came to: an answer or an error. */
export type Outcome =
  | { readonly request: PanelRequest; readonly result: QueryResult; readonly error?: undefined }
  | { readonly request: PanelRequest; readonly error: ApiError; readonly result?: undefined }

/** What a panel has to show. */
export interface PanelData {
  /** Before its transformations. */
  readonly outcomes: readonly Outcome[]
  readonly frames: readonly Frame[]
  readonly unknownTransformations: readonly string[]
  readonly errors: readonly string[]
  readonly notes: readonly string[]
  /** Nothing was read yet. */
  readonly isLoading: boolean
  readonly isReading: boolean
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
      Promise.all(
        list.map(async (request): Promise<Outcome> => {
          try {
            return { request, result: await runRequest(asking, request, { panelId: panel.id, signal }) }
          } catch (error) {
            if (signal.aborted) throw error
            return { request, error: toApiError(error) }
          }
        }),
      ),
  })
  const outcomes = query.data
  return useMemo(() => {
    const shown = toFrames(panel, outcomes ?? [])
    return {
      ...shown,
      outcomes: outcomes ?? [],
      errors: [...new Set((outcomes ?? []).flatMap(({ error }) => error?.message ?? []))],
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
    result === undefined
      ? []
      : framesOf(
          result.data,
          { target: request.target, expr: request.expr, step: request.step },
          tables.size,
        ),
  )
  const { frames: shown, unknown } = applyTransformations(frames, panel.transformations)
  return { frames: shown, unknownTransformations: unknown }
}
