import type { AuditEvent, EventClass } from '@gatehouse/audit'
import { type AuditFilter, filterValues } from './filter.ts'
import { type AuditTransaction, orgOf } from './scope.ts'

/** Events of one class and result in one span of time. */
export interface HistogramBar {
  /** RFC 3339, start of the span. */
  readonly at: string
  readonly class: EventClass
  readonly result: AuditEvent['outcome']['result']
  readonly events: number
}

/** A histogram and the width of its spans. */
export interface Histogram {
  readonly widthSeconds: number
  readonly bars: readonly HistogramBar[]
}

// Widths an axis can be read by, in seconds.
const widths = [60, 300, 900, 3_600, 10_800, 21_600, 86_400, 604_800]

function chooseWidth(from: string, to: string, bars: number): number {
  const seconds = (Date.parse(to) - Date.parse(from)) / 1_000
  return widths.find((width) => seconds / width <= bars) ?? 604_800 * Math.ceil(seconds / 604_800 / bars)
}

const onlyCounted = new Set(['from', 'to', 'results', 'classes'])

const bars = (source: string): string => `
  select to_char(at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as at, class, result, sum(events)::float8 as events
  from (${source}) s group by 1, 2, 3 order by 1, 2, 3`

// Counts are kept by the minute: a range's ends are taken to the minutes they are in.
const fromCounts = bars(`
  select date_bin(make_interval(secs => $4), c.minute, timestamptz '2000-01-03 00:00:00Z') as at, c.class, c.result, c.events
  from audit_counts c
  where ($1::text is null or c.org_uid = $1) and c.minute >= date_trunc('minute', $2::timestamptz) and c.minute < $3
    and ($5::text[] is null or c.result = any($5)) and ($6::text[] is null or c.class = any($6))`)
const fromEvents = bars('select at, class, result, events from audit_count($1, $2)')

/**
 * Events over time by class and result, in at most `maxBars` spans of a round width.
 * @param filter with both `from` and `to`
 */
export async function auditHistogram(
  tx: AuditTransaction,
  filter: AuditFilter & { readonly from: string; readonly to: string },
  maxBars = 60,
): Promise<Histogram> {
  const widthSeconds = chooseWidth(filter.from, filter.to, maxBars)
  const isCounted = Object.entries(filter).every(
    ([name, value]) => value === undefined || onlyCounted.has(name),
  )
  const rows = isCounted
    ? await tx.rows<HistogramBar>(fromCounts, [
        orgOf(tx),
        filter.from,
        filter.to,
        widthSeconds,
        filter.results ?? null,
        filter.classes ?? null,
      ])
    : await tx.rows<HistogramBar>(fromEvents, [JSON.stringify(await filterValues(tx, filter)), widthSeconds])
  return { widthSeconds, bars: rows }
}
