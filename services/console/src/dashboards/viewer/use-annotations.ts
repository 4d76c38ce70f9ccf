import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import { toApiError } from '../../api/client.ts'
import type { Annotation } from '../../charts/index.ts'
import { type Asking, sourceOf } from '../data/context.ts'
import { runRequest } from '../data/prometheus.ts'
import { type SourceFilter, withFilters } from '../model/adhoc.ts'
import type { AnnotationQuery } from '../model/board.ts'
import { hueOf } from '../model/colour.ts'
import { whyNotPrometheus } from '../model/data-source-ref.ts'
import { interpolate, type Values } from '../model/interpolate.ts'
import { alignedRange, intervalsOf } from '../model/interval.ts'
import { fillLegend, type PrometheusData } from '../model/prometheus-frames.ts'
import { type PanelRequest, requestKey, withBuiltIns } from '../model/requests.ts'
import type { TimeRange } from '../model/time-range.ts'

/** What stood where and when, and why some of it could not be read. */
export interface AnnotationsRead {
  readonly annotations: readonly Annotation[]
  readonly errors: readonly string[]
}

/** Annotation queries that can run here. */
export function runnable(annotations: readonly AnnotationQuery[]): readonly AnnotationQuery[] {
  return annotations.filter(({ dataSource }) => whyNotPrometheus(dataSource) === undefined)
}

interface AnnotationPlace {
  readonly values: Values
  readonly range: TimeRange
  readonly filters: readonly SourceFilter[]
}

function requestOf(query: AnnotationQuery, asking: Asking, place: AnnotationPlace): PanelRequest {
  const { values, range, filters } = place
  const intervals = intervalsOf({
    range,
    maxDataPoints: 500,
    queryLeast: query.step,
    panelLeast: '',
    factor: 1,
  })
  const all = withBuiltIns({ values, range, dashboardUid: asking.dashboardUid }, intervals)
  const uid = query.dataSource?.uid
  const source = sourceOf(asking, uid === undefined ? undefined : interpolate(uid, values, 'url'))
  const target = { refId: query.name, expr: query.expr, legend: '', format: 'time_series' } as const
  return {
    target: {
      ...target,
      range: true,
      instant: false,
      interval: '',
      intervalFactor: 1,
      hidden: false,
      dataSource: undefined,
      exemplars: false,
    },
    legend: '',
    source,
    expr: withFilters(interpolate(query.expr, all, 'query'), source, filters),
    ...alignedRange(range, intervals.step),
    step: intervals.step / 1_000,
  }
}

/** Runs of samples that are not zero, as Grafana reads annotation queries. */
export function eventsOf(data: PrometheusData, query: AnnotationQuery, step: number): readonly Annotation[] {
  if (data.resultType !== 'matrix') return []
  return data.result.flatMap(({ metric, values = [] }) => {
    const text = [query.titleFormat, query.textFormat]
      .filter((part) => part !== '')
      .map((part) => fillLegend(part, metric))
    const events: { from: number; to: number }[] = []
    for (const [at, value] of values) {
      if (Number(value) === 0 || Number.isNaN(Number(value))) continue
      const last = events.at(-1)
      if (last !== undefined && at - last.to <= step * 1.01) last.to = at
      else events.push({ from: at, to: at })
    }
    return events.map(({ from, to }) => ({
      from,
      ...(to > from ? { to } : {}),
      text: text.join(': ') || query.name,
      color: hueOf(query.color) ?? '--accent',
    }))
  })
}

/** Runs the annotation queries that are switched on. */
export function useAnnotations(
  queries: readonly AnnotationQuery[],
  asking: Asking,
  place: AnnotationPlace & { readonly isReady: boolean },
): AnnotationsRead {
  const requests = queries.map((query) => ({ query, request: requestOf(query, asking, place) }))
  const read = useQuery({
    queryKey: [
      'annotations',
      asking.org,
      asking.dashboardUid,
      requests.map(({ request }) => requestKey(request)),
    ],
    enabled: place.isReady && queries.length > 0,
    placeholderData: keepPreviousData,
    retry: false,
    queryFn: ({ signal }) =>
      Promise.all(
        requests.map(async ({ query, request }) => {
          try {
            const { data } = await runRequest(asking, request, { signal })
            return { annotations: eventsOf(data, query, request.step ?? 60), error: undefined }
          } catch (error) {
            if (signal.aborted) throw error
            return { annotations: [], error: `${query.name}: ${toApiError(error).message}` }
          }
        }),
      ),
  })
  const { data } = read
  const isNone = queries.length === 0
  return useMemo(() => {
    const all = isNone ? [] : (data ?? [])
    return {
      annotations: all.flatMap(({ annotations }) => annotations).toSorted((a, b) => a.from - b.from),
      errors: all.flatMap(({ error }) => error ?? []),
    }
  }, [data, isNone])
}
