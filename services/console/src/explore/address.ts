import type { RangeText } from '../parts/time-range.ts'
import { durationMs } from '../parts/written-time.ts'

/** What Explore shows of a result. */
export type ExploreTab = 'table' | 'graph' | 'enforced' | 'plan'

/** The state of Explore, all of it in the address, with Prometheus's own names where it has them. */
export interface ExploreState {
  readonly source: string
  readonly expr: string
  readonly tab: ExploreTab
  readonly range: RangeText
  /** Seconds; undefined lets the range decide. */
  readonly step: number | undefined
}

/** Links from Prometheus say `graph`, `table` or, the older ones, 0 and 1. */
const tabs: Readonly<Record<string, ExploreTab>> = {
  '0': 'graph',
  '1': 'table',
  graph: 'graph',
  table: 'table',
  enforced: 'enforced',
  plan: 'plan',
}

function rangeFrom(search: URLSearchParams): RangeText {
  const length = search.get('g0.range_input') ?? '1h'
  const lengthMs = durationMs(length)
  const end = search.get('g0.end_input') ?? ''
  const endMs = /^\d{9,16}$/.test(end) ? Number(end) : Date.parse(`${end.replace(' ', 'T')}Z`)
  if (lengthMs === undefined) return { from: 'now-1h', to: 'now' }
  if (Number.isNaN(endMs)) return { from: `now-${length}`, to: 'now' }
  return { from: String(endMs - lengthMs), to: String(endMs) }
}

/** Reads the state from the query of an address; what is not there or makes no sense has its default. */
export function readAddress(search: URLSearchParams): ExploreState {
  const step = Number(search.get('g0.step_input') ?? Number.NaN)
  return {
    source: search.get('ds') ?? '',
    expr: search.get('g0.expr') ?? '',
    tab: tabs[search.get('g0.tab') ?? 'table'] ?? 'table',
    range: rangeFrom(search),
    step: Number.isFinite(step) && step > 0 ? step : undefined,
  }
}

function utcText(at: number): string {
  return new Date(at).toISOString().slice(0, 19).replace('T', ' ')
}

/** The parameters of a range: how long, and until when unless that is now. */
export function rangeParameters({ from, to }: RangeText): Record<string, string | undefined> {
  const relative = /^now-(.+)$/.exec(from)
  if (relative?.[1] !== undefined && to === 'now')
    return { 'g0.range_input': relative[1], 'g0.end_input': undefined }
  const seconds = Math.max(1, Math.round((Number(to) - Number(from)) / 1_000))
  return { 'g0.range_input': `${seconds}s`, 'g0.end_input': utcText(Number(to)) }
}

/** Explore showing a query, for links from elsewhere. */
export function exploreLink({
  source,
  expr,
  range,
  tab,
}: {
  readonly source?: string
  readonly expr: string
  readonly range?: RangeText
  readonly tab?: ExploreTab
}): string {
  const all = {
    ds: source,
    'g0.expr': expr,
    'g0.tab': tab,
    ...(range === undefined ? {} : rangeParameters(range)),
  }
  const params = new URLSearchParams()
  for (const [name, value] of Object.entries(all)) if (value !== undefined) params.set(name, value)
  return `/explore?${params.toString()}`
}
