import type { AuditEvent, EventClass } from '@gatehouse/audit'
import { type AuditFilter, filterValues, isSelective } from './filter.ts'
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
  /** So many events match that they were estimated from a sample of the log. */
  readonly isEstimate: boolean
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

const binned = (column: string): string =>
  `date_bin(make_interval(secs => $4), ${column}, timestamptz '2000-01-03 00:00:00Z') as at, class, result, events`
const counted = `($1::text is null or org_uid = $1)
  and ($5::text[] is null or result = any($5)) and ($6::text[] is null or class = any($6))`

// Counts are kept by the minute: a range's ends are taken to the minutes they are in.
const fromMinutes = bars(`
  select ${binned('minute')} from audit_counts
  where minute >= date_trunc('minute', $2::timestamptz) and minute < $3 and ${counted}`)
// Whole hours, and the minutes before and after them.
const fromHours = bars(`
  with b as (select date_bin('1 hour', $2::timestamptz + interval '1 hour' - interval '1 microsecond', timestamptz '2000-01-01 00:00:00Z') as first,
    date_bin('1 hour', $3::timestamptz, timestamptz '2000-01-01 00:00:00Z') as last)
  select ${binned('hour')} from audit_counts_hourly, b where hour >= b.first and hour < b.last and ${counted}
  union all
  select ${binned('minute')} from audit_counts, b
  where minute >= date_trunc('minute', $2::timestamptz) and minute < least(b.first, $3::timestamptz) and ${counted}
  union all
  select ${binned('minute')} from audit_counts, b where minute >= greatest(b.last, b.first) and minute < $3 and ${counted}`)
const fromEvents = bars('select at, class, result, events from audit_count($1, $2, $3, $4)')
const fromSample = bars('select at, class, result, events from audit_estimate($1, $2, $3)')

/** Up to so many matches are counted one by one. */
const countedAtMost = 8_000
/** Events that an estimate looks at. */
const sampleSize = 50_000

async function countEvents(
  tx: AuditTransaction,
  filter: AuditFilter,
  widthSeconds: number,
): Promise<Pick<Histogram, 'bars' | 'isEstimate'>> {
  const values = JSON.stringify(await filterValues(tx, filter))
  if (isSelective(filter)) {
    const options = [values, widthSeconds, true, countedAtMost + 1]
    const rows = await tx.rows<HistogramBar>(fromEvents, options)
    const events = rows.reduce((sum, bar) => sum + bar.events, 0)
    if (events <= countedAtMost) return { bars: rows, isEstimate: false }
  }
  const rows = await tx.rows<HistogramBar>(fromSample, [values, widthSeconds, sampleSize])
  return { bars: rows, isEstimate: true }
}

/**
 * Events over time by class and result, in at most `maxBars` spans of a round width.
 * @param filter with both `from` and `to`
 */
export async function auditHistogram(
  tx: AuditTransaction,
  filter: AuditFilter & { readonly from: string; readonly to: string },
  maxBars = 60,
): Promise<Histogram> {
  const { from, to, results = null, classes = null } = filter
  const widthSeconds = chooseWidth(from, to, maxBars)
  const isCounted = Object.entries(filter).every(
    ([name, value]) => value === undefined || onlyCounted.has(name),
  )
  if (!isCounted) return { widthSeconds, ...(await countEvents(tx, filter, widthSeconds)) }
  const statement = widthSeconds % 3_600 === 0 ? fromHours : fromMinutes
  const values = [orgOf(tx), from, to, widthSeconds, results, classes]
  return { widthSeconds, bars: await tx.rows<HistogramBar>(statement, values), isEstimate: false }
}
