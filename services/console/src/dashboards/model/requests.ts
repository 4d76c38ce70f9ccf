import { type SourceFilter, withFilters } from './adhoc.ts'
import { type DataSourceRef, whyNotPrometheus } from './data-source-ref.ts'
import { fixedValue, interpolate, mentions, type Values } from './interpolate.ts'
import { alignedRange, type Intervals, intervalsOf } from './interval.ts'
import type { Panel, Target } from './panel.ts'
import type { TimeRange } from './time-range.ts'
import { durationMs, durationText } from '../../parts/written-time.ts'
import type { RangeText } from '../../parts/time-range.ts'

/** One query as it is sent. */
export interface PanelRequest {
  readonly target: Target
  /** Its legend format with variables put in; labels are still to be. */
  readonly legend: string
  readonly source: string
  readonly expr: string
  /** Unix seconds; an instant query is asked at `end` and has no step. */
  readonly start: number
  readonly end: number
  readonly step: number | undefined
}

/** What of a panel decides its queries. */
export interface RequestInput {
  readonly values: Values
  readonly range: TimeRange
  /** Of the panel, pixels: as many samples are asked for. */
  readonly width: number
  /** The uid behind a reference, after its variables were put in. */
  readonly sourceOf: (uid: string | undefined) => string
  readonly dashboardUid: string
  /** Variables that stand for nothing, and the sources where a query with them is answered all the same. */
  readonly empty?: ReadonlySet<string>
  readonly ownSources?: ReadonlySet<string>
  /** What ad-hoc filters add to every selector. */
  readonly filters?: readonly SourceFilter[]
}

/** Queries of a panel, and why others cannot run here. */
export interface PanelRequests {
  readonly requests: readonly PanelRequest[]
  readonly refusals: readonly string[]
  /** Variables without a value that kept a query from being asked. */
  readonly lacking: readonly string[]
}

/** The range of a panel: its own length and shift before that of the dashboard. */
export function panelRange({ timeFrom, timeShift }: Panel, range: TimeRange): TimeRange {
  const length = durationMs((timeFrom ?? '').replace(/^now-/, ''))
  const shift = durationMs(timeShift ?? '') ?? 0
  const from = length === undefined ? range.from : range.to - length
  return { from: from - shift, to: range.to - shift }
}

function builtIns({ from, to }: TimeRange, { step, rateInterval }: Intervals, dashboardUid: string): Values {
  const seconds = Math.max(1, Math.round((to - from) / 1_000))
  return new Map(
    Object.entries({
      __interval: durationText(step),
      __interval_ms: String(step),
      __rate_interval: durationText(rateInterval),
      __rate_interval_ms: String(rateInterval),
      __range: `${seconds}s`,
      __range_s: String(seconds),
      __range_ms: String(seconds * 1_000),
      __from: String(from),
      __to: String(to),
      __dashboard: dashboardUid,
    }).map(([name, value]) => [name, fixedValue(value)]),
  )
}

/** The values that follow from a range and a step, such as `$__range`, beside the dashboard's own. */
export function withBuiltIns(input: Omit<RequestInput, 'width' | 'sourceOf'>, intervals: Intervals): Values {
  return new Map([...input.values, ...builtIns(input.range, intervals, input.dashboardUid)])
}

/** The queries a panel sends, as Grafana's Prometheus data source would. */
export function requestsOf(panel: Panel, input: RequestInput): PanelRequests {
  const range = panelRange(panel, input.range)
  const requests: PanelRequest[] = []
  const refusals = new Set<string>()
  const lacking = new Set<string>()
  for (const target of panel.targets) {
    if (target.hidden) continue
    const ref = target.dataSource ?? panel.dataSource
    const reason = whyNotPrometheus(refOf(target, panel))
    if (reason !== undefined) refusals.add(reason)
    else if (target.expr !== '') {
      const asked = requestsOfTarget({ target, panel, input, range, uid: ref?.uid })
      const missing = mentions(target.expr).filter((name) => input.empty?.has(name))
      const isAnswered = asked.every(({ source }) => input.ownSources?.has(source) ?? true)
      if (missing.length === 0 || isAnswered) requests.push(...asked)
      else for (const name of missing) lacking.add(name)
    }
  }
  return { requests, refusals: [...refusals], lacking: [...lacking] }
}

// A panel of several data sources names none itself.
function refOf({ dataSource }: Target, panel: Panel): DataSourceRef | undefined {
  if (dataSource !== undefined) return dataSource
  return panel.dataSource?.uid === '-- Mixed --' ? undefined : panel.dataSource
}

interface OneTarget {
  readonly target: Target
  readonly panel: Panel
  readonly input: RequestInput
  readonly range: TimeRange
  readonly uid: string | undefined
}

function requestsOfTarget({ target, panel, input, range, uid }: OneTarget): readonly PanelRequest[] {
  const { values, width, sourceOf, dashboardUid, filters = [] } = input
  const text = (part: string): string => interpolate(part, values, 'text')
  const intervals = intervalsOf({
    range,
    maxDataPoints: panel.maxDataPoints ?? width,
    queryLeast: text(target.interval),
    panelLeast: text(panel.interval),
    factor: target.intervalFactor,
  })
  const all = withBuiltIns({ values, range, dashboardUid }, intervals)
  const source = sourceOf(uid === undefined ? undefined : interpolate(uid, values, 'url'))
  const expr = withFilters(interpolate(target.expr, all, 'query'), source, filters)
  const legend = interpolate(target.legend, all, 'text')
  const asked = { target, legend, source, expr }
  const { start, end } = alignedRange(range, intervals.step)
  return [
    ...(target.range ? [{ ...asked, start, end, step: intervals.step / 1_000 }] : []),
    ...(target.instant
      ? [{ ...asked, start: range.to / 1_000, end: range.to / 1_000, step: undefined }]
      : []),
  ]
}

/** The key of what is asked, the same for the same answer with the same names. */
export function requestKey({ source, expr, start, end, step, legend }: PanelRequest): string {
  return JSON.stringify([source, expr, start, end, step, legend])
}

/** A link with the dashboard's variables and time put in, and those added that it asks for. */
export function linkUrl(
  url: string,
  link: { readonly keepTime: boolean; readonly includeVars: boolean },
  state: { readonly values: Values; readonly range: RangeText; readonly variables: string },
): string {
  const filled = interpolate(url, state.values, 'url')
    .replaceAll(/\$\{__url_time_range\}|\$__url_time_range/g, timeText(state.range))
    .replaceAll(/\$\{__all_variables\}|\$__all_variables/g, () => state.variables)
  const extra = [link.keepTime ? timeText(state.range) : '', link.includeVars ? state.variables : '']
  const query = extra.filter((part) => part !== '').join('&')
  if (query === '') return filled
  return `${filled}${filled.includes('?') ? '&' : '?'}${query}`
}

function timeText({ from, to }: RangeText): string {
  return new URLSearchParams({ from, to }).toString()
}

/** A path of a dashboard in Grafana, `/d/<uid>/<slug>`, as its path here. */
function boardPath(url: string): string {
  return url.replace(/^\/d\/([^/?#]+)(?:\/[^?#]*)?/, '/dashboards/$1')
}

/** The address if a browser may be sent there: http, https, mail, or a path of this site; undefined for scripts and the like. */
export function safeUrl(address: string): string | undefined {
  const url = boardPath(address)
  try {
    const { protocol } = new URL(url, 'https://here.invalid/')
    return ['http:', 'https:', 'mailto:'].includes(protocol) ? url : undefined
  } catch {
    return undefined
  }
}
